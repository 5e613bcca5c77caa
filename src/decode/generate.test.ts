import { expect, test } from "vitest";
import { chiSquareQuantile, randomGenerator } from "../numeric/index.ts";
import type { DecodingBatch } from "./decoder.ts";
import { logSoftmax, samplingFilter } from "./filters.ts";
import { type GenerationRequest, generate } from "./generate.ts";
import { prefixDecoder } from "./prefix-decoder.ts";
import { scoreByReading } from "./score.ts";

const vocabularySize = 3;
/** A model whose next token depends on all before it. */
const decoder = prefixDecoder({
  vocabularySize,
  contextLength: 12,
  predict: (prefix) => {
    const generator = randomGenerator(`model/${prefix.join(",")}`);
    return { logits: Float64Array.from({ length: vocabularySize }, () => 0.8 * generator.normal()) };
  },
});

const request = (key: string, more: Partial<GenerationRequest> = {}): GenerationRequest => ({
  prompt: [0],
  generator: randomGenerator(key),
  maxTokens: 3,
  ...more,
});

/** log π of every sequence of three tokens after the prompt [0], by the chain rule on the model itself. */
async function exactLogProbabilities(): Promise<Map<string, number>> {
  const exact = new Map<string, number>();
  const visit = async (tokens: number[], total: number): Promise<void> => {
    if (tokens.length === 3) {
      exact.set(tokens.join(""), total);
      return;
    }
    const state: DecodingBatch = await decoder.begin([[0, ...tokens]], { reserve: 0 });
    const next = logSoftmax(state.logits(0));
    for (let token = 0; token < vocabularySize; token++)
      await visit([...tokens, token], total + next[token]!);
  };
  await visit([], 0);
  return exact;
}

test("draws at temperature 1 fit the model's distribution of sequences, and at temperature 0.5 they do not", async () => {
  const draws = 20_000;
  const exact = await exactLogProbabilities();
  expect([...exact.values()].reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 12);
  const statistic = async (filter: GenerationRequest["filter"]) => {
    const requests = Array.from({ length: draws }, (_, draw) => request(`fit/${draw}`, { filter }));
    const counts = new Map<string, number>();
    for (const { tokens } of await generate(decoder, requests)) {
      counts.set(tokens.join(""), (counts.get(tokens.join("")) ?? 0) + 1);
    }
    let sum = 0;
    for (const [sequence, logProbability] of exact) {
      const expected = draws * Math.exp(logProbability);
      expect(expected).toBeGreaterThan(5);
      sum += ((counts.get(sequence) ?? 0) - expected) ** 2 / expected;
    }
    return sum;
  };
  const critical = chiSquareQuantile({ probability: 0.999, degreesOfFreedom: exact.size - 1 });
  expect(await statistic(undefined)).toBeLessThan(critical);
  expect(await statistic(samplingFilter({ temperature: 0.5 }))).toBeGreaterThan(10 * critical);
});

test("a draw depends on its own prompt and generator, not on the batch that it sits in", async () => {
  const requests = () =>
    Array.from({ length: 37 }, (_, draw) =>
      request(`batch/${draw}`, {
        prompt: Array.from({ length: 1 + (draw % 5) }, () => draw % 3),
        maxTokens: 1 + (draw % 7),
      }),
    );
  const alone = await generate(decoder, requests(), { batch: 1 });
  for (const batch of [2, 16, 64]) expect(await generate(decoder, requests(), { batch })).toEqual(alone);
  const reversed = await generate(decoder, requests().reverse(), { batch: 8 });
  expect(reversed.reverse()).toEqual(alone);
});

test("log-probabilities are the model's own, whatever the filter, and beside them those of the filtered distribution", async () => {
  const filter = samplingFilter({ temperature: 0.7, topK: 2 })!;
  const requests = Array.from({ length: 20 }, (_, draw) =>
    request(`filtered/${draw}`, { filter, alternatives: 2 }),
  );
  const drawn = await generate(decoder, requests);
  const scored = await scoreByReading(
    decoder,
    drawn.map(({ tokens }) => ({ prompt: [0], response: tokens, alternatives: 2 })),
    { batch: 3 },
  );
  for (const [index, draw] of drawn.entries()) {
    expect(scored[index]!.logProbabilities).toEqual(draw.logProbabilities);
    expect(scored[index]!.alternatives).toEqual(draw.alternatives);
    for (const [position, token] of draw.tokens.entries()) {
      const state = await decoder.begin([[0, ...draw.tokens.slice(0, position)]], { reserve: 0 });
      expect(draw.samplingLogProbabilities[position]).toBe(filter(logSoftmax(state.logits(0)))[token]);
    }
  }
});

test("a response ends at the end-of-sequence token, at stop, at maxTokens and at the end of the context", async () => {
  const always = (token: number) =>
    prefixDecoder({
      vocabularySize,
      contextLength: 6,
      predict: () => ({
        logits: Float64Array.from({ length: 3 }, (_, other) => (other === token ? 0 : -1000)),
      }),
    });
  const one = async (token: number, more: Partial<GenerationRequest>) =>
    (await generate(always(token), [request("end", { maxTokens: 9, ...more })]))[0]!;
  expect(await one(2, { endOfSequence: 2 })).toMatchObject({ tokens: [2], finishReason: "stop" });
  expect(await one(1, { stop: (tokens) => tokens.length === 4 })).toMatchObject({
    tokens: [1, 1, 1, 1],
    finishReason: "stop",
  });
  expect(await one(1, { maxTokens: 2 })).toMatchObject({ tokens: [1, 1], finishReason: "length" });
  // The last token of a response is never read, so prompt and response may be one longer than the context.
  expect(await one(1, {})).toMatchObject({ tokens: [1, 1, 1, 1, 1, 1], finishReason: "length" });
  expect(await one(1, { prompt: [0, 0, 0, 0, 0, 0] })).toMatchObject({ tokens: [1], finishReason: "length" });
});

test("what cannot be generated or scored is refused by name", async () => {
  const draw = (more: Partial<GenerationRequest>) => generate(decoder, [request("bad", more)]);
  await expect(draw({ prompt: [] })).rejects.toThrow(/prompt length is 0: /);
  await expect(draw({ prompt: Array(13).fill(0) })).rejects.toThrow(
    /prompt length is 13: must be at most 12/,
  );
  await expect(draw({ prompt: [0, 3] })).rejects.toThrow(/token 1 is 3: must be an integer from 0 to 2/);
  await expect(draw({ maxTokens: 0 })).rejects.toThrow(/maxTokens is 0: /);
  await expect(generate(decoder, [], { batch: 0 })).rejects.toThrow(/batch is 0: /);
  const score = (prompt: number[], response: number[]) => scoreByReading(decoder, [{ prompt, response }]);
  await expect(score([0], [])).rejects.toThrow(/response length is 0: /);
  await expect(score([0], [9])).rejects.toThrow(/token 0 is 9: /);
  await expect(score([0], Array(13).fill(1))).rejects.toThrow(
    /prompt and response is 14: must be at most 13/,
  );
});

test("an aborted generation rejects with the reason", async () => {
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  await expect(generate(decoder, [request("a")], { signal: controller.signal })).rejects.toThrow("enough");
});
