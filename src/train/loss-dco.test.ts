import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Executor, float64Executor, Graph, onnxruntimeExecutor } from "../tensor/index.ts";
import { sequenceLoss } from "./loss.ts";
import { dcoLoss } from "./loss-dco.ts";
import type { Loss } from "./step-graph.ts";

/** −log(1 − (1−p)^N) from ℓ = log p, by the functions that graphs lack. */
function literal(l: number, N: number): number {
  const logComplement = l > -Math.LN2 ? Math.log(-Math.expm1(l)) : Math.log1p(-Math.exp(l));
  const q = -N * logComplement;
  return q > Math.LN2 ? -Math.log1p(-Math.exp(-q)) : -Math.log(-Math.expm1(-q));
}

/** Fourth-order central difference in ℓ. */
function slope(l: number, N: number): number {
  // q changes by N·p/(1−p) for a unit of ℓ, and the loss by e^−q.
  const steepness = (N * Math.exp(l)) / -Math.expm1(l);
  const h = Math.min(1e-3 * Math.abs(l), 0.01, 1e-3 / steepness);
  const at = (shift: number) => literal(l + shift * h, N);
  return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h);
}

async function lossAndGradient(executor: Executor, loss: Loss, logProbabilities: number[][]) {
  const shape = [logProbabilities.length, logProbabilities[0]!.length];
  const graph = new Graph();
  const l = graph.input("l", shape);
  const value = loss(graph, { logProbabilities: l, logits: l, weights: graph.full(shape, 1) });
  graph.output("loss", value);
  graph.output("gradient", graph.gradients(value, { l }).l);
  const program = await executor.compile(graph);
  const result = await program.run({ l: { shape, data: Float64Array.from(logProbabilities.flat()) } });
  await program.release();
  return { loss: result.loss!.data[0]!, gradient: [...result.gradient!.data] };
}

let onnxruntime: Executor;
beforeAll(async () => {
  onnxruntime = await onnxruntimeExecutor();
});
afterAll(() => onnxruntime.release());

const probabilities = [
  1e-300, 1e-200, 1e-40, 1e-12, 1e-9, 3e-9, 1e-8, 1e-5, 0.001, 0.03, 0.2, 0.5, 0.7, 0.9, 0.99,
].map(Math.log);
const nearOne = [-1e-3, -1e-6, -1e-12];

describe("the loss of coverage", () => {
  test.each([1, 1.5, 2, 16, 1000])(
    "with N = %d has value and gradient of −log(1 − (1−p)^N), from p = 1e-300 to p → 1",
    async (N) => {
      for (const l of [...probabilities, ...nearOne]) {
        const { loss, gradient } = await lossAndGradient(float64Executor(), dcoLoss(N), [[l]]);
        const expected = literal(l, N);
        expect(Math.abs(loss - expected)).toBeLessThanOrEqual(1e-12 * Math.max(expected, 1e-300) + 1e-300);
        const wanted = slope(l, N);
        // Below 1e-290 the difference quotient has no digits left.
        expect(Math.abs(gradient[0]! - wanted)).toBeLessThanOrEqual(1e-7 * Math.abs(wanted) + 1e-290);
      }
    },
  );

  test("in float32 keeps five digits, also where p is no float32", async () => {
    for (const l of [...probabilities, ...nearOne.slice(0, 2)]) {
      const single = Math.fround(l);
      const { loss, gradient } = await lossAndGradient(onnxruntime, dcoLoss(16), [[single]]);
      const wanted = slope(single, 16);
      expect(Math.abs(loss - literal(single, 16))).toBeLessThan(1e-5 * Math.max(1, literal(single, 16)));
      expect(Math.abs(gradient[0]! - wanted)).toBeLessThan(1e-4 * Math.max(1e-3, Math.abs(wanted)));
    }
  });

  test("at p = 1 exactly, and for a response of probability 0 to the last digit, is finite", async () => {
    for (const executor of [float64Executor(), onnxruntime]) {
      for (const l of [0, -5000]) {
        const { loss, gradient } = await lossAndGradient(executor, dcoLoss(16), [[l]]);
        expect(loss).toBeCloseTo(l === 0 ? 0 : 5000 - Math.log(16), 2);
        expect(gradient[0]).toBeCloseTo(l === 0 ? 0 : -1, 2);
      }
    }
  });

  test("is about whole responses: tokens add up, sequences are averaged", async () => {
    const rows = [
      [-0.1, -2.3, -0.5],
      [-4, -0.01, -1],
    ];
    const { loss, gradient } = await lossAndGradient(float64Executor(), dcoLoss(8), rows);
    const sums = rows.map((row) => row.reduce((total, value) => total + value, 0));
    expect(loss).toBeCloseTo((literal(sums[0]!, 8) + literal(sums[1]!, 8)) / 2, 12);
    const slopes = sums.map((sum) => slope(sum, 8) / 2);
    gradient.forEach((value, index) => {
      expect(value).toBeCloseTo(slopes[index < 3 ? 0 : 1]!, 9);
    });
  });

  test("with N = 1 is the loss at sequence level", async () => {
    const rows = [
      [-0.1, -2.3],
      [-40, -0.01],
    ];
    const ours = await lossAndGradient(float64Executor(), dcoLoss(1), rows);
    const plain = await lossAndGradient(float64Executor(), sequenceLoss, rows);
    expect(ours.loss).toBeCloseTo(plain.loss, 11);
    ours.gradient.forEach((value, index) => {
      expect(value).toBeCloseTo(plain.gradient[index]!, 11);
    });
  });

  test("needs an N of at least 1", () => {
    expect(() => dcoLoss(0.5)).toThrow("N is 0.5: must be at least 1");
  });
});
