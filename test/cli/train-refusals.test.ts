/** What cannot be trained is refused with its place before anything is written; what diverges keeps what it had. */
import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCheckpoint } from "../../src/model/index.ts";
import { ensureBuilt, lmcov } from "../lmcov.ts";
import { tinyTraining, writeSums, writeTraining } from "../training.ts";

let folder: string;
beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "lmcov-refused-"));
  await writeSums(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (words: readonly string[]) => lmcov(words, { cwd: folder });
const lines = (...values: object[]) => `${values.map((value) => JSON.stringify(value)).join("\n")}\n`;
const good = { prompt: "1+1=", response: "2" };

describe("refused before anything is written:", () => {
  test.each<[string, object, string | undefined, RegExp]>([
    ["an unknown key", { bacth: 8 }, undefined, /refused\.yaml: bacth: unknown key; did you mean batch\?/],
    [
      "an unknown option of the rule",
      { rule: { name: "adam", learningRate: 0.1, betaa1: 0.5 } },
      undefined,
      /betaa1.*beta1/,
    ],
    ["an unknown rule", { rule: { name: "adma" } }, undefined, /adma.*adam/],
    ["a rule without its learning rate", { rule: { name: "sgd" } }, undefined, /learningRate/],
    [
      "a width that heads do not divide",
      { model: { ...tinyTraining.model, width: 15 } },
      undefined,
      /model\.width: 15 is not divisible by 2 heads/,
    ],
    [
      "an option of a loss that has none, beside a rule with its own",
      { rule: { name: "token-sgd", learningRate: 0.1 }, loss: { name: "sequence", N: 3 } },
      undefined,
      /loss sequence: N: unknown option/,
    ],
    [
      "a model larger than the memory",
      { model: { ...tinyTraining.model, width: 2 ** 20, layers: 1000 } },
      undefined,
      /model: has at least \d+ parameters, whose training takes more than 9\.83e\+7 GiB/,
    ],
    ["an empty response", {}, lines(good, { ...good, response: "" }), /bad\.jsonl:2: the response is empty/],
    [
      "a response longer than the context",
      {},
      lines(good, good, { ...good, response: "x".repeat(30) }),
      /bad\.jsonl:3: prompt and response take 34 tokens \(4 and 31, the last is not read\), the context holds 16/,
    ],
    [
      "a response that is no text",
      {},
      lines({ ...good, response: 2 }),
      /bad\.jsonl:1: response: must be text, is 2/,
    ],
    [
      "a missing column",
      {},
      lines(good, { prompt: "a", answer: "b" }),
      /bad\.jsonl:2: has no response; it has prompt, answer/,
    ],
    ["a line that is cut", {}, `${lines(good)}{"prompt":"a","resp\n`, /bad\.jsonl:2: the line is not JSON/],
    ["an empty file", {}, "", /bad\.jsonl: the file is empty/],
    ["a file that is not there", { data: { file: "none.jsonl" } }, undefined, /none\.jsonl/],
    [
      "a checkpoint that is not there",
      { model: undefined, tokenizer: undefined, from: "none" },
      undefined,
      /none/,
    ],
    ["a tokenizer that is not there", { tokenizer: "none.json" }, undefined, /none\.json/],
    ["an unknown verifier", { probes: { every: 1, passAt: { verifier: "exakt" } } }, undefined, /exakt/],
    ["an unknown generator", { data: { generator: "grahps" } }, undefined, /no generator is called grahps/],
  ])("%s", async (_, change, content, message) => {
    if (content !== undefined) await writeFile(join(folder, "bad.jsonl"), content);
    const data = content === undefined ? {} : { data: { file: "bad.jsonl" } };
    await writeTraining(folder, { ...data, ...change }, "refused.yaml");
    await rm(join(folder, "refused"), { recursive: true, force: true });
    const { code, stderr, stdout } = await run(["train", "refused.yaml", "--out", "refused"]);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect([code, stdout]).toEqual([2, ""]);
    expect(existsSync(join(folder, "refused"))).toBe(false);
  });

  test("a device that is not there, whatever else onnxruntime has to say of it", async () => {
    await writeTraining(folder, { device: "cuda" }, "cuda.yaml");
    const { code, stderr } = await run(["train", "cuda.yaml"]);
    expect(stderr).toMatch(/lmcov: device is cuda: /);
    expect(code).toBe(2);
    expect(existsSync(join(folder, "runs"))).toBe(false);
  });

  test("a held-out response longer than the context, with its place", async () => {
    await writeFile(join(folder, "long.jsonl"), lines(good, { ...good, response: "x".repeat(40) }));
    await writeTraining(folder, { evaluation: { file: "long.jsonl" } }, "refused.yaml");
    const { code, stderr } = await run(["train", "refused.yaml", "--out", "refused"]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/long\.jsonl:2: prompt and response take/)]);
  });

  test("a tokenizer that does not match the checkpoint", async () => {
    await writeTraining(folder, { steps: 1, probes: undefined, evaluation: undefined, checkpoints: {} });
    expect((await run(["train", "train.yaml", "--out", "first"])).code).toBe(0);
    const from = "first/checkpoints/step-00000001";
    await writeTraining(folder, { model: undefined, tokenizer: "characters", from }, "refused.yaml");
    const { code, stderr } = await run(["train", "refused.yaml", "--out", "refused"]);
    expect(stderr).toMatch(/tokenizer/);
    expect(code).toBe(2);
  });

  test("neither configuration nor run, a configuration that is no YAML, a folder that is no run", async () => {
    await writeFile(join(folder, "broken.yaml"), "a: [1, 2");
    await cp(join(folder, "train.jsonl"), join(folder, "elsewhere", "notes.txt"));
    for (const [words, message] of [
      [["train"], /give a configuration file, or --resume/],
      [["train", "none.yaml"], /none\.yaml: no such file/],
      [["train", "broken.yaml"], /broken\.yaml: is not YAML or JSON/],
      [["train", "--resume", "elsewhere"], /elsewhere: is not a run folder/],
      [["train", "train.yaml", "--out", "elsewhere"], /elsewhere: is not empty and not a run folder/],
      [["train", "train.yaml", "--threads", "0"], /threads/],
      [["train", "train.yaml", "--device", "tpu"], /device/],
    ] as const) {
      const { code, stderr } = await run(words);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
    }
  });
});

