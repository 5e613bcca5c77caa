/** `lmcov score` and `sample` as users run them, against scripted servers. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ImportTally } from "../../src/cli/import-tally.ts";
import { responseRecords } from "../../src/cli/model-input.ts";
import type { OpenModel } from "../../src/cli/model-options.ts";
import { scoreLines } from "../../src/cli/score-lines.ts";
import type { Likelihood, Outcome, Response, Row } from "../../src/record/index.ts";
import { LikelihoodLedger, readRun } from "../../src/store/index.ts";
import { ensureBuilt, lmcov } from "../lmcov.ts";
import { beginning, scoreOf, tokenise } from "./scripted-model.ts";
import { openaiRoutes, vllmRoutes } from "./scripted-openai.ts";
import { type Routes, type ScriptedServer, serve } from "./scripted-server.ts";

let folder: string;
const servers: ScriptedServer[] = [];

beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "lmcov-models-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function serving(routes: Routes, options: Parameters<typeof serve>[1] = {}): Promise<ScriptedServer> {
  const server = await serve(routes, options);
  servers.push(server);
  return server;
}

async function written(name: string, records: readonly unknown[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, records.map((record) => JSON.stringify(record)).join("\n"));
  return path;
}

async function rowsOf(run: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of readRun(join(folder, run))) rows.push(...batch);
  return rows;
}

const ofKind = <Kind extends Row["kind"]>(rows: readonly Row[], kind: Kind) =>
  rows.filter((row): row is Extract<Row, { kind: Kind }> => row.kind === kind);

const exact = (prompt: string, response: string) =>
  scoreOf([beginning, ...tokenise(prompt)], tokenise(response)).reduce((sum, value) => sum + value, 0);

async function filesUnder(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe("lmcov sample", () => {
  test("writes responses, their log-probabilities and verdicts, with all settings and one seed a draw", async () => {
    const server = await serving(vllmRoutes());
    const prompts = await written("targets.jsonl", [
      { id: "one", prompt: "The capital", target: " is" },
      { id: "two", prompt: [beginning, ...tokenise("The city")], target: " a" },
      { id: "three", prompt: [{ role: "user", content: "Paris" }], target: " a" },
    ]);
    const words = [
      "--prompts",
      prompts,
      "-n",
      "20",
      "--max-tokens",
      "3",
      "--verify",
      "exact",
      "--out",
      join(folder, "drawn"),
    ];
    const { code, stderr } = await lmcov(["sample", "--model", `m=${server.address}`, ...words]);
    expect(code, stderr).toBe(0);
    const rows = await rowsOf("drawn");
    const responses = ofKind(rows, "response") as Response[];
    expect(responses).toHaveLength(60);
    expect(ofKind(rows, "outcome")).toHaveLength(60);
    expect(new Set(responses.map(({ seed, promptHash }) => `${promptHash} ${seed}`)).size).toBe(60);
    expect(new Set(responses.map(({ seed }) => seed)).size).toBeGreaterThan(57);
    for (const { sampling, drawSet, role } of responses) {
      expect(sampling).toMatchObject({ temperature: 1, topP: 1, topK: 0, minP: 0, maxTokens: 3 });
      expect([drawSet, role]).toEqual(["", "draw"]);
    }
    const likelihoods = ofKind(rows, "likelihood") as Likelihood[];
    expect(likelihoods.length).toBeGreaterThan(50);
    for (const row of likelihoods) {
      expect(row).toMatchObject({ model: "m", drawnBy: "m", role: "draw" });
      const response = responses.find(({ problem, draw }) => problem === row.problem && draw === row.draw);
      if (row.problem !== "one" || response === undefined) continue;
      if (tokenise(response.text).length === row.tokenCount) {
        expect(row.logProbability).toBeCloseTo(exact("The capital", response.text), 5);
      }
    }
    const sent = server.requests.filter(({ path }) => path.endsWith("completions")).map(({ body }) => body);
    expect(sent.some(({ messages }) => Array.isArray(messages))).toBe(true);
    for (const body of sent.filter(({ max_tokens }) => max_tokens === 3)) {
      expect(body).toMatchObject({
        temperature: 1,
        top_p: 1,
        top_k: 0,
        min_p: 0,
        repetition_penalty: 1,
        n: 1,
      });
    }
    const report = await lmcov(["report", "drawn", "--json"], { cwd: folder });
    expect(report.code, report.stderr).toBe(0);
  });

  test("draws that another model scores line up with those that it drew itself", async () => {
    const server = await serving(vllmRoutes());
    const prompts = await written("aligned.jsonl", [{ prompt: "The" }, { prompt: "A" }]);
    const out = join(folder, "aligned");
    const drawn = await lmcov([
      "sample",
      "--model",
      `step-100=${server.address}`,
      "--prompts",
      prompts,
      "-n",
      "15",
      "--max-tokens",
      "6",
      "--out",
      out,
    ]);
    expect(drawn.code, drawn.stderr).toBe(0);
    const scored = await lmcov([
      "score",
      "--model",
      `step-200=${server.address}`,
      "--input",
      out,
      "--out",
      out,
    ]);
    expect(scored.code, scored.stderr).toBe(0);
    // What was asked of whom is in the run, command by command.
    const commands = (await readFile(join(out, "journal", "commands.jsonl"), "utf8")).trim().split("\n");
    const asked = { address: server.address, kind: "vllm", model: "scripted", software: "vLLM 0.11.0" };
    expect(commands.map((line) => JSON.parse(line))).toMatchObject([
      {
        command: ["sample", prompts],
        settings: { temperature: 1, maxTokens: 6 },
        draws: 15,
        seed: "0",
        models: [{ name: "step-100", ...asked }],
      },
      {
        command: ["score", out],
        models: [{ name: "step-200", ...asked, scoredBy: expect.stringMatching("prompt_logprobs") }],
      },
    ]);
    const ledger = new LikelihoodLedger();
    for (const row of ofKind(await rowsOf("aligned"), "likelihood")) ledger.add(row);
    const groups = ledger.groups();
    expect(groups).toHaveLength(1);
    const columns = groups[0]?.columns ?? [];
    expect(columns.map(({ model, step }) => [model, step])).toEqual([
      ["step-100", 100],
      ["step-200", 200],
    ]);
    const [own, other] = columns.map(({ logProbabilities }) => logProbabilities);
    let compared = 0;
    own?.forEach((value, record) => {
      const second = other?.[record] as number;
      if (Number.isNaN(value) || Number.isNaN(second)) return;
      compared += 1;
      // A drawn token sequence need not be the text's own tokenisation; where it is, the two agree.
      if (Math.abs(value - second) > 1e-6) expect(second).not.toBe(value);
    });
    expect(compared).toBe(30);
  });

  test("a larger -n adds draws, another --verify draws nothing again, and another temperature is other draws", async () => {
    const server = await serving(vllmRoutes());
    const prompts = await written("more.jsonl", [{ prompt: "The", target: "x" }]);
    const sample = (...words: string[]) =>
      lmcov([
        "sample",
        "--model",
        `m=${server.address}`,
        "--prompts",
        prompts,
        "--max-tokens",
        "3",
        "--out",
        join(folder, "more"),
        ...words,
      ]);
    expect((await sample("-n", "5")).stderr).toMatch(/^5 responses drawn →/m);
    expect((await sample("-n", "8")).stderr).toMatch(/3 responses drawn, 5 already there/);
    expect((await sample("-n", "8", "--verify", "exact")).stderr).toMatch(
      /0 responses drawn, 8 already there/,
    );
    expect((await sample("-n", "4", "--temperature", "0.5")).stderr).toMatch(/4 responses drawn →/);
  });

  test("log-probabilities of draws that are none are said to be so and not written", async () => {
    const server = await serving(vllmRoutes("logits"));
    const prompts = await written("logits.jsonl", [{ prompt: "The" }]);
    const words = ["--prompts", prompts, "-n", "5", "--max-tokens", "3", "--out", join(folder, "logits")];
    const { code, stderr } = await lmcov(["sample", "--model", `m=${server.address}`, ...words]);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/m: its server's log-probabilities of draws are not those that it scores/);
    const rows = await rowsOf("logits");
    expect([ofKind(rows, "response").length, ofKind(rows, "likelihood").length]).toEqual([5, 0]);
  });

  test("a draw that the server refuses is failed and unscored, never wrong, and the others are drawn", async () => {
    const routes = vllmRoutes();
    const server = await serving({
      ...routes,
      "POST /v1/completions": (body) =>
        body.prompt === "bad"
          ? { status: 400, body: { message: "this prompt is not served" } }
          : routes["POST /v1/completions"]?.(body),
    });
    const prompts = await written("refused.jsonl", [
      { id: "good", prompt: "The", target: " the" },
      { id: "bad", prompt: "bad", target: " the" },
    ]);
    const words = [
      "sample",
      "--model",
      `m=${server.address}`,
      "--prompts",
      prompts,
      "-n",
      "4",
      "--max-tokens",
      "2",
      "--verify",
      "exact",
    ];
    const { code, stderr } = await lmcov([...words, "--out", join(folder, "refused")]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/4 responses drawn, 4 failed \(refused 4\)/);
    expect(stderr).toMatch(/this prompt is not served/);
    const outcomes = ofKind(await rowsOf("refused"), "outcome") as Outcome[];
    const bad = outcomes.filter(({ problem }) => problem === "bad");
    expect(bad).toHaveLength(4);
    for (const { verdict, reason } of bad) {
      expect(verdict).toBe("unscored");
      expect(reason).toMatch(/this prompt is not served/);
    }
  });

  test.each([
    [["--temperature", "0"], /temperature: must be above 0/],
    [["--verify", "exact"], /untargeted.jsonl:1: has no target/],
    [["--stop-at", "2"], /--stop-at: needs --verify/],
    [["--budget", "5"], /money needs --prices/],
    [["--map", "prompt=nowhere"], /holds no record with a prompt/],
    [["--map", "x=y"], /roles are prompt, response/],
  ])("%j is refused with the way out", async (words, reason) => {
    const server = await serving(vllmRoutes());
    const prompts = await written("untargeted.jsonl", [{ prompt: "The" }]);
    const base = [
      "sample",
      "--model",
      `m=${server.address}`,
      "--prompts",
      prompts,
      "-n",
      "2",
      "--out",
      join(folder, "never"),
    ];
    const { code, stderr } = await lmcov([...base, ...words]);
    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
  });
});

describe("lmcov score", () => {
  test("reads nested fields, a table, and a run folder; the numbers are those of the model", async () => {
    const server = await serving(vllmRoutes());
    const nested = await written("nested.jsonl", [
      { request: { context: "The capital", continuation: " is Paris" }, doc: 7, nr: "a" },
      { request: { context: "The capital", continuation: " is the city" }, doc: 7, nr: "b" },
    ]);
    const map = ["--map", "prompt=request.context", "response=request.continuation", "id=nr", "problem=doc"];
    const words = ["score", "--model", `m=${server.address}`, "--json"];
    const first = await lmcov([...words, "--input", nested, ...map, "--out", join(folder, "nested")]);
    expect(first.code, first.stderr).toBe(0);
    const lines = first.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ id }) => id).sort()).toEqual(["a", "b"]);
    expect(lines.find(({ id }) => id === "a")?.logprob).toBeCloseTo(exact("The capital", " is Paris"), 9);
    const rows = ofKind(await rowsOf("nested"), "likelihood");
    expect(rows.map(({ role, problem, draw }) => [role, problem, draw]).sort()).toEqual([
      ["data", "7", 0],
      ["data", "7", 1],
    ]);
    const table = join(folder, "table.csv");
    await writeFile(table, "prompt,response\nThe capital, is Paris\n");
    const second = await lmcov([...words, "--input", table, "--out", join(folder, "table")]);
    expect(second.code, second.stderr).toBe(0);
    expect(JSON.parse(second.stdout).logprob).toBeCloseTo(exact("The capital", " is Paris"), 9);
  });

  test("--json prints a line for each response and model in the input's order, also for what was scored before", async () => {
    const routes = vllmRoutes();
    const refusing: Routes = {
      ...routes,
      "POST /v1/completions": (body) =>
        JSON.stringify(body).includes("city 5")
          ? { status: 400, body: { error: { message: "no" } } }
          : routes["POST /v1/completions"]?.(body),
    };
    const [one, two] = [await serving(routes), await serving(refusing)];
    const records = Array.from({ length: 7 }, (_, index) => ({
      id: `r${index}`,
      prompt: `The city ${index}`,
      response: ` is ${"abc".repeat(7 - index)}`,
    }));
    // Two ids of one response at one place are one score and two lines.
    const twice = { prompt: "The", response: " city", problem: "p", draw: 0 };
    const all = [...records, { ...twice, id: "left" }, { ...twice, id: "right" }];
    const out = join(folder, "lines");
    const models = ["--model", `one=${one.address}`, `two=${two.address}`];
    const words = ["score", ...models, "--out", out, "--json", "--input"];
    const linesIn = (stdout: string) =>
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    const named = (stdout: string) => linesIn(stdout).map(({ model, id }) => `${id} ${model}`);

    const part = await lmcov([...words, await written("all.jsonl", records.slice(3, 5))]);
    expect(part.code, part.stderr).toBe(0);
    expect(named(part.stdout)).toEqual(["r3 one", "r3 two", "r4 one", "r4 two"]);

    const input = await written("all.jsonl", all);
    const whole = await lmcov([...words, input]);
    expect(whole.code).toBe(3);
    expect(whole.stderr).toMatch(/11 responses scored, 6 already there, 1 failed/);
    const expected = all.flatMap(({ id }) => [`${id} one`, `${id} two`]);
    expect(named(whole.stdout)).toEqual(expected.filter((name) => name !== "r5 two"));
    for (const { id, logprob, tokens } of linesIn(whole.stdout)) {
      const { prompt = "", response = "" } = all.find((record) => record.id === id) ?? {};
      expect(logprob).toBeCloseTo(exact(prompt, response), 9);
      expect(tokens).toBe(tokenise(response).length);
    }

    const again = await lmcov([...words, input]);
    expect(again.stderr).toMatch(/0 responses scored, 17 already there, 1 failed/);
    expect(again.stdout).toBe(whole.stdout);
    // A run that does not fit into memory is read once for each part of the input.
    const model1 = { spec: { name: "one" }, endpoint: { likelihood: { method: "" } } };
    const opened = [model1, { ...model1, spec: { name: "two" } }] as unknown as readonly OpenModel[];
    const read = responseRecords([input], { map: {}, task: undefined, tally: new ImportTally() });
    const lines: string[] = [];
    for await (const line of scoreLines({ folder: out, records: read, models: opened, chunk: 3 })) {
      lines.push(line);
    }
    expect(lines.join("\n")).toBe(whole.stdout.trim());

    const share = async (shard: string) => named((await lmcov([...words, input, "--shard", shard])).stdout);
    const [first, second] = [await share("1/2"), await share("2/2")];
    expect(first.length).toBeGreaterThan(0);
    expect(second.length).toBeGreaterThan(0);
    expect([...first, ...second].sort()).toEqual(named(whole.stdout).sort());
  });

  test("conversations in a log are scored as text, and it is said", async () => {
    const server = await serving(vllmRoutes());
    const dump = (name: string, request: object, message: object) =>
      written(name, [
        {
          request: { ...request, temperature: 1 },
          response: { object: "o", model: "m", choices: [{ index: 0, finish_reason: "stop", ...message }] },
        },
      ]);
    const chat = await dump(
      "chat.jsonl",
      { messages: [{ role: "user", content: "Hi" }] },
      { message: { role: "assistant", content: " a" } },
    );
    const plain = await dump("plain.jsonl", { prompt: "Hi" }, { text: " a", logprobs: null });
    const words = ["score", "--model", `m=${server.address}`, "--json", "--input"];
    const said = await lmcov([...words, chat, "--out", join(folder, "chat")]);
    expect(said.code, said.stderr).toBe(0);
    expect(said.stderr).toMatch(/chat\.jsonl: its prompts are conversations, which are taken as plain text/);
    expect(JSON.parse(said.stdout).logprob).toBeCloseTo(exact("user: Hi", " a"), 9);
    const quiet = await lmcov([...words, plain, "--out", join(folder, "plain")]);
    expect(quiet.stderr).not.toMatch(/conversations/);
    expect(JSON.parse(quiet.stdout).logprob).toBeCloseTo(exact("Hi", " a"), 9);
  });

  test.each<[string, Routes, readonly string[], RegExp]>([
    ["a chat server", openaiRoutes(), [], /recognised as openai-chat, which cannot score/],
    [
      "a server that ignores echo",
      openaiRoutes("ignores echo"),
      ["--kind", "openai-completions"],
      /127\.0\.0\.1:\d+.*ignores echo.*vLLM, SGLang or llama\.cpp/,
    ],
    ["a server whose scores are shifted", vllmRoutes("shifted"), [], /127\.0\.0\.1:\d+.*canary/],
    ["a server that answers NaN", vllmRoutes("NaN"), [], /127\.0\.0\.1:\d+.*NaN/],
  ])("%s is refused by name before anything is scored", async (_, routes, words, reason) => {
    const server = await serving(routes);
    const input = await written("pairs.jsonl", [{ prompt: "The", response: " cat" }]);
    const out = join(folder, "refused-scores");
    const { code, stderr } = await lmcov([
      "score",
      "--model",
      `m=${server.address}`,
      "--input",
      input,
      "--out",
      out,
      ...words,
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toMatch(/defect/);
    await expect(readdir(out)).rejects.toThrow(/ENOENT/);
  });

  test("two names for one model are refused: their scores would be copies", async () => {
    const server = await serving(vllmRoutes());
    const input = await written("pairs.jsonl", [{ prompt: "The", response: " cat" }]);
    const { code, stderr } = await lmcov([
      "score",
      "--model",
      `step-{1..2}=${server.address}`,
      "--input",
      input,
      "--out",
      join(folder, "copies"),
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/step-1 and step-2 are both/);
  });
});

test("a key reaches the server and nothing else: no file, no output, no error", async () => {
  const key = "sk-tell-nobody-8f3a1c";
  const routes = vllmRoutes();
  let asked = 0;
  const completion = routes["POST /v1/completions"];
  const server = await serving(
    {
      ...routes,
      "POST /v1/completions": (body) => {
        if (body.max_tokens === 2) asked += 1;
        if (body.max_tokens !== 2 || asked % 7 !== 0) return completion?.(body);
        return { status: asked % 2 === 0 ? 400 : 500, body: { error: { message: `your key is ${key}` } } };
      },
    },
    {
      before(request) {
        expect(request.headers.authorization).toBe(`Bearer ${key}`);
        return false;
      },
    },
  );
  const prompts = await written("secret.jsonl", [
    { prompt: "The", target: "x" },
    { prompt: "A", target: "x" },
  ]);
  const keyFile = join(folder, "key.txt");
  await writeFile(keyFile, `${key}\n`);
  const base = [
    "sample",
    "--model",
    `m=${server.address}`,
    "--prompts",
    prompts,
    "-n",
    "20",
    "--max-tokens",
    "2",
    "--verify",
    "exact",
    "--json",
  ];
  const byVariable = await lmcov([...base, "--out", join(folder, "secret-1")], {
    env: { LMCOV_API_KEY: key },
  });
  const byFile = await lmcov([...base, "--out", join(folder, "secret-2"), "--key-file", keyFile]);
  expect(byVariable.stderr + byFile.stderr).toMatch(/\[key\]/);
  for (const { stdout, stderr } of [byVariable, byFile]) expect(stdout + stderr).not.toContain(key);
  const files = [
    ...(await filesUnder(join(folder, "secret-1"))),
    ...(await filesUnder(join(folder, "secret-2"))),
  ];
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) expect((await readFile(file)).includes(key), file).toBe(false);
  // Parquet's pages are compressed: what is in them is looked at as it is read.
  const rows = JSON.stringify([...(await rowsOf("secret-1")), ...(await rowsOf("secret-2"))]);
  expect(rows).toMatch(/your \[key\]|your key is \[key\]/);
  expect(rows).not.toContain(key);
});
