import { expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import type { Decoder } from "./decoder.ts";
import { generate } from "./generate.ts";
import { headSteppingDecoder } from "./head-decoder.ts";
import { type LinearTestTimeTraining, linearDecoder } from "./linear-decoder.ts";
import { prefixDecoder } from "./prefix-decoder.ts";
import { scoreByReading } from "./score.ts";

const vocabularySize = 5;
const width = 4;
const contextLength = 16;
const random = (key: string, length: number) => {
  const generator = randomGenerator(key);
  return Float64Array.from({ length }, () => generator.normal());
};
const head = random("head", vocabularySize * width).map((value) => value / 4);
const hidden = (prefix: readonly number[]) => random(`hidden/${prefix.join(",")}`, width);

/** The same model twice: as logits W·h, and as the linear class with φ(prefix, a) = e_a ⊗ h and θ = W. */
const headModel = prefixDecoder({
  vocabularySize,
  contextLength,
  width,
  predict: (prefix) => {
    const state = hidden(prefix);
    const logits = Float64Array.from({ length: vocabularySize }, (_, token) =>
      state.reduce((sum, value, index) => sum + value * head[token * width + index]!, 0),
    );
    return { logits, hidden: state };
  },
});
const linearModel = {
  vocabularySize,
  contextLength,
  parameters: head,
  features: (prefix: readonly number[]) => {
    const state = hidden(prefix);
    const features = new Float64Array(vocabularySize * vocabularySize * width);
    for (let token = 0; token < vocabularySize; token++) {
      features.set(state, token * vocabularySize * width + token * width);
    }
    return features;
  },
};
const squaredNorm = head.reduce((sum, value) => sum + value * value, 0);

const requests = () =>
  Array.from({ length: 24 }, (_, draw) => ({
    prompt: [draw % 5, (draw * 2) % 5].slice(0, 1 + (draw % 2)),
    generator: randomGenerator(`draw/${draw}`),
    maxTokens: 2 + (draw % 9),
  }));

async function expectAlike(left: Decoder, right: Decoder, tolerance: number): Promise<number> {
  const drawn = await generate(left, requests(), { batch: 7 });
  const scored = await scoreByReading(
    right,
    drawn.map(({ tokens }, index) => ({ prompt: requests()[index]!.prompt, response: tokens })),
  );
  let worst = 0;
  drawn.forEach(({ logProbabilities }, index) => {
    logProbabilities.forEach((value, position) => {
      worst = Math.max(worst, Math.abs(value - scored[index]!.logProbabilities[position]!));
    });
  });
  expect(worst).toBeLessThanOrEqual(tolerance);
  return drawn.flatMap(({ logProbabilities }) => logProbabilities).reduce((sum, value) => sum + value, 0);
}

test.each([
  ["without a projection", { stepSize: 0.3 }],
  ["with a projection that binds at every step", { stepSize: 0.3, radius: Math.sqrt(squaredNorm) / 2 }],
  ["with a projection that binds now and then", { stepSize: 0.3, radius: 1.02 * Math.sqrt(squaredNorm) }],
] as [string, LinearTestTimeTraining][])(
  "the low-rank form of the stepped head equals the literal recursion of the linear class, %s",
  async (_, options) => {
    const literal = linearDecoder(linearModel, options);
    const lowRank = headSteppingDecoder(headModel, {
      stepSize: options.stepSize,
      projection: options.radius === undefined ? undefined : { radius: options.radius, squaredNorm },
    });
    const stepped = await expectAlike(lowRank, literal, 1e-10);
    await expectAlike(literal, lowRank, 1e-10);
    // Vacuous agreement is ruled out: the steps move the distribution.
    const still = await scoreByReading(
      headModel,
      (await generate(lowRank, requests())).map(({ tokens }, index) => ({
        prompt: requests()[index]!.prompt,
        response: tokens,
      })),
    );
    const unstepped = still
      .flatMap(({ logProbabilities }) => logProbabilities)
      .reduce((sum, value) => sum + value, 0);
    expect(Math.abs(stepped - unstepped)).toBeGreaterThan(0.1);
  },
);

test("the first token is the unstepped model's, and every response starts from the same parameters", async () => {
  const decoder = headSteppingDecoder(headModel, { stepSize: 0.5 });
  const score = async (response: number[]) =>
    (await scoreByReading(decoder, [{ prompt: [1], response }]))[0]!.logProbabilities;
  const plain = (await scoreByReading(headModel, [{ prompt: [1], response: [2, 2] }]))[0]!.logProbabilities;
  const first = await score([2, 2]);
  expect(first[0]).toBe(plain[0]);
  expect(first[1]).not.toBeCloseTo(plain[1]!, 3);
  expect(await score([2, 2])).toEqual(first);
});

test("π^TTT is a distribution over responses: all sequences of three tokens have total mass 1", async () => {
  const decoder = linearDecoder(linearModel, { stepSize: 0.4, radius: 1 });
  const all = Array.from({ length: vocabularySize ** 3 }, (_, code) => ({
    prompt: [0],
    response: [code % 5, Math.floor(code / 5) % 5, Math.floor(code / 25)],
  }));
  const scored = await scoreByReading(decoder, all);
  const mass = scored.reduce(
    (sum, { logProbabilities }) => sum + Math.exp(logProbabilities.reduce((left, right) => left + right, 0)),
    0,
  );
  expect(mass).toBeCloseTo(1, 12);
});

test("steps that cannot be taken are refused", () => {
  expect(() => headSteppingDecoder(headModel, { stepSize: 0 })).toThrow(/step size is 0: /);
  expect(() => linearDecoder(linearModel, { stepSize: Number.NaN })).toThrow(/step size is NaN: /);
  expect(() => linearDecoder(linearModel, { stepSize: 1, radius: -1 })).toThrow(/radius is -1: /);
  expect(() =>
    headSteppingDecoder(headModel, { stepSize: 1, projection: { radius: 0, squaredNorm: 1 } }),
  ).toThrow(/radius is 0: /);
  const silent = prefixDecoder({
    vocabularySize,
    contextLength,
    predict: () => ({ logits: head.slice(0, 5) }),
  });
  expect(() => headSteppingDecoder(silent, { stepSize: 1 })).toThrow(/hidden states/);
});
