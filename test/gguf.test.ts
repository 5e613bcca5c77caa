/** Checkpoints exported to GGUF, in llama.cpp itself: its server, and node-llama-cpp. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canary, endpointFor, modelSpecs } from "../src/endpoint/index.ts";
import {
  byteTokenizer,
  type Checkpoint,
  characterTokenizer,
  initialParameters,
  numeralTokenizer,
  openCheckpoint,
  readCheckpoint,
  scaledInitialisation,
  type Tokenizer,
  tokenizerFromFile,
  writeCheckpoint,
  writeGguf,
} from "../src/model/index.ts";
import { randomGenerator } from "../src/numeric/index.ts";
import { exactCache, llamaServerProgram, type RunningServer, startLlamaServer } from "./llama-server.ts";
import { plainLogProbabilities, tabulatedGelu } from "./plain-transformer.ts";
import { sharedData } from "./shared-data.ts";

const folder = mkdtempSync(join(tmpdir(), "lmcov-gguf-"));
afterAll(() => rmSync(folder, { recursive: true }));

const tinyStories = sharedData("tinystories-260k/onnx-tinystories-260k/tokenizer.json");
const program = await llamaServerProgram();
const contextLength = 64;

interface Case {
  readonly name: string;
  readonly tokenizer: () => Tokenizer | Promise<Tokenizer>;
  readonly tied: boolean;
  readonly texts: readonly string[];
  /** A text that lmcov refuses, and what llama.cpp makes of it, as the export's notes say. */
  readonly refused?: readonly [string, readonly number[]];
  readonly missing?: string | undefined;
}

const cases: readonly Case[] = [
  {
    name: "bytes",
    tokenizer: byteTokenizer,
    tied: true,
    texts: ["Three  spaces:   é — 𝒷,\n\ttab 12+7=19.", "\u0000\u007f\u00ad"],
  },
  {
    name: "characters",
    tokenizer: () => characterTokenizer([..."\n !abcdeé—𝒷"]),
    tied: true,
    texts: ["a bad cab!  dé—𝒷\nab", " a", "e\n\n"],
    refused: ["azb", [3, 11, 4]],
  },
  {
    name: "numerals",
    tokenizer: () => numeralTokenizer(124),
    tied: false,
    texts: ["17 4 | 4 120 | 120 99 / 17 99 = 17 4 120 99", "1", "= 124"],
    refused: ["3 x 4", [3, 0, 4]],
  },
  {
    name: "tokenizer.json",
    tokenizer: () => tokenizerFromFile(tinyStories as string),
    tied: false,
    texts: [
      "Once upon a time, there was a little girl named Lily.",
      "xqz jumps\n\nbanana 42",
      'Tom  said "é!"',
    ],
    missing: tinyStories === undefined ? "../shared/data is absent" : undefined,
  },
];

/** A model of usual magnitudes, with biases and gains away from 0 and 1, exported. */
async function exported({ name, tokenizer: make, tied }: Case) {
  const tokenizer = await make();
  const sizes = { contextLength, layers: 2, heads: 4, width: 64, layerNormEpsilon: 1e-5 };
  const config = { ...sizes, vocabularySize: tokenizer.vocabularySize, tiedEmbeddings: tied };
  const random = randomGenerator("gguf test");
  const parameters = initialParameters(config, random, { ...scaledInitialisation, head: 0.2 });
  for (const [parameter, { data }] of Object.entries(parameters)) {
    if (!/bias|ln_/.test(parameter)) continue;
    for (let i = 0; i < data.length; i++) data[i]! += 0.1 * random.normal();
  }
  const checkpoint: Checkpoint = { config, parameters, tokenizer };
  const path = join(folder, name);
  await writeCheckpoint(path, checkpoint);
  const opened = await openCheckpoint(path);
  const { notes } = await writeGguf(`${path}.gguf`, opened);
  await opened.close();
  return { checkpoint, notes, path: `${path}.gguf` };
}

const largestDifference = (a: readonly number[], b: readonly number[]) =>
  a.reduce((largest, value, at) => Math.max(largest, Math.abs(value - b[at]!)), 0);

