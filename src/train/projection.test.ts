import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Executor, float64Executor, Graph, onnxruntimeExecutor } from "../tensor/index.ts";
import { l2Ball, type Projection } from "./projection.ts";
import { clipByGlobalNorm, globalNorm, stepNorms } from "./rules/index.ts";

async function applied(executor: Executor, change: Projection, matrix: number[], vector: number[]) {
  const shapes = { matrix: [matrix.length, 1], vector: [vector.length] };
  const graph = new Graph();
  const tensors = {
    matrix: graph.input("matrix", shapes.matrix),
    vector: graph.input("vector", shapes.vector),
  };
  for (const [name, tensor] of Object.entries(change(graph, tensors))) graph.output(name, tensor);
  const program = await executor.compile(graph);
  const result = await program.run({
    matrix: { shape: shapes.matrix, data: Float64Array.from(matrix) },
    vector: { shape: shapes.vector, data: Float64Array.from(vector) },
  });
  await program.release();
  return [...result.matrix!.data, ...result.vector!.data];
}

const entries = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 5 });

let onnxruntime: Executor;
beforeAll(async () => {
  onnxruntime = await onnxruntimeExecutor();
});
afterAll(() => onnxruntime.release());

describe("the projection onto a ball of all parameters jointly", () => {
  test("is the nearest point of the ball: same direction, norm min(radius, ‖θ‖), nothing changed inside", async () => {
    await fc.assert(
      fc.asyncProperty(
        entries,
        entries,
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        async (matrix, vector, radius) => {
          const theta = [...matrix, ...vector];
          const norm = Math.hypot(...theta);
          const projected = await applied(float64Executor(), l2Ball(radius), matrix, vector);
          if (norm < radius * (1 - 1e-12))
            expect(projected.map((x) => x + 0)).toEqual(theta.map((x) => x + 0));
          else {
            expect(Math.abs(Math.hypot(...projected) - radius)).toBeLessThan(1e-12 * radius);
            projected.forEach((value, i) => {
              expect(Math.abs(value - (theta[i]! * radius) / norm)).toBeLessThan(1e-12 * radius);
            });
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test("projecting twice changes nothing more than rounding", async () => {
    const once = await applied(float64Executor(), l2Ball(1), [3, -4], [12]);
    const twice = await applied(float64Executor(), l2Ball(1), once.slice(0, 2), once.slice(2));
    twice.forEach((value, i) => {
      expect(value).toBeCloseTo(once[i]!, 15);
    });
  });

  test("zeros stay, on both engines", async () => {
    for (const executor of [float64Executor(), onnxruntime]) {
      expect(await applied(executor, l2Ball(1), [0, 0], [0])).toEqual([0, 0, 0]);
    }
  });

  test("onnxruntime stays in the ball to float32's rounding", async () => {
    const projected = await applied(onnxruntime, l2Ball(2), [30, -40], [120]);
    expect(Math.hypot(...projected)).toBeCloseTo(2, 6);
  });

  test("needs a positive radius", () => {
    for (const radius of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => l2Ball(radius)).toThrow(`radius is ${radius}: must be positive`);
    }
  });
});

describe("clipping by the global norm", () => {
  const clip =
    (limit: number): Projection =>
    (graph, directions) =>
      clipByGlobalNorm(limit).apply(graph, { directions, parameters: {}, state: {}, scalars: {} }).directions;

  test("scales long directions to the limit and leaves short ones", async () => {
    const long = await applied(float64Executor(), clip(1), [3, 0], [-4]);
    [0.6, 0, -0.8].forEach((value, i) => {
      expect(long[i]).toBeCloseTo(value, 15);
    });
    expect(await applied(float64Executor(), clip(6), [3, 0], [-4])).toEqual([3, 0, -4]);
  });
});

test("the norms of a step are over all parameters jointly", async () => {
  const graph = new Graph();
  const tensor = (name: string) => ({
    a: graph.input(`${name}.a`, [2]),
    b: graph.input(`${name}.b`, [1, 1]),
  });
  const norms = stepNorms(graph, {
    gradients: tensor("gradient"),
    before: tensor("before"),
    after: tensor("after"),
  });
  for (const [name, norm] of Object.entries(norms)) graph.output(name, norm);
  const program = await float64Executor().compile(graph);
  const values = (name: string, a: number[], b: number) => ({
    [`${name}.a`]: { shape: [2], data: Float64Array.from(a) },
    [`${name}.b`]: { shape: [1, 1], data: Float64Array.of(b) },
  });
  const result = await program.run({
    ...values("gradient", [1, 2], 2),
    ...values("before", [1, 1], 1),
    ...values("after", [3, 4], 7),
  });
  expect(result.gradientNorm!.data[0]).toBe(3);
  expect(result.updateNorm!.data[0]).toBe(7);
  expect(result.parameterNorm!.data[0]).toBeCloseTo(Math.sqrt(74), 14);
  expect(() => globalNorm(new Graph(), {})).toThrow("number of tensors is 0: must be at least 1");
});
