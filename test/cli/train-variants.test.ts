/** `lmcov train` from a checkpoint, with a teacher, token by token, from Parquet and from fresh samples. */
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prepareTraining } from "../../src/cli/train-setup.ts";
import { readCheckpoint } from "../../src/model/index.ts";
import { trainingConfig } from "../../src/train/index.ts";
import { ensureBuilt, lmcov } from "../lmcov.ts";
import { tinyTraining, writeSums, writeTraining } from "../training.ts";

let folder: string;
const teacher = "teacher/checkpoints/step-00000060";
const first = "teacher/checkpoints/step-00000020";
const plain = { probes: undefined, evaluation: undefined, checkpoints: {} };

beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "lmcov-variants-"));
  await writeSums(folder);
  await train("teacher", { checkpoints: { every: 20 } });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (words: readonly string[]) => lmcov(words, { cwd: folder });

async function train(out: string, change: object) {
  await writeTraining(folder, { ...plain, ...change }, `${out}.yaml`);
  const { code, stdout, stderr } = await run(["train", `${out}.yaml`, "--out", out, "--json"]);
  expect(code, stderr).toBe(0);
  const text = await readFile(join(folder, out, "journal", "train.jsonl"), "utf8");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { result: JSON.parse(stdout), lines };
}

const refused = async (change: object) => {
  await writeTraining(folder, { ...plain, ...change }, "refused.yaml");
  const { code, stderr } = await run(["train", "refused.yaml", "--out", "refused"]);
  expect(code, stderr).toBe(2);
  return stderr;
};

