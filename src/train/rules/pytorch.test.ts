/** Momentum, Adam, AdamW and Muon against PyTorch's own trajectories (test/oracle/update-rules.py). */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Arrays, largestDifference, type Problem, trajectory } from "../../../test/trajectory.ts";
import { type Executor, float64Executor, onnxruntimeExecutor } from "../../tensor/index.ts";
import type { UpdateRule } from "../update-rule.ts";
import { adam, adamW } from "./adam.ts";
import { muon } from "./muon.ts";
import { allTensors } from "./pieces.ts";
import { sgd } from "./sgd.ts";

type Dump = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
const { rules } = JSON.parse(
  readFileSync(new URL("../../../test/oracle/update-rules.json", import.meta.url), "utf8"),
) as { rules: Readonly<Record<string, Dump>> };

const sines = (count: number, shift: number) =>
  Float64Array.from({ length: count }, (_, index) => Math.sin(1.7 * index + shift));

const leastSquares = (withVector: boolean): Problem => ({
  start: {
    matrix: { shape: [3, 5], data: sines(15, 0.3) },
    ...(withVector && { vector: { shape: [5], data: sines(5, 0.9) } }),
  },
  loss(graph, { matrix, vector }) {
    const inputs = graph.constant(sines(12, 2.1), [4, 3]);
    const targets = graph.constant(sines(20, 4.2), [4, 5]);
    const shift = vector ?? graph.constant(sines(5, 0.9), [5]);
    const missed = graph.subtract(graph.add(graph.matmul(inputs, matrix!), shift), targets);
    return graph.multiply(graph.sum(graph.square(missed)), 1 / 8);
  },
});

/** Five Newton–Schulz steps enlarge the smallest singular values, and their float32 rounding, by up to 3.4445⁵. */
const float32Limit = (name: string) => (name === "muon" ? 3.4445 ** 5 * 2 ** -24 : 1e-5);

const cases: readonly [string, UpdateRule, number][] = [
  ["sgd", sgd(), 0.2],
  ["sgd with momentum and decay", sgd({ momentum: 0.8, weightDecay: 0.03, decays: allTensors }), 0.05],
  ["adam", adam(), 0.03],
  [
    "adam with decay",
    adam({ beta1: 0.8, beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1, decays: allTensors }),
    0.03,
  ],
  ["adamw", adamW({ beta2: 0.99, weightDecay: 0.2, decays: allTensors }), 0.03],
  ["muon", muon({ weightDecay: 0.1 }), 0.02],
];

let onnxruntime: Executor;
beforeAll(async () => {
  onnxruntime = await onnxruntimeExecutor();
});
afterAll(() => onnxruntime.release());

describe("60 steps are PyTorch's", () => {
  test.each(cases)("%s", async (name, rule, learningRate) => {
    const problem = leastSquares(name !== "muon");
    const dump = rules[name]!;
    const kept = Object.keys(dump).map(Number);
    const names = Object.keys(problem.start);
    const expected: Arrays[] = kept.map((step) =>
      Object.fromEntries(names.map((tensor) => [tensor, Float64Array.from(dump[step]![tensor]!)])),
    );
    const at = async (executor: Executor) => {
      const steps = await trajectory(executor, { rule, problem, steps: 60, learningRate });
      return kept.map((step) => steps[step - 1]!);
    };
    expect(kept).toEqual([1, 2, 10, 60]);
    expect(largestDifference(await at(float64Executor()), expected)).toBeLessThan(1e-12);
    expect(largestDifference(await at(onnxruntime), expected)).toBeLessThan(float32Limit(name));
  });
});
