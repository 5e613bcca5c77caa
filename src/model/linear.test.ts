import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { float64Executor, Graph } from "../tensor/index.ts";
import { type LinearClass, linearClass, type Tokens } from "./linear.ts";
import {
  inherentVariance,
  linearCoverage,
  linearDivergence,
  responseAt,
  responseLogProbabilities,
} from "./linear-enumeration.ts";
import { linearBatch, linearLanguageModel } from "./linear-language-model.ts";

const dimension = 3;

/** Any numbers that depend on the prompt and the whole beginning, written into one array. */
function hashed(vocabularySize: number, horizon: number): LinearClass<number> {
  const written = new Float64Array(dimension);
  return linearClass<number>({
    dimension,
    vocabularySize,
    horizon,
    features(prompt, response, length) {
      let state = prompt + 1;
      for (let i = 0; i < length; i++) state = (state * 31 + response[i]! + 1) % 1009;
      for (let i = 0; i < dimension; i++) written[i] = Math.sin(state * (i + 1));
      return written;
    },
  });
}

/** Tokens that are independent given the prompt, declared so or not. */
const independent = (memoryless: boolean): LinearClass<number> =>
  linearClass<number>({
    dimension: 2,
    vocabularySize: 3,
    horizon: 5,
    memoryless,
    features: (prompt, response, length) => [
      prompt * response[length - 1]!,
      (response[length - 1]! - 1) ** 2,
    ],
  });

const parameters = Float64Array.of(0.7, -1.1, 0.4);
const other = Float64Array.of(-0.2, 0.5, 0.9);

/** log π(y|x) from the definition, token by token. */
function direct(linear: LinearClass<number>, theta: Tokens, prompt: number, response: Tokens): number {
  let total = 0;
  for (let h = 0; h < response.length; h++) {
    const odds = Array.from({ length: linear.vocabularySize }, (_, token) => {
      const beginning = [...Array.from(response).slice(0, h), token];
      const features = Array.from(linear.features(prompt, beginning, h + 1));
      return features.reduce((sum, value, i) => sum + value * theta[i]!, 0);
    });
    total += odds[response[h]!]! - Math.log(odds.reduce((sum, value) => sum + Math.exp(value), 0));
  }
  return total;
}

describe("the autoregressive linear class", () => {
  const linear = hashed(3, 4);

  test("probabilities of all responses are those of the definition and sum to one", () => {
    const policy = { class: linear, parameters };
    const all = responseLogProbabilities(policy, 5);
    expect(all.length).toBe(81);
    expect(all.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 13);
    all.forEach((value, index) => {
      const response = responseAt(linear, index);
      expect(value).toBeCloseTo(direct(linear, parameters, 5, response), 12);
      expect(linear.logProbability({ parameters, prompt: 5, response })).toBeCloseTo(value, 12);
    });
  });

  test("a response's log-probability is the sum of its tokens'", () => {
    const given = { parameters, prompt: 2, response: [2, 0, 1, 1] };
    const tokens = linear.tokenLogProbabilities(given);
    expect(tokens.length).toBe(4);
    expect(tokens.reduce((sum, value) => sum + value)).toBeCloseTo(linear.logProbability(given), 13);
    expect(linear.nextTokenLogProbabilities(given, 2)[1]).toBeCloseTo(tokens[2]!, 13);
  });

  test("gradients equal central differences, and those of tokens add up to the response's", () => {
    const given = { parameters, prompt: 3, response: [1, 2, 2, 0] };
    const gradient = linear.gradient(given);
    const step = 1e-5;
    for (let i = 0; i < dimension; i++) {
      const moved = (by: number) =>
        linear.logProbability({
          ...given,
          parameters: parameters.map((value, j) => (i === j ? value + by : value)),
        });
      expect(gradient[i]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 8);
    }
    const summed = new Float64Array(dimension);
    for (let h = 0; h < 4; h++) linear.addTokenGradient(given, h, 2, summed);
    summed.forEach((value, i) => {
      expect(value).toBeCloseTo(2 * gradient[i]!, 12);
    });
  });

  test("the gradient of log π has mean 0 under π", () => {
    const mean = new Float64Array(dimension);
    responseLogProbabilities({ class: linear, parameters }, 1).forEach((value, index) => {
      linear.addGradient(
        { parameters, prompt: 1, response: responseAt(linear, index) },
        Math.exp(value),
        mean,
      );
    });
    for (const value of mean) expect(Math.abs(value)).toBeLessThan(1e-13);
  });

  test("samples have the enumerated frequencies", () => {
    const small = hashed(2, 3);
    const wanted = responseLogProbabilities({ class: small, parameters }, 4).map(Math.exp);
    const generator = randomGenerator("linear class, samples");
    const draws = 20_000;
    const counts = new Float64Array(8);
    const response = new Int32Array(3);
    for (let draw = 0; draw < draws; draw++) {
      small.sample({ parameters, prompt: 4, generator }, response);
      counts[response.reduce((index, token) => 2 * index + token, 0)]! += 1;
    }
    const chiSquare = counts.reduce((sum, count, i) => {
      const expected = draws * wanted[i]!;
      return sum + (count - expected) ** 2 / expected;
    }, 0);
    // The 99.9% point of χ² with 7 degrees of freedom.
    expect(chiSquare).toBeLessThan(24.3);
  });

  test("a class declared memoryless gives the numbers of the same class that is not", () => {
    const [fast, slow] = [independent(true), independent(false)];
    const theta = [0.3, -0.8];
    const given = { parameters: theta, prompt: 2, response: [0, 2, 2, 1, 0] };
    expect(fast.logProbability(given)).toBeCloseTo(slow.logProbability(given), 13);
    expect(Array.from(fast.tokenLogProbabilities(given))).toEqual(
      Array.from(slow.tokenLogProbabilities(given)),
    );
    const [one, two] = [fast.gradient(given), slow.gradient(given)];
    one.forEach((value, i) => {
      expect(value).toBeCloseTo(two[i]!, 12);
    });
    const draw = (from: LinearClass<number>) =>
      from.sample({ parameters: theta, prompt: 2, generator: randomGenerator("memoryless") });
    expect(draw(fast)).toEqual(draw(slow));
    const prompts = [
      { prompt: 2, weight: 0.25 },
      { prompt: -1, weight: 0.75 },
    ];
    const policies = (from: LinearClass<number>) => ({
      from: { class: from, parameters: theta },
      to: { class: from, parameters: [0.1, 0.2] },
      prompts,
    });
    expect(linearDivergence(policies(fast))).toBeCloseTo(linearDivergence(policies(slow)), 12);
    expect(inherentVariance(policies(fast).from, prompts)).toBeCloseTo(
      inherentVariance(policies(slow).from, prompts),
      12,
    );
  });

  test("parameters, tokens and responses that do not fit are refused", () => {
    const given = { parameters, prompt: 0, response: [0] };
    expect(() => linear.logProbability({ ...given, parameters: [1] })).toThrow(
      "number of parameters is 1: must be 3",
    );
    expect(() => linear.gradient({ ...given, response: [3] })).toThrow(
      "token 0 is 3: must be an integer from 0 to 2",
    );
    expect(() => linear.gradient({ ...given, response: [0, 0, 0, 0, 0] })).toThrow(
      "response length is 5: must be at most H, 4",
    );
    expect(() => responseLogProbabilities({ class: hashed(2, 25), parameters }, 0)).toThrow(
      "number of responses is 2^25: must be at most 2^24",
    );
    expect(() => hashed(0, 3)).toThrow("vocabularySize is 0: must be a positive integer");
  });
});

