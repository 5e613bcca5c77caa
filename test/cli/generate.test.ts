/** `lmcov generate`, `score-with` and `serve-model` on a small trained run, and every command of the main job on the result. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Likelihood,
  type Outcome,
  type Response,
  type Row,
  samplingHash,
} from "../../src/record/index.ts";
import { isRunFolder, readRun } from "../../src/store/index.ts";
import { blocksFor, commandsOf } from "../docs-blocks.ts";
import { ensureBuilt, lmcov, lmcovHere, mainFile } from "../lmcov.ts";
import { sums, writeTrainedRun } from "../trained-run.ts";

let folder: string;

beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "lmcov-generate-"));
  await writeTrainedRun(folder);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(words: string): Promise<{ stdout: string; stderr: string; code: number | null }> {
  return lmcovHere(words.split(" "), folder);
}
async function done(words: string): Promise<string> {
  const { code, stdout, stderr } = await run(words);
  expect(code, `${words}\n${stderr}`).toBe(0);
  return stdout;
}
async function rowsOf(name: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of readRun(join(folder, name))) rows.push(...batch);
  return rows;
}
const only = <Kind extends Row["kind"]>(rows: readonly Row[], kind: Kind) =>
  rows.filter((row): row is Extract<Row, { kind: Kind }> => row.kind === kind);
const drawName = (row: Response | Likelihood | Outcome) =>
  `${row.model} ${row.step} ${row.problem} ${row.draw}`;

test("the commands in the documentation run, one after the other, and every command of the main job reads the result", async () => {
  const commands = blocksFor("cli/generate.test.ts").flatMap(({ text }) => commandsOf(text));
  expect(commands.length).toBeGreaterThanOrEqual(12);
  const outputs = new Map<string, string>();
  for (const [program, ...words] of commands) {
    expect(program).toBe("lmcov");
    outputs.set(words.join(" "), await done(words.join(" ")));
  }
  const output = (start: string) => [...outputs].find(([command]) => command.startsWith(start))?.[1] ?? "";

  expect(output("report")).toMatch(/sums, step 360.*pass@16/s);
  expect(output("report")).toMatch(/By log-probabilities of 25 responses, the tournament/);
  expect(output("report")).toMatch(/what the compared models drew themselves/);
  expect(output("passk")).toMatch(/sums, step 40 .*pass@|pass@16/s);
  expect(output("reward")).toMatch(/sums, step 360 on test: 25 problems, 400 rewarded draws/);
  expect(output("profile")).toMatch(/from responses that sums, step 40 drew \(reference\)/);
  expect(output("select")).toMatch(/cross-entropy/);
}, 120_000);

test("a run holds one response, its log-probability and a verdict for each draw, and the last checkpoint has learned to add", async () => {
  const words = "generate runs/sums --prompts test.jsonl -n 6 --max-tokens 8 --verify exact --out drawn";
  const { code, stderr } = await lmcov(words.split(" "), { cwd: folder });
  expect(code, stderr).toBe(0);
  const rows = await rowsOf("drawn");
  const responses = only(rows, "response");
  expect(responses).toHaveLength(3 * 25 * 6);
  for (const row of responses) {
    expect(row).toMatchObject({ model: "sums", role: "draw", drawSet: "", task: "test" });
    expect(row.target).toBe(sums.find(({ problem }) => problem === row.problem)?.response);
    expect(row.sampling).toEqual({ temperature: 1, maxTokens: 8 });
    expect(row.samplingHash).toBe(samplingHash(row.sampling));
  }
  const likelihoods = new Map(only(rows, "likelihood").map((row) => [drawName(row), row]));
  const outcomes = new Map(only(rows, "outcome").map((row) => [drawName(row), row]));
  expect(likelihoods.size).toBe(responses.length);
  expect(outcomes.size).toBe(responses.length);
  for (const row of responses) {
    const likelihood = likelihoods.get(drawName(row))!;
    const outcome = outcomes.get(drawName(row))!;
    expect(likelihood.drawnBy).toBe(`sums, step ${row.step}`);
    expect(likelihood.tokenCount).toBe(row.tokenCount);
    const total = likelihood.tokenLogProbabilities!.reduce((sum, value) => sum + value, 0);
    expect(likelihood.logProbability).toBeCloseTo(total, 10);
    expect(outcome.reward).toBe(likelihood.logProbability);
    expect(outcome.verdict).toBe(row.text.trim() === row.target ? "correct" : "incorrect");
  }
  const correct = (step: number) =>
    [...outcomes.values()].filter((row) => row.step === step && row.verdict === "correct").length;
  expect(correct(360)).toBeGreaterThan(120);
  expect(correct(40)).toBeLessThan(40);
}, 60_000);

test("a draw is scored as it was met, and other checkpoints' scores are of the same response", async () => {
  await done("generate runs/sums --prompts test.jsonl -n 3 --max-tokens 8 --out pool");
  const responses = only(await rowsOf("pool"), "response");
  // Bytes that are no text cannot be had back from it; an untrained model draws some.
  const unreadable = responses.filter(({ text }) => text.includes("\ufffd")).length;
  expect(unreadable).toBeLessThan(20);
  const readable = responses.length - unreadable;
  expect(JSON.parse(await done("score-with runs/sums --input pool --json"))).toMatchObject({
    unreadable,
    models: [40, 120, 360].map((step) => ({ model: "sums", step, otherTokens: 0 })),
  });
  // Scored again elsewhere: nothing is known there, so that the drawers score their own draws too.
  await done("score-with runs/sums --input pool --out again");
  const key = (row: Likelihood) => `${row.step} ${row.drawnBy} ${row.problem} ${row.draw}`;
  const before = new Map(only(await rowsOf("pool"), "likelihood").map((row) => [key(row), row]));
  const after = only(await rowsOf("again"), "likelihood");
  expect(before.size).toBe(3 * readable + unreadable);
  const texts = new Map(responses.map((row) => [`${row.step} ${row.problem} ${row.draw}`, row.text]));
  for (const row of only(await rowsOf("pool"), "likelihood")) {
    if (row.drawnBy !== `${row.model}, step ${row.step}`) continue;
    expect(row.tokens).toHaveLength(row.tokenLogProbabilities!.length);
    expect(row.tokens!.join("")).toBe(texts.get(`${row.step} ${row.problem} ${row.draw}`));
  }
  expect(after).toHaveLength(3 * readable);
  for (const row of after) {
    const other = before.get(key(row))!;
    expect(other.fingerprint).toBe(row.fingerprint);
    expect(other.tokens).toEqual(row.tokens);
    expect(Math.abs(other.logProbability - row.logProbability)).toBeLessThan(1e-5 * row.tokenCount!);
  }
}, 60_000);

test("what is there is not drawn again, more draws are added, and an interrupted run ends as an undisturbed one", async () => {
  const command = (out: string, n: number) =>
    `generate runs/sums --step last --prompts test.jsonl -n ${n} --max-tokens 8 --device float64 --json --out ${out}`;
  const whole = JSON.parse(await done(command("whole", 4)));
  expect(whole).toMatchObject({ schema: "lmcov/generate@1", models: [{ drawn: 100, skipped: 0 }] });
  expect(JSON.parse(await done(command("parts", 1)))).toMatchObject({ models: [{ drawn: 25, skipped: 0 }] });
  // A part that no journal line names, as a kill between writing and the journal leaves it.
  await writeFile(join(folder, "parts", "responses", "generate-lost-0.parquet"), "cut");
  expect(JSON.parse(await done(command("parts", 4)))).toMatchObject({ models: [{ drawn: 75, skipped: 25 }] });
  expect(JSON.parse(await done(command("parts", 4)))).toMatchObject({ models: [{ drawn: 0, skipped: 100 }] });
  const sorted = async (name: string) => (await rowsOf(name)).map((row) => JSON.stringify(row)).sort();
  expect(await sorted("parts")).toEqual(await sorted("whole"));
  await done(`${command("whole", 1)} --seed other`);
  const sets = new Set(only(await rowsOf("whole"), "response").map(({ drawSet }) => drawSet));
  expect([...sets]).toEqual(["", "seed other"]);
}, 60_000);

test("draws of another distribution are scored under the model and under the distribution that drew them", async () => {
  await done(
    "generate checkpoint --prompts test.jsonl -n 4 --max-tokens 8 --temperature 2 --top-k 20 --out hot",
  );
  const likelihoods = only(await rowsOf("hot"), "likelihood");
  const drawer = "checkpoint (temperature 2, top-k 20)";
  expect(new Set(likelihoods.map(({ drawnBy }) => drawnBy))).toEqual(new Set([drawer]));
  const mean = (model: string) => {
    const own = likelihoods.filter((row) => row.model === model);
    expect(own).toHaveLength(100);
    return own.reduce((sum, row) => sum + row.logProbability, 0) / own.length;
  };
  // The distribution that drew gives its draws more probability than the model does.
  expect(mean(drawer)).toBeGreaterThan(mean("checkpoint"));
  expect(await done("profile hot")).toContain(`from responses that ${drawer} drew (reference)`);
}, 60_000);

test("test-time training draws from a model of its own, which scores its draws as it met them", async () => {
  const stepped = "--test-time-training 0.05 --untie-head";
  await done(`generate checkpoint --prompts test.jsonl -n 2 --max-tokens 8 ${stepped} --out stepped-draws`);
  await done(`score-with checkpoint --input stepped-draws --out stepped-again ${stepped}`);
  const before = only(await rowsOf("stepped-draws"), "likelihood");
  const after = new Map(only(await rowsOf("stepped-again"), "likelihood").map((row) => [drawName(row), row]));
  expect(before[0]?.model).toBe("checkpoint + test-time training 0.05");
  for (const row of before) {
    expect(Math.abs(after.get(drawName(row))!.logProbability - row.logProbability)).toBeLessThan(
      1e-5 * row.tokenCount!,
    );
  }
  const { code, stderr } = await run(
    "generate checkpoint --prompts test.jsonl --test-time-training 0.05 --out refused",
  );
  expect(code).toBe(2);
  expect(stderr).toMatch(/head is its token embedding.*--untie-head/);
  // Without a step size it is the training's, where that was SGD: here all is scored under it already.
  const record = join(folder, "checkpoint", "training.json");
  const unsaid =
    "score-with checkpoint --input stepped-draws --untie-head --json --out stepped-again --test-time-training";
  expect((await run(unsaid)).stderr).toMatch(/does not say which step size it was trained with; give one/);
  await writeFile(record, JSON.stringify({ rule: { name: "adam" }, learningRate: 0.05 }));
  expect((await run(unsaid)).stderr).toMatch(/was trained by adam, whose learning rate is no step size/);
  await writeFile(record, JSON.stringify({ rule: { name: "token-sgd" }, learningRate: 0.05 }));
  expect(JSON.parse(await done(unsaid)).models).toMatchObject([
    { model: "checkpoint + test-time training 0.05", scored: 0, skipped: before.length },
  ]);
  await rm(record);
}, 60_000);

test("Best-of-N by likelihood prints the likeliest draw of each prompt", async () => {
  const out = JSON.parse(
    await done(
      "generate checkpoint --prompts test.jsonl -n 5 --max-tokens 8 --best-of likelihood --json --out best-of",
    ),
  );
  const likelihoods = only(await rowsOf("best-of"), "likelihood");
  expect(out.chosen).toHaveLength(25);
  for (const choice of out.chosen) {
    const rewards = likelihoods
      .filter(({ problem }) => problem === choice.problem)
      .sort((left, right) => left.draw - right.draw)
      .map(({ logProbability }) => logProbability);
    expect(choice.reward).toBe(Math.max(...rewards));
    expect(choice.draw).toBe(rewards.indexOf(Math.max(...rewards)));
  }
}, 60_000);

test("Best-of-N chooses among the checkpoints asked for by their own scores, and names them where they are several", async () => {
  const words = "--prompts test.jsonl --limit 2 -n 4 --max-tokens 8 --best-of likelihood --out best-of-steps";
  const lines = (await done(`generate runs/sums ${words}`)).trim().split("\n");
  const steps = [40, 120, 360].flatMap((step) => [`sums, step ${step}`, `sums, step ${step}`]);
  expect(lines.map((line) => /^(.*?), [^,]*: draw \d \(likelihood /.exec(line)?.[1])).toEqual(steps);
  const first = `generate runs/sums --step 40 --json ${words}`;
  const { chosen } = JSON.parse(await done(first));
  expect(chosen.map(({ step }: { step: number }) => step)).toEqual([40, 40]);
  // Scores of the other checkpoints' draws under this one, of the same numbers, are not those of its own draws.
  await done("score-with runs/sums --input best-of-steps --out best-of-steps");
  const again = JSON.parse(await done(first)).chosen;
  expect(again).toEqual(
    chosen.map((choice: { reward: number }) => ({ ...choice, reward: expect.closeTo(choice.reward, 5) })),
  );
}, 60_000);

test.each([
  ["generate nowhere --prompts test.jsonl --out x", /nowhere: no such folder/],
  ["generate runs --prompts test.jsonl --out x", /runs: is neither a checkpoint.*nor a training run/],
  [
    "generate runs/sums --step 7 --prompts test.jsonl --out x",
    /--step 7: runs\/sums has 40, 120(,| and) 360/,
  ],
  ["generate checkpoint runs/sums --name a --prompts test.jsonl --out x", /--name a: names one model/],
  ["generate checkpoint --prompts nothing.jsonl --out x", /nothing.jsonl/],
  [
    "generate checkpoint --prompts test.jsonl --map prompt=question --out x",
    /has no question; it has problem, prompt, target/,
  ],
  ["generate checkpoint --prompts test.jsonl --map answr=a --out x", /"answr" is not a role/],
  [
    "generate checkpoint --prompts test.jsonl --temperature 0 --out x",
    /--temperature 0: all draws of a prompt are the same/,
  ],
  ["generate checkpoint --prompts test.jsonl --temperature -1 --out x", /temperature is -1: /],
  ["generate checkpoint --prompts test.jsonl --top-p 2 --out x", /top-p is 2: /],
  ["generate checkpoint --prompts test.jsonl --device gpu --out x", /device/],
  [
    "generate checkpoint --prompts long.jsonl --out x",
    /long.jsonl:1: the prompt has 40 tokens and this model's context holds 16/,
  ],
  ["score-with checkpoint --input test.jsonl --map response=target", /--out: name a run folder/],
  ["score-with checkpoint --input long.jsonl --out x", /long.jsonl:1: prompt and response have 43 tokens/],
  ["score-with checkpoint --input test.jsonl --out x", /has no response/],
  ["serve-model runs/sums", /has 3 checkpoints; choose one with --step/],
])("%s is refused by name, with exit code 2", async (words, message) => {
  const line = { prompt: "1".repeat(40), response: "22" };
  await writeFile(join(folder, "long.jsonl"), `${JSON.stringify(line)}\n`);
  const { code, stderr } = await run(words);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
  expect(
    isRunFolder(join(folder, "x")) && words.startsWith("generate") ? (await rowsOf("x")).length : 0,
  ).toBe(0);
});

test("a served checkpoint scores as score-with does and draws by seed", async () => {
  const server: ChildProcess = spawn(
    process.execPath,
    [mainFile, "serve-model", "runs/sums", "--step", "last", "--port", "0", "--json"],
    { cwd: folder, stdio: ["ignore", "pipe", "inherit"] },
  );
  try {
    const text = await new Promise<string>((resolve, reject) => {
      let seen = "";
      server.once("exit", () => reject(new Error("the server ended")));
      server.stdout?.on("data", (part: Buffer) => {
        seen += part.toString();
        if (seen.trimEnd().endsWith("}")) resolve(seen);
      });
    });
    const { url, model } = JSON.parse(text) as { url: string; model: string };
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(model).toBe("sums/step-360");
    const complete = async (body: unknown) => {
      const response = await fetch(`${url}/v1/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
      // biome-ignore lint/suspicious/noExplicitAny: the answer's shape is what is looked at
      return (await response.json()) as any;
    };
    await done(
      "score-with runs/sums --step last --input test.jsonl --map response=target --no-end-of-sequence --out served",
    );
    const scored = only(await rowsOf("served"), "likelihood");
    const chosen = sums.filter((_, index) => index % 4 === 0);
    const { choices } = await complete({
      prompt: chosen.map(({ prompt, response }) => prompt + response),
      max_tokens: 0,
      echo: true,
      logprobs: 0,
    });
    for (const [index, { problem, response }] of chosen.entries()) {
      const values: number[] = choices[index].logprobs.token_logprobs.slice(-response.length);
      const expected = scored.find((row) => row.problem === problem)!.logProbability;
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(expected, 4);
    }
    const request = { model, prompt: "3+4=", max_tokens: 6, n: 4, seed: 5, temperature: 1 };
    const [first, second] = [await complete(request), await complete(request)];
    expect(second.choices).toEqual(first.choices);
    const greedy = await complete({ ...request, n: 1, temperature: 0 });
    expect(greedy.choices[0]).toMatchObject({ text: "7", finish_reason: "stop" });
  } finally {
    server.kill();
  }
}, 60_000);