const diverging = {
  rule: { name: "sgd", learningRate: 1e9 },
  probes: undefined,
  evaluation: undefined,
};

test("a training that diverges stops with exit code 1, names step and tensor, and keeps its good checkpoints", async () => {
  await writeTraining(folder, { ...diverging, checkpoints: { every: 1 } }, "diverging.yaml");
  const { code, stderr } = await run(["train", "diverging.yaml", "--out", "diverging"]);
  expect(stderr).toMatch(/step \d+: the (loss|value|gradient|norm) of \S+.* is not finite; training stopped/);
  expect(code).toBe(1);
  const step = Number(/step (\d+)/.exec(stderr)?.[1]);
  const kept = await readdir(join(folder, "diverging", "checkpoints"));
  expect(kept).toHaveLength(step - 1);
});

test("a training that diverges before its first checkpoint keeps the parameters of the step before as one", async () => {
  await writeTraining(folder, diverging, "early.yaml");
  const { code, stderr } = await run(["train", "early.yaml", "--out", "early"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/The last good parameters are the newest checkpoint of early/);
  const step = Number(/step (\d+)/.exec(stderr)?.[1]);
  const kept = `step-${String(step - 1).padStart(8, "0")}`;
  expect(await readdir(join(folder, "early", "checkpoints"))).toEqual([kept]);
  const { parameters } = await readCheckpoint(join(folder, "early", "checkpoints", kept));
  for (const { data } of Object.values(parameters)) expect(data.every(Number.isFinite)).toBe(true);
});
