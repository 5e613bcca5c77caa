/** Every rule's trajectory against the paper's formula in plain loops, on a quadratic and on the linear class (3). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  linearBatch,
  linearClass,
  linearSequences,
  linearSizes,
  linearTokenGradient,
} from "../../../test/linear-class.ts";
import { type Arrays, largestDifference, type Problem, trajectory } from "../../../test/trajectory.ts";
import { type Executor, float64Executor, onnxruntimeExecutor } from "../../tensor/index.ts";
import { sequenceLoss } from "../loss.ts";
import { ruleByName } from "./rule-by-name.ts";

/** All parameters as one vector, and which entries are of a matrix. */
interface Flat {
  readonly names: readonly string[];
  readonly sizes: readonly number[];
  readonly start: readonly number[];
  readonly ofMatrix: readonly boolean[];
  /** Of the loss, at a step from 1. */
  gradient(theta: readonly number[], step: number): number[];
}

interface Case {
  readonly problem: Problem;
  readonly flat: Flat;
}

const sines = (count: number, shift: number) =>
  Array.from({ length: count }, (_, i) => Math.sin(1.3 * i + shift));

/** ½ Σ c(θ − b)² of a matrix [2, 3] and a vector [4]. */
function quadratic(): Case {
  const start = sines(10, 0.4);
  const curvature = sines(10, 2).map((value) => 1.5 + value);
  const best = sines(10, 5).map((value) => 0.7 * value);
  const part = (values: readonly number[], name: string) =>
    name === "matrix" ? values.slice(0, 6) : values.slice(6);
  const shapes = { matrix: [2, 3], vector: [4] };
  return {
    problem: {
      start: {
        matrix: { shape: shapes.matrix, data: Float64Array.from(part(start, "matrix")) },
        vector: { shape: shapes.vector, data: Float64Array.from(part(start, "vector")) },
      },
      loss(graph, parameters) {
        const terms = (["matrix", "vector"] as const).map((name) => {
          const missed = graph.subtract(parameters[name]!, graph.constant(part(best, name), shapes[name]));
          const weights = graph.constant(part(curvature, name), shapes[name]);
          return graph.multiply(graph.sum(graph.multiply(weights, graph.square(missed))), 0.5);
        });
        return graph.add(terms[0]!, terms[1]!);
      },
    },
    flat: {
      names: ["matrix", "vector"],
      sizes: [6, 4],
      start,
      ofMatrix: start.map((_, index) => index < 6),
      gradient: (theta) => theta.map((value, i) => curvature[i]! * (value - best[i]!)),
    },
  };
}

const batchSize = 5;
const batchAt = (step: number) => linearSequences(`step ${step}`, batchSize);

/** Fresh sequences at every step; the loss is minus the mean log-probability of a sequence. */
function linear(): Case {
  const start = sines(linearSizes.features, 1);
  return {
    problem: {
      start: { theta: { shape: [linearSizes.features, 1], data: Float64Array.from(start) } },
      loss(graph, parameters) {
        const shape = { batch: batchSize, length: linearSizes.length };
        const { logits } = linearClass.forward(graph, parameters, linearClass.inputs(graph, shape));
        const targets = graph.input("targets", [shape.batch, shape.length], "int");
        const weights = graph.input("weights", [shape.batch, shape.length]);
        const logProbabilities = graph.pick(graph.logSoftmax(logits), targets);
        return sequenceLoss(graph, { logProbabilities, logits, weights });
      },
      feeds: (step) => linearBatch(batchAt(step)),
    },
    flat: {
      names: ["theta"],
      sizes: [linearSizes.features],
      start,
      ofMatrix: start.map(() => true),
      gradient(theta, step) {
        const total = theta.map(() => 0);
        for (const sequence of batchAt(step)) {
          for (let h = 0; h < sequence.tokens.length; h++) {
            linearTokenGradient(theta, sequence, h).forEach((value, i) => {
              total[i]! -= value / batchSize;
            });
          }
        }
        return total;
      },
    },
  };
}

type Oracle = (flat: Flat, steps: number, rate: number) => number[][];

const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

const projected = (theta: readonly number[], radius: number) => {
  const length = norm(theta);
  return length > radius ? theta.map((value) => (value / length) * radius) : [...theta];
};

/** θ ← step(θ, gradient) with a radius. */
const plain =
  (
    change: (given: {
      theta: readonly number[];
      g: number[];
      rate: number;
      t: number;
      flat: Flat;
    }) => number[],
    radius = Number.POSITIVE_INFINITY,
  ): Oracle =>
  (flat, steps, rate) => {
    let theta = [...flat.start];
    return Array.from({ length: steps }, (_, index) => {
      theta = projected(
        change({ theta, g: flat.gradient(theta, index + 1), rate, t: index + 1, flat }),
        radius,
      );
      return theta;
    });
  };

