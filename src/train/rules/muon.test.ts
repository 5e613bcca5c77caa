import { describe, expect, test } from "vitest";
import { type Arrays, largestDifference, type Problem, trajectory } from "../../../test/trajectory.ts";
import { randomGenerator } from "../../numeric/index.ts";
import { float64Executor, Graph } from "../../tensor/index.ts";
import { hiddenMatrices, muon, orthogonalized } from "./muon.ts";

type Matrix = number[][];

const multiply = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, column) => row.reduce((sum, value, k) => sum + value * b[k]![column]!, 0)));
const transpose = (a: Matrix): Matrix => a[0]!.map((_, column) => a.map((row) => row[column]!));

/** Singular value decomposition by one-sided Jacobi rotations: A = U·diag(σ)·Vᵀ, for at least as many rows as columns. */
function decomposition(matrix: Matrix): { u: Matrix; sigma: number[]; v: Matrix } {
  const a = transpose(matrix);
  const v = a.map((_, i) => a.map((__, j) => (i === j ? 1 : 0)));
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < a.length; p++) {
      for (let q = p + 1; q < a.length; q++) {
        const angle = Math.atan2(2 * dot(a[p]!, a[q]!), dot(a[p]!, a[p]!) - dot(a[q]!, a[q]!)) / 2;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        for (const rows of [a, v]) {
          const [x, y] = [rows[p]!, rows[q]!];
          rows[p] = x.map((value, i) => c * value + s * y[i]!);
          rows[q] = y.map((value, i) => c * value - s * x[i]!);
        }
      }
    }
  }
  const sigma = a.map((column) => Math.hypot(...column));
  return { u: transpose(a.map((column, i) => column.map((x) => x / sigma[i]!))), sigma, v: transpose(v) };
}

/** The scalar iteration on a singular value. */
function iterated(sigma: number, steps: number): number {
  let x = sigma;
  for (let step = 0; step < steps; step++) x = 3.4445 * x - 4.775 * x ** 3 + 2.0315 * x ** 5;
  return x;
}

/** U·diag(f(σ))·Vᵀ of any matrix. */
function spectral(matrix: Matrix, f: (sigma: number, frobenius: number) => number): Matrix {
  if (matrix.length < matrix[0]!.length) return transpose(spectral(transpose(matrix), f));
  const { u, sigma, v } = decomposition(matrix);
  const frobenius = Math.hypot(...sigma);
  return multiply(
    u.map((row) => row.map((value, i) => value * f(sigma[i]!, frobenius))),
    transpose(v),
  );
}

async function ours(matrix: Matrix, steps?: number): Promise<Matrix> {
  const shape = [matrix.length, matrix[0]!.length];
  const graph = new Graph();
  graph.output("o", orthogonalized(graph, graph.input("m", shape), steps));
  const program = await float64Executor().compile(graph);
  const { o } = await program.run({ m: { shape, data: Float64Array.from(matrix.flat()) } });
  return matrix.map((row, i) => [...o!.data.slice(i * row.length, (i + 1) * row.length)]);
}

const difference = (a: Matrix, b: Matrix) =>
  Math.max(...a.flat().map((value, i) => Math.abs(value - b.flat()[i]!)));

const random = randomGenerator("muon test");
const gaussian = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal()));

