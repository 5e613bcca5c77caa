/** Oracle: the linear class of src/model, whose responses are enumerated token by token. */
import { describe, expect, test } from "vitest";
import { linearClassOf, smallInstances } from "../../test/counted-instances.ts";
import {
  inherentVariance,
  type LinearPolicy,
  linearCoverage,
  linearDivergence,
  responseAt,
  responseLogProbabilities,
} from "../model/index.ts";
import { randomGenerator } from "../numeric/index.ts";
import { countedClass } from "./counted-class.ts";

/** How often each token occurs. */
function countsOf(response: ArrayLike<number>, vocabularySize: number): Float64Array {
  const counts = new Float64Array(vocabularySize);
  for (let position = 0; position < response.length; position++) counts[response[position]!]!++;
  return counts;
}

describe.each(Object.entries(smallInstances))("the counted class %s is a linear class", (name, instance) => {
  const { dimension, vocabularySize, horizon, prompts, target, start } = instance;
  const linear = linearClassOf(instance);
  const counted = countedClass(instance);
  const random = randomGenerator(name);
  const thetas = [
    start,
    target,
    ...Array.from({ length: 3 }, () => Float64Array.from(target, () => 0.5 * random.normal())),
  ];
  const policy = (parameters: ArrayLike<number>): LinearPolicy<number> => ({ class: linear, parameters });
  const truth = policy(target);

  test("in its tokens and gradients", () => {
    for (const parameters of thetas) {
      prompts.forEach((_, prompt) => {
        const tokens = counted.tokenLogProbabilities(parameters, prompt, new Float64Array(vocabularySize));
        linear.nextTokenLogProbabilities({ parameters, prompt, response: [] }, 0).forEach((value, token) => {
          expect(tokens[token]).toBeCloseTo(value, 12);
        });
        for (let trial = 0; trial < 5; trial++) {
          const response = Int32Array.from({ length: horizon }, () => random.integer(vocabularySize));
          const gradient = new Float64Array(dimension);
          const counts = countsOf(response, vocabularySize);
          counted.addGradient(parameters, { prompt, counts }, -0.5, gradient);
          linear.gradient({ parameters, prompt, response }).forEach((value, i) => {
            expect(gradient[i]).toBeCloseTo(-0.5 * value, 10);
          });
        }
      });
    }
  });

  test("in divergence, inherent variance, and coverage at atoms and between them", () => {
    expect(counted.inherentVariance).toBeCloseTo(
      inherentVariance(
        truth,
        prompts.map(({ weight }, prompt) => ({ prompt, weight })),
      ),
      10,
    );
    for (const parameters of thetas) {
      prompts.forEach((_, prompt) => {
        const only = { from: truth, to: policy(parameters), prompts: [{ prompt, weight: 1 }] };
        expect(horizon * counted.tokenDivergence(parameters, prompt)).toBeCloseTo(linearDivergence(only), 10);
        const [from, to] = [truth, policy(parameters)].map((each) => responseLogProbabilities(each, prompt));
        const ratios = Array.from({ length: 6 }, () => random.integer(from!.length)).map((index) =>
          Math.exp(from![index]! - to![index]!),
        );
        const n = [1.0001, 1.5, 3, 20, 1e4, ...ratios].filter((value) => value >= 1);
        linearCoverage({ ...only, n }).forEach((coverage, index) => {
          expect(counted.promptCoverage(parameters, prompt, Math.log(n[index]!))).toBeCloseTo(coverage, 10);
        });
      });
    }
  });

  test("whose prompts and counts are drawn with the probabilities of the enumerated responses", () => {
    const draws = 20_000;
    const near = (count: number, probability: number) =>
      expect(Math.abs(count / draws - probability)).toBeLessThan(
        5 * Math.sqrt((probability * (1 - probability)) / draws) + 5 / draws,
      );
    const seen = prompts.map(() => 0);
    for (let draw = 0; draw < draws; draw++) seen[counted.drawPrompt(random)]!++;
    prompts.forEach(({ weight }, prompt) => {
      near(seen[prompt]!, weight);
    });
    prompts.forEach((_, prompt) => {
      const expected = new Map<string, number>();
      responseLogProbabilities(truth, prompt).forEach((value, index) => {
        const key = countsOf(responseAt(linear, index), vocabularySize).join();
        expected.set(key, (expected.get(key) ?? 0) + Math.exp(value));
      });
      const found = new Map<string, number>();
      const counts = new Float64Array(vocabularySize);
      for (let draw = 0; draw < draws; draw++) {
        counted.drawCounts(prompt, horizon, random, counts);
        found.set(counts.join(), (found.get(counts.join()) ?? 0) + 1);
      }
      for (const [key, probability] of expected) near(found.get(key) ?? 0, probability);
      expect([...found.keys()].filter((key) => !expected.has(key))).toEqual([]);
    });
  });
});

test("more counts than can be enumerated are refused", () => {
  const instance = {
    ...smallInstances["four tokens"]!,
    horizon: 3000,
    target: new Float64Array(3),
  };
  expect(() => countedClass(instance).promptCoverage(instance.start, 0, 1)).toThrow(/above 100000/);
});