describe.each(cases)("$name through llama.cpp's server", (given) => {
  const missing = program.reason ?? given.missing;
  const when = test.skipIf(missing !== undefined);
  const reason = missing === undefined ? "" : ` (skipped: ${missing})`;
  let made: Awaited<ReturnType<typeof exported>>;
  let server: RunningServer;
  beforeAll(async () => {
    if (missing !== undefined || program.reason !== undefined) return;
    made = await exported(given);
    server = await startLlamaServer({ path: program.path, model: made.path }, exactCache);
  });
  afterAll(() => server?.stop());

  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${server.address}${path}`, { method: "POST", body: JSON.stringify(body) });
    return (await answer.json()) as Record<string, unknown>;
  };

  when(`text has the same ids${reason}`, async () => {
    for (const text of given.texts) {
      const { tokens } = await post("/tokenize", { content: text, add_special: true });
      const { tokenizer } = made.checkpoint;
      const ids = tokenizer!.encode(text);
      expect(tokens).toEqual(tokenizer!.addsBeginning ? [tokenizer!.beginningOfSequence, ...ids] : ids);
    }
    if (given.refused === undefined) return;
    expect(() => made.checkpoint.tokenizer!.encode(given.refused![0])).toThrow(RangeError);
    expect((await post("/tokenize", { content: given.refused[0] })).tokens).toEqual(given.refused[1]);
  });

  when(
    `log-probabilities are within 0.001 a token of float64, and 0.0002 of ggml's GELU${reason}`,
    async () => {
      const ids = made.checkpoint.tokenizer!.encode(given.texts[0]!);
      const { vocabularySize } = made.checkpoint.config;
      // Which token is drawn does not matter; one that is whole UTF-8, or the server says nothing of it.
      const drawn = made.checkpoint.tokenizer!.encode(given.texts[0]!)[0]!;
      const settings = {
        n_predict: 1,
        n_probs: vocabularySize,
        temperature: 1,
        top_k: 0,
        top_p: 1,
        min_p: 0,
      };
      const found: number[] = [];
      for (let at = 1; at < ids.length; at++) {
        const answer = await post("/completion", {
          prompt: ids.slice(0, at),
          ...settings,
          post_sampling_probs: false,
          cache_prompt: true,
          logit_bias: [[drawn, 1000]],
        });
        const [position] = answer.completion_probabilities as {
          top_logprobs: { id: number; logprob: number }[];
        }[];
        expect(position?.top_logprobs).toHaveLength(vocabularySize);
        found.push(position!.top_logprobs.find(({ id }) => id === ids[at])!.logprob);
      }
      const of = (rows: number[][]) => ids.slice(1).map((id, at) => rows[at]![id]!);
      expect(largestDifference(found, of(plainLogProbabilities(made.checkpoint, ids)))).toBeLessThan(1e-3);
      const tabulated = of(plainLogProbabilities(made.checkpoint, ids, tabulatedGelu));
      expect(largestDifference(found, tabulated)).toBeLessThan(2e-4);
    },
  );

  when(`it is opened, passes the canary and scores every token${reason}`, async () => {
    const signal = new AbortController().signal;
    const [spec] = modelSpecs([server.address]);
    const endpoint = await endpointFor(spec!, { environment: {} }, signal);
    if (endpoint.likelihood === undefined) throw new Error("cannot score");
    await canary(endpoint, signal);
    expect(endpoint.likelihood.method).toMatch(/grammar/);
    const ids = made.checkpoint.tokenizer!.encode(given.texts[0]!).slice(0, contextLength - 1);
    const exact = plainLogProbabilities(made.checkpoint, ids);
    for (const _ of ["unknown tokens", "known tokens"]) {
      const request = { prompt: { tokens: ids.slice(0, 3) }, response: { tokens: ids.slice(3) } };
      const { tokenLogProbabilities } = await endpoint.likelihood.score(request, signal);
      const expected = ids.slice(3).map((id, at) => exact[at + 2]![id]!);
      expect(largestDifference(tokenLogProbabilities, expected)).toBeLessThan(1e-3);
    }
    const settings = { temperature: 2, maxTokens: 30 };
    const prompt = { tokens: ids.slice(0, 3) };
    const drawn = await endpoint.sampler.sample({ prompt, seed: 1, settings }, signal);
    const all = plainLogProbabilities(made.checkpoint, [...prompt.tokens, ...drawn.tokens!]);
    const expected = drawn.tokens!.map((id, at) => all[at + 2]![id]!);
    expect(largestDifference(drawn.tokenLogProbabilities!, expected)).toBeLessThan(1e-3);
    await endpoint.close();
  });

  when(`the end of a sequence is the checkpoint's own${reason}`, async () => {
    const { tokenizer, config } = made.checkpoint;
    const stop = tokenizer!.endOfSequence ?? tokenizer!.padding;
    for (const token of [2, 11, stop!].filter((id) => id < config.vocabularySize)) {
      const answer = await post("/completion", {
        prompt: tokenizer!.encode(given.texts[0]!).slice(0, 3),
        n_predict: 3,
        logit_bias: [[token, 1000]],
      });
      expect(answer.stop_type).toBe(token === stop ? "eos" : "limit");
    }
  });
});

const packages = fileURLToPath(new URL("../.ci/packages", import.meta.url));
const hasBinding = existsSync(join(packages, "node_modules/node-llama-cpp"));

describe("through node-llama-cpp", () => {
  beforeAll(() => {
    process.env.LMCOV_PACKAGES = packages;
  });
  afterAll(() => {
    delete process.env.LMCOV_PACKAGES;
  });

  test.skipIf(!hasBinding).each(cases.filter(({ missing }) => missing === undefined))(
    "$name: log-probabilities are within 0.001 a token of float64 (skipped without .ci/packages)",
    async (given) => {
      const { checkpoint, path } = await exported(given);
      const signal = new AbortController().signal;
      const [spec] = modelSpecs([path]);
      const endpoint = await endpointFor(spec!, { environment: {} }, signal);
      const ids = checkpoint.tokenizer!.encode(given.texts[0]!);
      const [prompt, response] = [ids.slice(0, 3), ids.slice(3)];
      const scored = await endpoint.likelihood!.score(
        { prompt: { tokens: prompt }, response: { tokens: response } },
        signal,
      );
      const exact = plainLogProbabilities(checkpoint, ids);
      const expected = response.map((id, at) => exact[at + 2]![id]!);
      expect(scored.tokenLogProbabilities).toHaveLength(response.length);
      expect(largestDifference(scored.tokenLogProbabilities, expected)).toBeLessThan(1e-3);
      await endpoint.close();
    },
  );
});

test("the plain transformer gives numpy's log-probabilities to 1e-12", async () => {
  const oracle = fileURLToPath(new URL("oracle/gpt2-checkpoint", import.meta.url));
  const { tokens, logProbabilities } = JSON.parse(readFileSync(join(oracle, "expected.json"), "utf8"));
  const found = plainLogProbabilities(await readCheckpoint(oracle), tokens);
  expect(largestDifference(found.flat(), logProbabilities.flat())).toBeLessThan(1e-12);
});