describe("orthogonalisation", () => {
  test.each([
    [6, 6],
    [9, 4],
    [3, 8],
    [5, 1],
    [1, 1],
  ])(
    "of a [%d, %d] matrix iterates its singular values and keeps its singular vectors",
    async (rows, columns) => {
      const matrix = gaussian(rows, columns);
      for (const steps of [1, 5]) {
        const expected = spectral(matrix, (sigma, frobenius) => iterated(sigma / frobenius, steps));
        expect(difference(await ours(matrix, steps), expected)).toBeLessThan(1e-10);
      }
    },
  );

  test("in five steps is the polar factor up to singular values in [0.68, 1.14], if the matrix is well-conditioned", async () => {
    for (const [rows, columns] of [
      [6, 6],
      [12, 5],
      [4, 10],
    ] as const) {
      const matrix = gaussian(rows, columns);
      const wide = rows < columns;
      const before = decomposition(wide ? transpose(matrix) : matrix).sigma;
      expect(Math.min(...before) / Math.hypot(...before)).toBeGreaterThan(0.01);
      const result = await ours(matrix);
      const { sigma } = decomposition(wide ? transpose(result) : result);
      expect(Math.min(...sigma)).toBeGreaterThan(0.68);
      expect(Math.max(...sigma)).toBeLessThan(1.14);
      // So the spectral distance from the polar factor is at most 0.32.
      const polar = spectral(matrix, () => 1);
      const gap = result.map((row, i) => row.map((value, j) => value - polar[i]![j]!));
      expect(Math.max(...decomposition(wide ? transpose(gap) : gap).sigma)).toBeLessThan(0.32);
    }
  });

  test("is bounded by those numbers for every singular value of at least 1/100 of the norm", () => {
    const values = Array.from({ length: 99_001 }, (_, i) => iterated(0.01 + i * 1e-5, 5));
    expect(Math.min(...values)).toBeGreaterThan(0.68);
    expect(Math.max(...values)).toBeLessThan(1.14);
  });

  test("of zeros is zeros", async () => {
    expect(
      await ours([
        [0, 0],
        [0, 0],
      ]),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test("is for matrices", () => {
    const graph = new Graph();
    expect(() => orthogonalized(graph, graph.input("v", [3]))).toThrow(
      "shape of v is [3]: must be a matrix's",
    );
    expect(() => orthogonalized(graph, graph.input("m", [3, 3]), 0)).toThrow("steps is 0: must be");
  });
});

describe("Muon", () => {
  test("takes matrices inside blocks, and leaves embeddings, heads, gains and biases to Adam", () => {
    const chosen = (name: string, shape: number[]) => hiddenMatrices(name, shape);
    expect(chosen("transformer.h.0.attn.c_attn.weight", [8, 24])).toBe(true);
    expect(chosen("transformer.h.0.mlp.c_proj.weight", [32, 8])).toBe(true);
    expect(chosen("transformer.h.0.attn.c_attn.bias", [24])).toBe(false);
    expect(chosen("transformer.wte.weight", [100, 8])).toBe(false);
    expect(chosen("transformer.wpe.weight", [16, 8])).toBe(false);
    expect(chosen("lm_head.weight", [100, 8])).toBe(false);
    expect(chosen("embedding", [100, 8])).toBe(false);
  });

  test("60 steps on a matrix, an embedding and a bias are the formula's, with the SVD in place of products", async () => {
    const shapes = { "h.weight": [3, 5], "wte.weight": [2, 3], "h.bias": [4] };
    const names = Object.keys(shapes) as (keyof typeof shapes)[];
    const entries = (name: keyof typeof shapes, shift: number) =>
      Array.from({ length: shapes[name].reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1.3 * i + shift));
    const problem: Problem = {
      start: Object.fromEntries(
        names.map((name) => [name, { shape: shapes[name], data: Float64Array.from(entries(name, 0.4)) }]),
      ),
      // ½‖θ − b‖²
      loss: (graph, parameters) =>
        names
          .map((name) => {
            const best = graph.constant(entries(name, 3), shapes[name]);
            return graph.multiply(graph.sum(graph.square(graph.subtract(parameters[name]!, best))), 0.5);
          })
          .reduce((sum, term) => graph.add(sum, term)),
    };
    const theta = Object.fromEntries(names.map((name) => [name, entries(name, 0.4)]));
    const mean = Object.fromEntries(names.map((name) => [name, entries(name, 0).map(() => 0)]));
    const square = Object.fromEntries(names.map((name) => [name, entries(name, 0).map(() => 0)]));
    const expected: Arrays[] = Array.from({ length: 60 }, (_, index) => {
      for (const name of names) {
        const g = theta[name]!.map((value, i) => value - entries(name, 3)[i]!);
        if (name === "h.weight") {
          mean[name] = mean[name]!.map((value, i) => 0.95 * value + 0.05 * g[i]!);
          const ahead = mean[name]!.map((value, i) => 0.95 * value + 0.05 * g[i]!);
          const rows = [0, 1, 2].map((row) => ahead.slice(row * 5, row * 5 + 5));
          const direction = spectral(rows, (sigma, frobenius) => iterated(sigma / frobenius, 5)).flat();
          theta[name] = theta[name]!.map(
            (value, i) => value - 0.02 * (Math.sqrt(5 / 3) * direction[i]! + 0.1 * value),
          );
          continue;
        }
        mean[name] = mean[name]!.map((value, i) => 0.9 * value + 0.1 * g[i]!);
        square[name] = square[name]!.map((value, i) => 0.999 * value + 0.001 * g[i]! ** 2);
        theta[name] = theta[name]!.map((value, i) => {
          const m = mean[name]![i]! / (1 - 0.9 ** (index + 1));
          const v = square[name]![i]! / (1 - 0.999 ** (index + 1));
          const decay = name === "wte.weight" ? 0.1 * value : 0;
          return value - 0.02 * 0.25 * (m / (Math.sqrt(v) + 1e-8) + decay);
        });
      }
      return Object.fromEntries(names.map((name) => [name, Float64Array.from(theta[name]!)]));
    });
    const rule = muon({ weightDecay: 0.1, adamShare: 0.25 });
    const actual = await trajectory(float64Executor(), { rule, problem, steps: 60, learningRate: 0.02 });
    expect(largestDifference(actual, expected)).toBeLessThan(1e-10);
  });

  test("keeps one tensor for a hidden matrix and two for the rest", () => {
    const state = muon().init({ "h.weight": [3, 5], "h.bias": [5] });
    expect(Object.keys(state)).toEqual([
      "muon.matrix.momentum.h.weight",
      "muon.rest.adam.mean.h.bias",
      "muon.rest.adam.square.h.bias",
    ]);
  });
});
