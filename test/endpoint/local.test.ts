/** Models in this process: a GGUF file by node-llama-cpp and an ONNX folder, on a real small model. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canary, endpointFor, modelSpecs, type ScoringEndpoint } from "../../src/endpoint/index.ts";
import {
  byteTokenizer,
  initialParameters,
  openCheckpoint,
  scaledInitialisation,
  writeCheckpoint,
  writeGguf,
} from "../../src/model/index.ts";
import { chiSquareQuantile, randomGenerator } from "../../src/numeric/index.ts";
import { sharedData } from "../shared-data.ts";

const packages = fileURLToPath(new URL("../../.ci/packages", import.meta.url));
const signal = new AbortController().signal;
const folder = sharedData("tinystories-260k/onnx-tinystories-260k");
const gguf = sharedData("tinystories-260k/tinystories-260k-f32.gguf");
const before = "Once upon a time";
const lily = ", there was a little girl named Lily.";
const absurd = " xqz jumps banana 42";

const opened = async (path: string): Promise<ScoringEndpoint> => {
  const [spec] = modelSpecs([path]);
  const endpoint = await endpointFor(spec!, { environment: {} }, signal);
  if (endpoint.likelihood === undefined) throw new Error("cannot score");
  return endpoint;
};
const scored = (endpoint: ScoringEndpoint, response: string, prompt = before) =>
  endpoint.likelihood.score({ prompt: { text: prompt }, response: { text: response } }, signal);

const routes = [
  { name: "an ONNX folder", path: folder, missing: folder === undefined ? "no data" : undefined },
  {
    name: "a GGUF file",
    path: gguf,
    missing:
      gguf === undefined
        ? "no data"
        : existsSync(join(packages, "node_modules/node-llama-cpp"))
          ? undefined
          : "node-llama-cpp is not installed under .ci/packages",
  },
];

beforeAll(() => {
  process.env.LMCOV_PACKAGES = packages;
});
afterAll(() => {
  delete process.env.LMCOV_PACKAGES;
});

describe.each(routes)("$name", ({ path, missing }) => {
  const when = test.skipIf(missing !== undefined);
  const reason = missing === undefined ? "" : ` (skipped: ${missing})`;
  let endpoint: ScoringEndpoint;
  beforeAll(async () => {
    if (missing === undefined) endpoint = await opened(path!);
  });
  afterAll(() => endpoint?.close());

  when(`scores the two known continuations${reason}`, async () => {
    const good = await scored(endpoint, lily);
    // In single precision; llama.cpp's half-precision cache gives −1.2288 and −111.50.
    expect(good.logProbability).toBeCloseTo(-1.228, 3);
    expect(good).toMatchObject({ tokenCount: 11, straddling: 0 });
    const bad = await scored(endpoint, absurd);
    expect(bad.logProbability).toBeCloseTo(-111.5101, 3);
    expect(bad.tokenCount).toBe(17);
    expect(good.tokenLogProbabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(
      good.logProbability,
      9,
    );
  });

  when(`passes the canary, adds the beginning-of-sequence token and knows its context${reason}`, async () => {
    const result = await canary(endpoint, signal);
    expect(result.probable.logProbability).toBeGreaterThan(result.absurd.logProbability);
    expect(endpoint.facts).toMatchObject({ beginningOfSequence: 1, contextLength: 512 });
  });

  when(
    `scores after an empty prompt and refuses an empty response and a text that does not fit${reason}`,
    async () => {
      expect((await scored(endpoint, before, "")).tokenCount).toBe(4);
      await expect(scored(endpoint, "")).rejects.toThrow(/0 tokens long/);
      await expect(scored(endpoint, " the".repeat(600))).rejects.toThrow(/context holds 512/);
    },
  );

  when(
    `draws by seed, gives raw log-probabilities that scoring finds again, and stops where told${reason}`,
    async () => {
      const request = (seed: number, stop: string[] = []) => ({
        prompt: { text: before },
        settings: { temperature: 1, maxTokens: 24, stop },
        seed,
      });
      const first = await endpoint.sampler.sample(request(1), signal);
      expect(await endpoint.sampler.sample(request(1), signal)).toEqual(first);
      expect((await endpoint.sampler.sample(request(2), signal)).text).not.toBe(first.text);
      const again = await endpoint.likelihood.score(
        { prompt: { text: before }, response: { tokens: first.tokens! } },
        signal,
      );
      again.tokenLogProbabilities.forEach((value, index) => {
        expect(value).toBeCloseTo(first.tokenLogProbabilities![index]!, 3);
      });
      const stopped = await endpoint.sampler.sample(request(1, [first.text.slice(3, 6)]), signal);
      expect(stopped).toEqual({
        text: first.text.slice(0, first.text.indexOf(first.text.slice(3, 6))),
        finishReason: "stop",
      });
    },
  );

  when(`draws at temperature 1 follow the scored distribution of the next token${reason}`, async () => {
    const counts = new Map<number, number>();
    const draws = 400;
    for (let seed = 0; seed < draws; seed++) {
      const { tokens } = await endpoint.sampler.sample(
        { prompt: { text: "Once upon" }, settings: { temperature: 1, maxTokens: 1 }, seed },
        signal,
      );
      const token = tokens?.[0] ?? -1;
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    const { tokens } = await endpoint.sampler.sample(
      { prompt: { text: "Once upon" }, settings: { temperature: 0, maxTokens: 1 }, seed: 0 },
      signal,
    );
    // The most likely token against all others: exact probabilities, one degree of freedom.
    const top = tokens![0]!;
    const { logProbability } = await endpoint.likelihood.score(
      { prompt: { text: "Once upon" }, response: { tokens: [top] } },
      signal,
    );
    const expected = draws * Math.exp(logProbability);
    const seen = counts.get(top) ?? 0;
    const statistic = (seen - expected) ** 2 / expected + (seen - expected) ** 2 / (draws - expected);
    expect(statistic).toBeLessThan(chiSquareQuantile({ probability: 0.999, degreesOfFreedom: 1 }));
  });
});

test.skipIf(routes.some(({ missing }) => missing !== undefined))(
  "the two engines agree to 0.001 on each token (skipped where either is missing)",
  async () => {
    const [onnx, llama] = await Promise.all(routes.map(({ path }) => opened(path!)));
    for (const response of [lily, absurd, " in a big forest, a bear", "\n\nThe end"]) {
      const one = await scored(onnx!, response);
      const other = await scored(llama!, response);
      expect(one.tokenCount).toBe(other.tokenCount);
      one.tokenLogProbabilities.forEach((value, index) => {
        expect(Math.abs(value - other.tokenLogProbabilities[index]!)).toBeLessThan(0.001);
      });
    }
    await Promise.all([onnx!.close(), llama!.close()]);
  },
);

test.skipIf(folder === undefined)(
  "an ONNX folder's own chat template makes the prompt of a conversation",
  async () => {
    const copy = mkdtempSync(join(tmpdir(), "lmcov-"));
    mkdirSync(join(copy, "onnx"));
    for (const name of ["config.json", "tokenizer.json", "onnx/model.onnx"]) {
      copyFileSync(join(folder!, name), join(copy, name));
    }
    const template = "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}";
    writeFileSync(
      join(copy, "tokenizer_config.json"),
      JSON.stringify({ bos_token: "<s>", eos_token: "</s>", chat_template: template }),
    );
    const endpoint = await opened(copy);
    const settings = { temperature: 1, maxTokens: 8 };
    const chat = await endpoint.sampler.sample(
      { prompt: { messages: [{ role: "user", content: "Tell a story" }] }, settings, seed: 5 },
      signal,
    );
    const text = await endpoint.sampler.sample(
      { prompt: { text: "user: Tell a story\n" }, settings, seed: 5 },
      signal,
    );
    expect(chat.tokens).toEqual(text.tokens);
    const response = "Once upon 😀";
    const messages = [{ role: "user", content: "Tell a story" }];
    const scored = await endpoint.likelihood.scoreConversation!({ messages, response }, signal);
    const prompt = { text: "user: Tell a story\n" };
    expect(scored).toEqual(await endpoint.likelihood.score({ prompt, response: { text: response } }, signal));
    await endpoint.close();

    writeFileSync(join(copy, "tokenizer_config.json"), JSON.stringify({ bos_token: "<s>" }));
    const plain = await opened(copy);
    expect(plain.likelihood.scoreConversation).toBeUndefined();
    await expect(plain.sampler.sample({ prompt: { messages }, settings, seed: 5 }, signal)).rejects.toThrow(
      /has no chat template/,
    );
    await plain.close();
  },
);

test("a checkpoint of ours scores and draws what its own arithmetic says, token by token", async () => {
  const place = join(mkdtempSync(join(tmpdir(), "lmcov-")), "step-00000007");
  const config = {
    vocabularySize: byteTokenizer().vocabularySize,
    contextLength: 32,
    layers: 2,
    heads: 2,
    width: 16,
    tiedEmbeddings: false,
    layerNormEpsilon: 1e-5,
  };
  const tokenizer = byteTokenizer();
  const parameters = initialParameters(config, randomGenerator("local checkpoint"), scaledInitialisation);
  await writeCheckpoint(place, { config, parameters, tokenizer });
  const endpoint = await opened(place);
  const request = { prompt: { text: "abc" }, settings: { temperature: 1, maxTokens: 8 }, seed: 3 };
  const draw = await endpoint.sampler.sample(request, signal);
  const again = await endpoint.likelihood.score(
    { prompt: { text: "abc" }, response: { tokens: draw.tokens! } },
    signal,
  );
  again.tokenLogProbabilities.forEach((value, index) => {
    expect(value).toBeCloseTo(draw.tokenLogProbabilities![index]!, 4);
  });
  // All continuations of one token share the probability 1.
  let total = 0;
  for (let token = 0; token < tokenizer.vocabularySize; token++) {
    const { logProbability } = await endpoint.likelihood.score(
      { prompt: { text: "abc" }, response: { tokens: [token] } },
      signal,
    );
    total += Math.exp(logProbability);
  }
  expect(total).toBeCloseTo(1, 5);
  await expect(scored(endpoint, "d".repeat(40), "abc")).rejects.toThrow(/context holds 32/);
  await endpoint.close();
});

test("what cannot be loaded is refused by name", async () => {
  const empty = mkdtempSync(join(tmpdir(), "lmcov-"));
  await expect(opened(join(empty, "none"))).rejects.toThrow(/neither an address .* nor a file or folder/);
  await expect(opened(empty)).rejects.toThrow(/holds no model:/);
  writeFileSync(join(empty, "model.bin"), "x");
  await expect(opened(join(empty, "model.bin"))).rejects.toThrow(/only \.gguf can be loaded/);
  mkdirSync(join(empty, "onnx"));
  writeFileSync(join(empty, "onnx/model.onnx"), "not a model");
  await expect(opened(empty)).rejects.toThrow(/tokenizer\.json: there is no such file/);
});

const llama = existsSync(join(packages, "node_modules/node-llama-cpp"));
test.skipIf(!llama)(
  `a GGUF file's own chat template makes the prompt of a conversation${llama ? "" : " (skipped: node-llama-cpp is not installed under .ci/packages)"}`,
  async () => {
    const made = mkdtempSync(join(tmpdir(), "lmcov-gguf-chat-"));
    const tokenizer = byteTokenizer();
    const config = {
      vocabularySize: tokenizer.vocabularySize,
      contextLength: 32,
      layers: 1,
      heads: 2,
      width: 32,
      tiedEmbeddings: true,
      layerNormEpsilon: 1e-5,
    };
    const parameters = initialParameters(config, randomGenerator("gguf chat"), scaledInitialisation);
    await writeCheckpoint(join(made, "checkpoint"), { config, parameters, tokenizer });
    const path = join(made, "chat.gguf");
    const chatTemplate = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{{ eos_token }}";
    await writeGguf(path, await openCheckpoint(join(made, "checkpoint")), { chatTemplate });
    const endpoint = await opened(path);
    const messages = [{ role: "user", content: "hi" }];
    // The end token that the template writes is one token, as are the bytes.
    const tokens = [...Buffer.from("<user>hi"), tokenizer.endOfSequence!];
    const conversation = await endpoint.likelihood.scoreConversation!({ messages, response: " you" }, signal);
    const given = { prompt: { tokens }, response: { tokens: [...Buffer.from(" you")] } };
    const expected = await endpoint.likelihood.score(given, signal);
    expect(conversation.tokenCount).toBe(4);
    expect(conversation.logProbability).toBeCloseTo(expected.logProbability, 9);
    const settings = { temperature: 1, maxTokens: 6 };
    const drawn = (prompt: { messages: typeof messages } | { tokens: number[] }) =>
      endpoint.sampler.sample({ prompt, settings, seed: 5 }, signal);
    expect((await drawn({ messages })).tokens).toEqual((await drawn({ tokens })).tokens);
    await endpoint.close();
  },
  60_000,
);
