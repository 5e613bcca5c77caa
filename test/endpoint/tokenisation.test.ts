/** One tokenisation for all who train, score, draw and serve: joint, with the beginning that the tokenizer's own rule adds. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  byteTokenizer,
  initialParameters,
  numeralTokenizer,
  scaledInitialisation,
  type Tokenizer,
  tokenizerFromFile,
  writeCheckpoint,
} from "../../src/model/index.ts";
import { randomGenerator } from "../../src/numeric/index.ts";
import type { Likelihood } from "../../src/record/index.ts";
import { readRun } from "../../src/store/index.ts";
import { ensureBuilt, lmcov, mainFile } from "../lmcov.ts";
import { sharedData } from "../shared-data.ts";

const shared = sharedData("tinystories-260k/onnx-tinystories-260k/tokenizer.json");

/** Boundaries that a merge crosses, that spaces stand at, that begin with nothing, and characters of several bytes. */
const stories = [
  { prompt: "Once upon a", response: " time there was a little girl" },
  { prompt: "Once upon a ti", response: "me" },
  { prompt: "The dog sa", response: "id hello. He ran" },
  { prompt: "", response: "Lily went to the park" },
  { prompt: "Tom said: ", response: "naïve café ☕" },
  { prompt: "Caf", response: "é" },
];
const sums = [
  { prompt: "1 2 / 1 2 =", response: "1 2" },
  { prompt: "1 2/1 2=", response: "1 22" },
  { prompt: "1 2", response: "2 |" },
];

interface Setting {
  readonly name: string;
  readonly tokenizer: () => Promise<Tokenizer> | Tokenizer;
  readonly pairs: readonly { readonly prompt: string; readonly response: string }[];
  /** Responses that begin within a token of their prompt. */
  readonly straddling: number;
  readonly skip?: boolean;
}

const settings: readonly Setting[] = [
  {
    name: "a BPE tokenizer that adds its beginning",
    tokenizer: () => tokenizerFromFile(shared!),
    pairs: stories,
    // Of "ti|me", "sa|id" and the space before "naïve".
    straddling: 3,
    skip: shared === undefined,
  },
  { name: "bytes", tokenizer: byteTokenizer, pairs: stories, straddling: 0 },
  { name: "numerals", tokenizer: () => numeralTokenizer(30), pairs: sums, straddling: 1 },
];

describe.each(settings.filter(({ skip }) => !skip))("with $name", ({ tokenizer, pairs, straddling }) => {
  let folder: string;
  beforeAll(async () => {
    ensureBuilt();
    folder = mkdtempSync(join(tmpdir(), "lmcov-tokens-"));
    const used = await tokenizer();
    const config = {
      vocabularySize: used.vocabularySize,
      contextLength: 48,
      layers: 1,
      heads: 2,
      width: 16,
      tiedEmbeddings: false,
      layerNormEpsilon: 1e-5,
    };
    await writeCheckpoint(join(folder, "start"), {
      config,
      tokenizer: used,
      parameters: initialParameters(config, randomGenerator("tokenisation"), scaledInitialisation),
    });
    writeFileSync(join(folder, "pairs.jsonl"), `${pairs.map((pair) => JSON.stringify(pair)).join("\n")}\n`);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const done = async (...words: string[]) => {
    const { code, stdout, stderr } = await lmcov(words, { cwd: folder });
    expect(code, `${words.join(" ")}\n${stderr}`).toBe(0);
    return stdout;
  };
  /** Log-probabilities by response, and the responses that begin within the prompt's last token. */
  const scores = async (run: string) => {
    const found = new Map<number, number>();
    const straddling = new Set<number>();
    for await (const batch of readRun(join(folder, run), { tables: ["likelihoods"] })) {
      for (const row of batch as Likelihood[])
        if (row.step === undefined || row.step === 0) {
          found.set(row.fingerprint!, row.logProbability);
          if (row.method.endsWith("straddling")) straddling.add(row.fingerprint!);
        }
    }
    return { found, straddling };
  };

  test("training, score-with, a local endpoint and a served checkpoint give one log-probability", async () => {
    const config = {
      from: "start",
      data: { file: "pairs.jsonl" },
      evaluation: { file: "pairs.jsonl" },
      endOfSequence: false,
      rule: { name: "sgd", learningRate: 0.001 },
      steps: 1,
      batch: 2,
      probes: { every: 1 },
      threads: 1,
    };
    writeFileSync(join(folder, "train.json"), JSON.stringify(config));
    await done("train", "train.json", "--out", "trained");
    const { found: trained } = await scores("trained");
    expect(trained.size).toBe(pairs.length);

    await done("score-with", "start", "--input", "pairs.jsonl", "--no-end-of-sequence", "--out", "with");
    const local = ["--model", "start", "--input", "pairs.jsonl", "--out", "local"];
    await done("score", ...local);
    const server: ChildProcess = spawn(
      process.execPath,
      [mainFile, "serve-model", "start", "--port", "0", "--json"],
      { cwd: folder, stdio: ["ignore", "pipe", "inherit"] },
    );
    try {
      const { url } = JSON.parse(await firstAnswer(server)) as { url: string };
      await done("score", "--model", `start=${url}`, "--input", "pairs.jsonl", "--out", "served");
    } finally {
      server.kill();
    }
    const marked = (await scores("with")).straddling;
    expect(marked.size).toBe(straddling);
    for (const run of ["with", "local", "served"]) {
      const { found, straddling: also } = await scores(run);
      expect(also, run).toEqual(marked);
      expect(found.size, run).toBe(pairs.length);
      for (const [fingerprint, value] of trained) {
        expect(Math.abs(found.get(fingerprint)! - value), run).toBeLessThan(1e-4);
      }
    }
  }, 120_000);
});

function firstAnswer(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = "";
    server.once("exit", () => reject(new Error("the server ended")));
    server.stdout?.on("data", (part: Buffer) => {
      seen += part.toString();
      if (seen.trimEnd().endsWith("}")) resolve(seen);
    });
  });
}
