import { describe, expect, test } from "vitest";
import {
  answersOf,
  asNumber,
  coverage,
  kl,
  randomModel,
  randomN,
} from "../../test/oracle/profile-finite-models.ts";
import { randomGenerator } from "../numeric/index.ts";
import { answerLogProbabilities } from "./answer-profile.ts";
import { klDivergence } from "./divergence.ts";
import { logRatios } from "./log-ratio.ts";
import { coverageAt } from "./profile.ts";

describe("answer-level log-probabilities", () => {
  test("give the profile and the KL divergence of the merged models by enumeration", () => {
    const random = randomGenerator("answers");
    for (let repeat = 0; repeat < 500; repeat++) {
      const size = { prompts: 1 + random.integer(3), responses: 2 + random.integer(5) };
      const [reference, model] = [randomModel(random, size), randomModel(random, size)];
      const answers = 1 + random.integer(size.responses);
      const answerOf = Array.from({ length: size.responses }, () => random.integer(answers));
      const records = reference.flatMap((weights, prompt) =>
        weights.flatMap((weight, response) => new Array(weight).fill({ prompt, response })),
      ) as { prompt: number; response: number }[];
      // A response that π never draws still belongs to its answer under π̂: give every response once more than drawn.
      const seen = [...records];
      for (let prompt = 0; prompt < size.prompts; prompt++) {
        for (let response = 0; response < size.responses; response++) seen.push({ prompt, response });
      }
      const of = (weights: readonly (readonly number[])[], name: string) => {
        const logProbabilities = seen.map(({ prompt, response }) => {
          const sum = weights[prompt]!.reduce((total, weight) => total + weight, 0);
          return Math.log(weights[prompt]![response]! / sum);
        });
        const all = answerLogProbabilities({
          model: name,
          logProbabilities,
          prompts: seen.map(({ prompt }) => prompt),
          answers: seen.map(({ response }) => answerOf[response]!),
          responses: seen.map(({ response }) => response),
        });
        return { model: name, logProbabilities: all.subarray(0, records.length) };
      };
      const sample = logRatios({ kind: "reference", reference: of(reference, "π"), model: of(model, "π̂") });
      const prompts = records.map(({ prompt }) => prompt);
      const merged = [answersOf(reference, answerOf), answersOf(model, answerOf)] as const;
      const n = randomN(random, ...merged);
      expect(
        Math.abs(coverageAt(sample, { n: asNumber(n), prompts }) - coverage(...merged, n)),
      ).toBeLessThanOrEqual(1e-12);
      const divergence = klDivergence(sample, { prompts }).estimate!;
      const expected = kl(...merged);
      if (Number.isFinite(expected)) expect(Math.abs(divergence - expected)).toBeLessThanOrEqual(1e-12);
      else expect(divergence).toBe(expected);
    }
  });

  test("sum a response drawn twice once, and never across prompts", () => {
    const found = answerLogProbabilities({
      model: "a",
      logProbabilities: [0.5, 0.5, 0.25, 0.125].map(Math.log),
      prompts: ["p", "p", "p", "q"],
      answers: ["42", "42", "42", "42"],
      responses: ["long", "long", "short", "long"],
    });
    [0.75, 0.75, 0.75, 0.125].forEach((expected, record) => {
      expect(Math.exp(found[record]!)).toBeCloseTo(expected, 14);
    });
  });

  test("refuse one response with two values, and repeated responses that nobody named", () => {
    const records = { model: "a", prompts: [1, 1], answers: ["x", "x"] };
    expect(() =>
      answerLogProbabilities({ ...records, logProbabilities: [-1, -2], responses: ["r", "r"] }),
    ).toThrow('model "a" gives response "r" of prompt 1 two log-probabilities, -1 and -2');
    expect(() => answerLogProbabilities({ ...records, logProbabilities: [-0.1, -0.1] })).toThrow(
      'the responses of model "a" to answer "x" of prompt 1 have probability 1.8',
    );
    expect(() => answerLogProbabilities({ ...records, answers: ["x"], logProbabilities: [-1, -2] })).toThrow(
      "answers has length 1: must have one entry a record, 2",
    );
  });
});
