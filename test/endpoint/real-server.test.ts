/** Against a real llama.cpp server with a real model: the published numbers, honest draws, and a job that is killed. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  endpointFor,
  type LlamaRoute,
  modelSpecs,
  rawDraws,
  type ScoredResponse,
  type ScoringEndpoint,
  sampleFit,
} from "../../src/endpoint/index.ts";
import { readRun } from "../../src/store/index.ts";
import { llamaServerProgram, type RunningServer, startLlamaServer } from "../llama-server.ts";
import { ensureBuilt, lmcov, mainFile } from "../lmcov.ts";

const program = await llamaServerProgram();
const skipped = program.reason !== undefined;
const why = skipped ? ` (skipped: ${program.reason})` : "";
const signal = new AbortController().signal;
const prompt = "Once upon a time";
const probable = ", there was a little girl named Lily.";
const absurd = " xqz jumps banana 42";

let server: RunningServer;
let folder: string;

beforeAll(async () => {
  if (program.reason !== undefined) return;
  ensureBuilt();
  server = await startLlamaServer(program);
  folder = await mkdtemp(join(tmpdir(), "lmcov-real-server-"));
});
afterAll(async () => {
  if (skipped) return;
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function opened(route?: LlamaRoute): Promise<ScoringEndpoint> {
  const [spec] = modelSpecs([server.address]);
  if (spec === undefined) throw new Error("no model");
  const endpoint = await endpointFor(spec, { environment: {}, route }, signal);
  if (endpoint.likelihood === undefined) throw new Error("cannot score");
  return endpoint;
}

const scoreOf = (endpoint: ScoringEndpoint, response: string): Promise<ScoredResponse> =>
  endpoint.likelihood.score({ prompt: { text: prompt }, response: { text: response } }, signal);

describe.skipIf(skipped)(`a real llama.cpp server${why}`, () => {
  test.each([undefined, "grammar", "steps", "vocabulary"] as const)(
    "scores the two known responses by the route %s within 0.01",
    async (route) => {
      const endpoint = await opened(route);
      const [good, bad] = [await scoreOf(endpoint, probable), await scoreOf(endpoint, absurd)];
      await endpoint.close();
      expect(Math.abs(good.logProbability - -1.2288)).toBeLessThan(0.01);
      expect(good.tokenCount).toBe(11);
      expect(Math.abs(bad.logProbability - -111.5)).toBeLessThan(0.01);
      expect(bad.tokenCount).toBe(17);
      expect([good.straddling, bad.straddling]).toEqual([0, 0]);
      if (route === undefined) expect(endpoint.likelihood.method).toMatch(/grammar, raw, BOS added/);
    },
  );

  test("a text after the token ids of a prompt scores as after the prompt's text", async () => {
    const endpoint = await opened();
    // "Once upon" behind the beginning of sequence; the tokeniser puts a space before a text.
    const byIds = await endpoint.likelihood.score(
      { prompt: { tokens: [1, 403, 407] }, response: { text: " a time" } },
      signal,
    );
    const byText = await endpoint.likelihood.score(
      { prompt: { text: "Once upon" }, response: { text: " a time" } },
      signal,
    );
    await endpoint.close();
    expect(byIds.tokenCount).toBe(byText.tokenCount);
    expect(Math.abs(byIds.logProbability - byText.logProbability)).toBeLessThan(0.01);
  });

  test("draws at temperature 1 come from the scored distribution, and with the server's own defaults they do not", async () => {
    const endpoint = await opened();
    const honest = await sampleFit(endpoint, { draws: 300 }, signal);
    const biased = await sampleFit(endpoint, { draws: 300, serverDefaults: true }, signal);
    await endpoint.close();
    expect(honest.degrees).toBeGreaterThan(10);
    expect(honest.pValue).toBeGreaterThan(0.001);
    expect(biased.pValue).toBeLessThan(1e-6);
  });

  test("gives raw log-probabilities with its draws, which are those that it scores the same tokens with", async () => {
    const endpoint = await opened();
    expect(await rawDraws(endpoint, signal)).toBe("raw");
    const settings = { temperature: 1, maxTokens: 40 };
    const drawn = await endpoint.sampler.sample({ prompt: { text: prompt }, seed: 11, settings }, signal);
    const tokens = drawn.tokens ?? [];
    const scored = await endpoint.likelihood.score(
      { prompt: { text: prompt }, response: { tokens } },
      signal,
    );
    await endpoint.close();
    expect(scored.tokenCount).toBe(40);
    scored.tokenLogProbabilities.forEach((value, index) => {
      expect(Math.abs(value - (drawn.tokenLogProbabilities?.[index] as number))).toBeLessThan(0.02);
    });
  });

  test("a prompt beyond the context is refused by name", async () => {
    const endpoint = await opened();
    const request = { prompt: { text: "story ".repeat(400) }, response: { text: " end" } };
    await expect(endpoint.likelihood.score(request, signal)).rejects.toMatchObject({
      fault: "too long",
      message: expect.stringMatching(/tokens long: the model's context holds 512/),
    });
    await endpoint.close();
  });

  test("lmcov score prints a line a response and writes likelihoods; again it does nothing", async () => {
    const input = join(folder, "pairs.jsonl");
    const rows = [
      { id: "girl", prompt, response: probable },
      { id: "fruit", prompt, response: absurd },
    ];
    await writeFile(input, rows.map((row) => JSON.stringify(row)).join("\n"));
    const words = [
      "score",
      "--model",
      `tiny=${server.address}`,
      "--input",
      input,
      "--out",
      join(folder, "scored"),
    ];
    const first = await lmcov([...words, "--json"]);
    expect(first.code, first.stderr).toBe(0);
    const lines = first.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const girl = lines.find(({ id }) => id === "girl");
    expect(girl).toEqual({ model: "tiny", id: "girl", logprob: expect.closeTo(-1.2288, 2), tokens: 11 });
    expect(lines.find(({ id }) => id === "fruit")).toMatchObject({
      logprob: expect.closeTo(-111.5, 1),
      tokens: 17,
    });
    const second = await lmcov(words);
    expect(second.stderr).toMatch(/0 responses scored, 2 already there/);
    const profile = await lmcov(["profile", join(folder, "scored"), "--json"]);
    expect(profile.code, profile.stderr).toBe(0);
  });

  test("lmcov sample that is killed does exactly the rest when run again, with the draws of an undisturbed one", async () => {
    const prompts = join(folder, "prompts.jsonl");
    const records = ["Once upon a time", "One day, a", "The little"].map((text, index) => ({
      id: `p${index}`,
      prompt: text,
      target: " the",
    }));
    await writeFile(prompts, records.map((record) => JSON.stringify(record)).join("\n"));
    const sample = (out: string) => [
      ...[
        "sample",
        "--model",
        `tiny=${server.address}`,
        "--prompts",
        prompts,
        "-n",
        "40",
        "--max-tokens",
        "24",
      ],
      ...["--concurrency", "2", "--verify", "exact", "--out", join(folder, out)],
    ];
    await killedAfter(sample("killed"), 20);
    const resumed = await lmcov(sample("killed"));
    expect(resumed.code, resumed.stderr).toBe(0);
    const [, drawn, before] = /(\d+) responses drawn, (\d+) already there/.exec(resumed.stderr) ?? [];
    expect(Number(drawn) + Number(before)).toBe(120);
    expect(Number(before)).toBeGreaterThanOrEqual(20);
    expect((await lmcov(sample("calm"))).code).toBe(0);
    const [killed, calm] = [await drawsOf("killed"), await drawsOf("calm")];
    expect(killed.size).toBe(120);
    // A draw that was made twice would be there twice; what was under way at the kill was drawn again with its seed.
    expect([...killed.keys()].sort()).toEqual([...calm.keys()].sort());
    const equal = [...killed].filter(([key, text]) => calm.get(key) === text).length;
    // The server batches requests differently each time, and a draw at the edge of two tokens may fall either way.
    expect(equal).toBeGreaterThan(105);
    const report = await lmcov(["report", join(folder, "killed"), "--json"], { cwd: folder });
    expect(report.code, report.stderr).toBe(0);
  });

  test("lmcov doctor says what it is, that its defaults bias, and that draws without them do not", async () => {
    const { code, stdout, stderr } = await lmcov([
      "doctor",
      server.address,
      "--sample-check",
      "--draws",
      "100",
      "--json",
    ]);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "lmcov/doctor@1",
      kind: "llama-server",
      scores: true,
      contextLength: 512,
      vocabularySize: 512,
      beginningOfSequence: 1,
      canary: { passed: true },
      logProbabilitiesOfDraws: "raw",
      rounding: expect.any(Number),
      biasing: ["temperature 0.8", "top_k 40", "top_p 0.95", "min_p 0.05"],
    });
    const refused = await lmcov(["doctor", server.address, "--kind", "openai-completions"]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/FAILED: .*ignores echo/);
  });
});

/** Starts the command and kills it once so many draws are printed. */
async function killedAfter(words: readonly string[], lines: number): Promise<void> {
  const child = spawn(process.execPath, [mainFile, ...words, "--json"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  let seen = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    seen += text.split("\n").length - 1;
    if (seen >= lines) child.kill("SIGKILL");
  });
  await ended;
}

async function drawsOf(run: string): Promise<Map<string, string>> {
  const draws = new Map<string, string>();
  for await (const rows of readRun(join(folder, run), { tables: ["responses"] })) {
    for (const row of rows) {
      if (row.kind !== "response") continue;
      const key = `${row.problem}/${row.draw}/${row.seed}`;
      if (draws.has(key)) throw new Error(`${key} is there twice`);
      draws.set(key, row.text);
    }
  }
  return draws;
}