describe("exact numbers of two linear models", () => {
  const linear = hashed(3, 4);
  const given = {
    from: { class: linear, parameters },
    to: { class: linear, parameters: other },
    prompts: [
      { prompt: 1, weight: 0.3 },
      { prompt: 2, weight: 0.7 },
    ],
  };
  const ratios = given.prompts.flatMap(({ prompt, weight }) =>
    Array.from({ length: 81 }, (_, index) => {
      const response = responseAt(linear, index);
      const log = direct(linear, parameters, prompt, response);
      return { mass: weight * Math.exp(log), x: log - direct(linear, other, prompt, response) };
    }),
  );

  test("the divergence is the mean of the log-ratios", () => {
    const mean = ratios.reduce((sum, { mass, x }) => sum + mass * x, 0);
    expect(linearDivergence(given)).toBeCloseTo(mean, 12);
    expect(mean).toBeGreaterThan(0.1);
  });

  test("coverage is the mass of the ratios that reach N, at an atom too", () => {
    const n = [1, 1.5, 3, 8, Math.exp(ratios[40]!.x)].map((value) => Math.max(1, value));
    const coverage = linearCoverage({ ...given, n });
    n.forEach((value, j) => {
      const mass = ratios.reduce(
        (sum, ratio) => sum + (ratio.x >= Math.log(value) - 1e-12 ? ratio.mass : 0),
        0,
      );
      expect(coverage[j]).toBeCloseTo(mass, 12);
    });
    expect(coverage[0]).toBeGreaterThan(coverage[3]!);
  });

  test("the inherent variance is the expected squared distance of features from their means", () => {
    let wanted = 0;
    for (const { prompt, weight } of given.prompts) {
      responseLogProbabilities(given.from, prompt).forEach((value, index) => {
        const response = responseAt(linear, index);
        for (let h = 0; h < 4; h++) {
          const example = { parameters, prompt, response };
          const step = new Float64Array(dimension);
          linear.addTokenGradient(example, h, 1, step);
          wanted += weight * Math.exp(value) * step.reduce((sum, entry) => sum + entry * entry, 0);
        }
      });
    }
    expect(inherentVariance(given.from, given.prompts)).toBeCloseTo(wanted, 11);
  });
});

test("the graph of a class gives its log-probabilities and gradients", async () => {
  const linear = hashed(3, 4);
  const examples = [
    { prompt: 1, response: [0, 2, 1, 1] },
    { prompt: 7, response: [2, 2] },
  ];
  const model = linearLanguageModel(linear);
  const graph = new Graph();
  const theta = graph.input("theta", [dimension]);
  const inputs = model.inputs(graph, { batch: 2, length: 4 });
  const { logits } = model.forward(graph, { theta }, inputs);
  const picked = graph.pick(graph.logSoftmax(logits), graph.input("targets", [2, 4], "int"));
  const total = graph.sum(graph.multiply(picked, graph.input("weights", [2, 4])));
  graph.output("total", total);
  graph.output("gradient", graph.gradients(total, { theta }).theta);
  const program = await float64Executor().compile(graph);
  const results = await program.run({
    theta: { shape: [dimension], data: parameters },
    ...linearBatch(linear, examples),
  });
  const gradient = new Float64Array(dimension);
  const wanted = examples.reduce(
    (sum, example) => sum + linear.addGradient({ parameters, ...example }, 1, gradient),
    0,
  );
  expect(results.total!.data[0]).toBeCloseTo(wanted, 12);
  results.gradient!.data.forEach((value, i) => {
    expect(value).toBeCloseTo(gradient[i]!, 12);
  });
});