describe("a training", () => {
  test("from a checkpoint starts where that one ended, with its tokenizer", async () => {
    const { lines } = await train("continued", {
      model: undefined,
      tokenizer: undefined,
      from: teacher,
      steps: 5,
    });
    const first = await readFile(join(folder, "teacher", "journal", "train.jsonl"), "utf8");
    const losses = first
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).loss);
    expect(lines[0].loss).toBeLessThan(losses[0] - 3);
    const { training } = await readCheckpoint(join(folder, "continued", "checkpoints", "step-00000005"));
    expect(training).toMatchObject({ name: "continued", step: 5, rule: { name: "adam" } });
  });

  test("whose schedule ends at 0 leaves a checkpoint that scores as the last probe did, without an end of sequence", async () => {
    const { lines } = await train("ended", {
      ...{ evaluation: tinyTraining.evaluation, probes: { every: 4 } },
      ...{ endOfSequence: false, schedule: { name: "cosine" }, steps: 4, name: "ends at 0" },
      rule: { name: "token-sgd", learningRate: 0.05 },
    });
    const { probe } = lines.findLast((line) => "probe" in line);
    const scoring = ["score-with", "ended", "--input", "held-out.jsonl"];
    const { code, stdout, stderr } = await run([...scoring, "--out", "ended-scores", "--json"]);
    expect(code, stderr).toBe(0);
    const [scored] = JSON.parse(stdout).models;
    expect(scored).toMatchObject({ model: "ends at 0", step: 4 });
    expect(-scored.meanLogProbability).toBeCloseTo(probe.crossEntropy, 4);
    const own = await run([...scoring, "--out", "stepped", "--untie-head", "--test-time-training"]);
    expect([own.code, own.stderr]).toEqual([2, expect.stringContaining("schedule's step size was 0 there")]);
  });

  test("from Parquet is the one from JSON lines", async () => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT * FROM read_json_auto('${join(folder, "train.jsonl")}')) TO '${join(folder, "train.parquet")}' (FORMAT parquet)`,
    );
    connection.closeSync();
    const lines = await train("lines", { steps: 5, name: "same" });
    const parquet = await train("parquet", { steps: 5, name: "same", data: { file: "train.parquet" } });
    expect(parquet.lines).toEqual(lines.lines);
  });

  test("token by token takes a step after every token of the responses", async () => {
    const rule = { name: "token-sgd", learningRate: 0.05 };
    const { lines } = await train("tokens", { rule, batch: 1, steps: 40 });
    const mean = (part: { lossPerToken: number }[]) =>
      part.reduce((sum, { lossPerToken }) => sum + lossPerToken, 0) / part.length;
    const steps = lines.filter((line) => "lossPerToken" in line);
    expect(mean(steps.slice(-10))).toBeLessThan(mean(steps.slice(0, 10)) - 0.5);
  });

  test("distilled from itself has no divergence to truncate: it is SGD", async () => {
    const start = { model: undefined, tokenizer: undefined, from: teacher, steps: 1 };
    const sgd = await train("sgd", { ...start, rule: { name: "sgd", learningRate: 0.01 } });
    const rule = { name: "truncated-distillation", learningRate: 0.01, N: 8, teacher };
    const distilled = await train("distilled", { ...start, rule });
    expect(distilled.lines[0].loss).toBeCloseTo(sgd.lines[0].loss, 5);
    expect(distilled.lines[0].gradientNorm).toBeCloseTo(sgd.lines[0].gradientNorm, 4);
  });

  test("distilled from a teacher that a new model is far from counts few tokens", async () => {
    const loss = { name: "truncated", N: 2, teacher };
    const { lines } = await train("far", { loss, steps: 3 });
    // log 2 nats of divergence are used up within the first token of a response.
    expect(lines[0].loss).toBeGreaterThan(0);
    expect(lines[0].loss).toBeLessThan(0.5 * 5.5);
    const whole = await train("whole", { steps: 3 });
    expect(whole.lines[0].loss).toBeGreaterThan(2 * 5.5);
  });

  test("distilled from a file of distributions counts divergences up to log N", async () => {
    const rows = (await readFile(join(folder, "train.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    // All mass on the response: KL of a step is −log π(token), whatever the checkpoint says elsewhere.
    const certain = rows.map(({ prompt, response }) => {
      const ids = [...Buffer.from(response), 256].map((id) => [id]);
      return JSON.stringify({ prompt, response, ids, logProbabilities: ids.map(() => [0]) });
    });
    await writeFile(join(folder, "certain.jsonl"), `${certain.join("\n")}\n`);
    const loss = { name: "truncated", N: 2, distributions: "certain.jsonl" };
    const { lines, result } = await train("saved", { loss, steps: 1, batch: 8 });
    // Nothing is left for other tokens: these divergences are exact.
    expect(result.caveat).toBeUndefined();
    // Σ α_h a_h = min(log 2, Σ a_h) with a_h = −log π(y_h): the loss is log 2 for every response.
    expect(lines[0].loss).toBeCloseTo(Math.log(2), 5);
  });

  describe("distilled from distributions that score-with wrote", () => {
    const words = ["--distributions", "--json"];
    const scoreWith = async (...more: string[]) => {
      const { code, stdout, stderr } = await run(["score-with", teacher, ...more, ...words]);
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout).models[0];
    };

    beforeAll(async () => {
      const { code, stderr } = await run([
        "generate",
        teacher,
        "--prompts",
        "train.jsonl",
        "--draws",
        "2",
        "--max-tokens",
        "6",
        "--out",
        "drawn",
      ]);
      expect(code, stderr).toBe(0);
    });

    /** The first steps of a training, in this process. */
    const steps = async (change: object) => {
      const config = trainingConfig(
        { ...tinyTraining, ...plain, data: { file: join(folder, "drawn") }, batch: 4, ...change },
        "test",
      );
      const prepared = await prepareTraining(config, { folder: join(folder, "none") });
      try {
        const lines = [await prepared.trainer.advance(), await prepared.trainer.advance()];
        return { lines, caveat: prepared.caveat };
      } finally {
        await prepared.release();
      }
    };
    const truncated = (given: object) => ({ loss: { name: "truncated", N: 3, ...given } });

    test("equals the training that has their checkpoint as its teacher, on draws of the run itself", async () => {
      const written = await scoreWith("--input", "drawn");
      expect(written.distributions).toBe(written.scored + written.skipped);
      expect(written.distributions).toBeGreaterThan(50);
      expect((await scoreWith("--input", "drawn")).distributions).toBe(0);
      // Near the teacher all tokens count, far from it few.
      const near = { model: undefined, tokenizer: undefined, from: join(folder, first) };
      for (const settings of [{ device: "cpu" }, { device: "cpu", ...near }, { device: "float64" }]) {
        const checkpoint = await steps({ ...settings, ...truncated({ teacher: join(folder, teacher) }) });
        const saved = await steps({ ...settings, ...truncated({ distributions: join(folder, "drawn") }) });
        expect(saved.caveat).toBeUndefined();
        for (const [index, line] of saved.lines.entries()) {
          const other = checkpoint.lines[index]!;
          expect(Math.abs(line.loss / other.loss - 1)).toBeLessThan(1e-6);
          expect(Math.abs(line.gradientNorm / other.gradientNorm - 1)).toBeLessThan(1e-5);
          expect(Math.abs(line.parameterNorm / other.parameterNorm - 1)).toBeLessThan(1e-6);
        }
        expect(saved.lines[1]!.loss).not.toBe(saved.lines[0]!.loss);
      }
    }, 120_000);

    test("with the likeliest tokens only cuts off no sooner, and says that its divergences are lower bounds", async () => {
      await scoreWith("--input", "drawn", "--top-k", "3", "--out", "three");
      const loss = async (given: object) => steps({ batch: 40, ...truncated(given) });
      const exact = await loss({ distributions: join(folder, "drawn") });
      const three = await loss({ distributions: join(folder, "three") });
      const one = await loss({ distributions: join(folder, "three"), top: 1 });
      const cut = await loss({ distributions: join(folder, "drawn"), top: 3 });
      expect(exact.caveat).toBeUndefined();
      expect(three.caveat).toMatch(/three: step divergences from at most 3 likely tokens .* lower bounds/);
      expect(one.caveat).toMatch(/at most 1 likely tokens/);
      expect(three.lines[0]!.loss).toBeGreaterThan(exact.lines[0]!.loss + 1e-4);
      expect(one.lines[0]!.loss).toBeGreaterThan(three.lines[0]!.loss + 1e-4);
      expect(cut.lines[0]!.loss).toBeCloseTo(three.lines[0]!.loss, 5);
    }, 120_000);

    test("is refused where they are of two checkpoints, of other tokens or not there", async () => {
      const attempt = (distributions: string, change: object = {}) =>
        steps({ ...truncated({ distributions: join(folder, distributions) }), ...change });
      await expect(attempt("teacher")).rejects.toThrow(
        /teacher: has no next-token distributions; lmcov score-with/,
      );
      await scoreWith("--input", "drawn", "--limit", "2", "--out", "two", "--name", "one");
      await expect(attempt("two")).rejects.toThrow(
        /drawn: .*the teacher's distributions of an example: are missing/,
      );
      await scoreWith("--input", "drawn", "--limit", "2", "--out", "two", "--name", "another");
      await expect(attempt("two")).rejects.toThrow(
        /two: has distributions of one, step 60 and of another, step 60/,
      );
      await expect(attempt("drawn", { tokenizer: "characters" })).rejects.toThrow(
        /drawn: the teacher has a vocabulary of 257, the model/,
      );
      const { code, stderr } = await run(["score-with", teacher, "--input", "drawn", "--top-k", "3"]);
      expect([code, stderr]).toEqual([2, expect.stringContaining("--top-k: goes with --distributions")]);
    }, 120_000);
  });

  test("refuses a teacher that does not fit, naming it", async () => {
    expect(await refused({ loss: { name: "truncated", N: 4, teacher: "none" } })).toMatch(/none/);
    await writeFile(
      join(folder, "few.jsonl"),
      '{"prompt":"0+0=","response":"0","ids":[[48]],"logProbabilities":[[0]]}\n',
    );
    expect(await refused({ loss: { name: "truncated", N: 4, distributions: "few.jsonl" } })).toMatch(
      /train\.jsonl:1: the teacher's distributions of an example: hold 1 steps, the response has 2 tokens/,
    );
    await train("characters", { tokenizer: "characters", steps: 1 });
    const other = "characters/checkpoints/step-00000001";
    expect(await refused({ loss: { name: "truncated", N: 4, teacher: other } })).toMatch(
      /the teacher has a vocabulary of 13, the model 257/,
    );
    expect(
      await refused({ rule: { name: "token-sgd", learningRate: 1 }, loss: { name: "dco", N: 4 } }),
    ).toMatch(/loss: dco: the rule token-sgd has its own, sequence/);
  });

  test("of a generator draws fresh samples for every step and a held-out set of its own", async () => {
    const value = {
      ...tinyTraining,
      data: { generator: "bits", options: { bits: 4 } },
      evaluation: { limit: 50 },
    };
    const config = trainingConfig({ ...value, device: "float64", batch: 4 }, "fresh");
    const drawn: string[] = [];
    const prepared = await prepareTraining(config, {
      folder: "fresh",
      generators: {
        bits: ({ bits }) => ({
          name: "bits",
          longestTokens: Number(bits) + 2,
          example(generator) {
            const response = Array.from({ length: Number(bits) }, () => generator.integer(2)).join("");
            drawn.push(response);
            return { prompt: "?", response, logProbability: -Number(bits) * Math.LN2 };
          },
        }),
      },
    });
    expect(prepared.evaluation?.examples).toHaveLength(50);
    expect(prepared.evaluation?.reference?.[0]).toBeCloseTo(-4 * Math.LN2, 12);
    const before = drawn.length;
    await prepared.trainer.advance();
    await prepared.trainer.advance();
    expect(drawn.length - before).toBe(8);
    await prepared.release();
  });
});

test("the configurations of the walk-through can be trained", async () => {
  const example = fileURLToPath(new URL("../../examples/training", import.meta.url));
  const copy = join(folder, "example");
  await cp(example, copy, { recursive: true });
  spawnSync(process.execPath, ["make-data.mjs", "data"], { cwd: copy });
  const check = async (name: string) => {
    const { code, stdout, stderr } = await lmcov(["train", name, "--check", "--json"], { cwd: copy });
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  expect(await check("before.yaml")).toMatchObject({ examples: 800, evaluation: 500 });
  const start = join(copy, "runs", "before", "checkpoints", "step-00000300");
  const config = await readFile(join(copy, "before.yaml"), "utf8");
  await writeFile(
    join(copy, "short.yaml"),
    config.replace("steps: 300", "steps: 1").replace(/^probes.*$/m, ""),
  );
  expect((await lmcov(["train", "short.yaml", "--out", "short"], { cwd: copy })).code).toBe(0);
  await cp(join(copy, "short", "checkpoints", "step-00000001"), start, { recursive: true });
  expect(await check("keys.yaml")).toMatchObject({ examples: 100, evaluation: 500 });
  expect(await check("both.yaml")).toMatchObject({ examples: 4000, evaluation: 500 });
});