function adamOracle(given: {
  beta1: number;
  beta2: number;
  epsilon: number;
  coupled?: number;
  decoupled?: number;
  matricesOnly?: boolean;
}): Oracle {
  return (flat, steps, rate) => {
    const m = flat.start.map(() => 0);
    const v = flat.start.map(() => 0);
    const decays = (i: number) => !given.matricesOnly || flat.ofMatrix[i]!;
    return plain(({ theta, g, t }) =>
      theta.map((value, i) => {
        const slope = g[i]! + (decays(i) ? (given.coupled ?? 0) * value : 0);
        m[i] = given.beta1 * m[i]! + (1 - given.beta1) * slope;
        v[i] = given.beta2 * v[i]! + (1 - given.beta2) * slope * slope;
        const mean = m[i]! / (1 - given.beta1 ** t);
        const spread = Math.sqrt(v[i]! / (1 - given.beta2 ** t)) + given.epsilon;
        return value - rate * (mean / spread + (decays(i) ? (given.decoupled ?? 0) * value : 0));
      }),
    )(flat, steps, rate);
  };
}

function momentumOracle(decay: number, weightDecay: number): Oracle {
  return (flat, steps, rate) => {
    const velocity = flat.start.map(() => 0);
    return plain(({ theta, g }) =>
      theta.map((value, i) => {
        const slope = g[i]! + (flat.ofMatrix[i]! ? weightDecay * value : 0);
        velocity[i] = decay * velocity[i]! + slope;
        return value - rate * velocity[i]!;
      }),
    )(flat, steps, rate);
  };
}

const descent = ({ theta, g, rate }: { theta: readonly number[]; g: number[]; rate: number }) =>
  theta.map((value, i) => value - rate * g[i]!);
const normalized =
  (lambda: number) =>
  ({ theta, g, rate }: { theta: readonly number[]; g: number[]; rate: number }) =>
    theta.map((value, i) => value - (rate * g[i]!) / (lambda + norm(g)));

const adamDefaults = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

const cases: readonly [string, string, Record<string, unknown>, Oracle, number][] = [
  ["(14)", "sgd", {}, plain(descent), 0.05],
  ["(14) with the projection", "sgd", { radius: 0.8 }, plain(descent, 0.8), 0.05],
  ["momentum and decay", "sgd", { momentum: 0.7, weightDecay: 0.1 }, momentumOracle(0.7, 0.1), 0.03],
  ["(17), (18)", "normalized-sgd", { lambda: 0.3 }, plain(normalized(0.3)), 0.05],
  ["(17), (18) with the projection", "normalized-sgd", { radius: 1 }, plain(normalized(0.1), 1), 0.05],
  [
    "(20)",
    "sign-sgd",
    {},
    plain(({ theta, g, rate }) => theta.map((value, i) => value - rate * Math.sign(g[i]!))),
    0.0137,
  ],
  ["PyTorch's defaults", "adam", {}, adamOracle(adamDefaults), 0.02],
  [
    "an L2 penalty on matrices",
    "adam",
    { beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.2 },
    adamOracle({ beta1: 0.8, beta2: 0.95, epsilon: 1e-3, coupled: 0.2, matricesOnly: true }),
    0.02,
  ],
  [
    "decay of matrices",
    "adamw",
    {},
    adamOracle({ ...adamDefaults, decoupled: 0.01, matricesOnly: true }),
    0.02,
  ],
  [
    "decay of all tensors",
    "adamw",
    { beta1: 0, weightDecay: 0.5, decays: "all" },
    adamOracle({ ...adamDefaults, beta1: 0, decoupled: 0.5 }),
    0.02,
  ],
];

let onnxruntime: Executor;
beforeAll(async () => {
  onnxruntime = await onnxruntimeExecutor();
});
afterAll(() => onnxruntime.release());

const named = (flat: Flat, theta: readonly number[]): Arrays => {
  let from = 0;
  return Object.fromEntries(
    flat.names.map((name, index) => {
      const to = from + flat.sizes[index]!;
      const part = Float64Array.from(theta.slice(from, to));
      from = to;
      return [name, part];
    }),
  );
};

describe.each([
  ["a quadratic", quadratic()],
  ["the linear class", linear()],
] as const)("on %s", (_, { problem, flat }) => {
  test.each(cases)("%s: 60 steps of %s %o are the formula's", async (_title, name, options, oracle, rate) => {
    const rule = ruleByName(name, { learningRate: rate, ...options }).update;
    const expected = oracle(flat, 60, rate).map((theta) => named(flat, theta));
    const run = (executor: Executor) =>
      trajectory(executor, { rule, problem, steps: 60, learningRate: rate });
    expect(largestDifference(await run(float64Executor()), expected)).toBeLessThan(1e-12);
    expect(largestDifference(await run(onnxruntime), expected)).toBeLessThan(1e-5);
  });
});

test("a gradient of zeros moves nothing, also without λ", async () => {
  const problem: Problem = {
    start: { theta: { shape: [2], data: Float64Array.of(0.3, -0.4) } },
    loss: (graph, { theta }) => graph.multiply(graph.sum(theta!), 0),
  };
  for (const [name, options] of [
    ["normalized-sgd", { lambda: 0 }],
    ["sign-sgd", {}],
    ["adam", {}],
    ["muon", {}],
  ] as const) {
    const rule = ruleByName(name, { learningRate: 0.1, ...options }).update;
    for (const executor of [float64Executor(), onnxruntime]) {
      const [step] = await trajectory(executor, { rule, problem, steps: 1, learningRate: 0.1 });
      expect([...step!.theta!]).toEqual(
        executor === onnxruntime ? [...Float32Array.of(0.3, -0.4)] : [0.3, -0.4],
      );
    }
  }
});
