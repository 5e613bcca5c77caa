/** onnxruntime against the float64 interpreter: values and derivatives of every operation, and the executor's contract. */
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { caseGraph, relativeError } from "../../test/tensor/case-graph.ts";
import { operationCases, valuesOf } from "../../test/tensor/operation-cases.ts";
import { smallStep } from "../../test/tensor/small-step.ts";
import {
  type Executor,
  float64Executor,
  Graph,
  type NamedValues,
  onnxruntimeExecutor,
  type TensorValue,
} from "./index.ts";

const float32 = (values: NamedValues): NamedValues =>
  Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => [
      name,
      { shape, data: data instanceof Int32Array ? data : Float32Array.from(data) },
    ]),
  );

/** Rounded to float32, so that both executors get the same numbers. */
const rounded = (values: NamedValues): NamedValues =>
  Object.fromEntries(
    Object.entries(float32(values)).map(([name, { shape, data }]) => [
      name,
      { shape, data: data instanceof Int32Array ? data : Float64Array.from(data) },
    ]),
  );

let executor: Executor;
beforeAll(async () => {
  executor = await onnxruntimeExecutor({ threads: 2 });
});
afterAll(() => executor.release());

describe("values and derivatives equal those of the float64 interpreter", () => {
  test.each(operationCases.map((given) => [given.title, given] as const))("%s", async (_, given) => {
    const graph = caseGraph(given);
    const expected = await (await float64Executor().compile(graph)).run(rounded(valuesOf(given)));
    const program = await executor.compile(graph);
    const actual = await program.run(float32(valuesOf(given)));
    await program.release();
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    for (const [name, { data, shape }] of Object.entries(actual)) {
      expect(shape).toEqual(expected[name]!.shape);
      expect(relativeError(data, expected[name]!.data), name).toBeLessThan(1e-4);
    }
  });
});

const scalar = (value: number): TensorValue => ({ shape: [], data: Float32Array.of(value) });

function counter(): Graph {
  const graph = new Graph();
  const count = graph.input("count", []);
  const total = graph.input("total", [3]);
  graph.output("count", graph.add(count, 1));
  graph.output("total", graph.add(total, count));
  return graph;
}

describe.each([
  ["onnxruntime", () => onnxruntimeExecutor()],
  ["float64 interpreter", async () => float64Executor()],
] as const)("%s", (_, create) => {
  test("state goes to and fro between two sets of buffers in place", async () => {
    const own = await create();
    const program = await own.compile(counter());
    const state = () => ({ count: own.allocate([]), total: own.allocate([3]) });
    let [now, next] = [state(), state()];
    for (let step = 0; step < 5; step++) {
      const results = await program.run(now, next);
      expect(results.total!.data).toBe(next.total.data);
      [now, next] = [next, now];
    }
    expect([...now.count.data]).toEqual([5]);
    expect([...now.total.data]).toEqual([10, 10, 10]);
    await own.release();
  });

  test("an input or output that is missing, unknown or of another shape or type is named", async () => {
    const own = await create();
    const program = await own.compile(counter());
    const count = own.allocate([]);
    const total = own.allocate([3]);
    await expect(program.run({ count })).rejects.toThrow(/input total is missing: .*total \[3\]/);
    await expect(program.run({ count, total, more: count })).rejects.toThrow(/input more is given: /);
    await expect(program.run({ count, total: own.allocate([2]) })).rejects.toThrow(
      /input total is float \[2\].*: must be float \[3\]/,
    );
    await expect(program.run({ count, total: own.allocate([3], "int") })).rejects.toThrow(
      /input total is int \[3\].*: must be float \[3\]/,
    );
    await expect(program.run({ count, total }, { sum: total })).rejects.toThrow(/output sum is given: /);
    await own.release();
  });

  test("an input may be an output, a constant too, and one tensor two outputs", async () => {
    const own = await create();
    const graph = new Graph();
    const x = graph.input("x", [2]);
    const y = graph.negate(x);
    for (const [name, tensor] of Object.entries({ same: x, first: y, second: y })) graph.output(name, tensor);
    graph.output("constant", graph.constant([1, 2, 3], [3]));
    const { same, first, second, constant } = await (await own.compile(graph)).run({
      x: { shape: [2], data: new Float32Array([1, -2]) },
    });
    expect([same, first, second, constant].map((value) => [...value!.data])).toEqual([
      [1, -2],
      [-1, 2],
      [-1, 2],
      [1, 2, 3],
    ]);
    await own.release();
  });

  test("integers are computed as integers", async () => {
    const own = await create();
    const graph = new Graph();
    const a = graph.input("a", [4], "int");
    const b = graph.input("b", [4], "int");
    for (const method of ["add", "subtract", "multiply", "divide", "maximum", "minimum"] as const) {
      graph.output(method, graph[method](a, b));
    }
    for (const method of ["greater", "less", "equal"] as const) graph.output(method, graph[method](a, b));
    for (const method of ["negate", "abs", "sign"] as const) graph.output(method, graph[method](a));
    graph.output("where", graph.where(graph.greater(a, 0), a, b));
    graph.output("sum", graph.sum(a));
    graph.output("max", graph.max(a));
    graph.output("cumulative", graph.cumulativeSum(a, { axis: 0 }));
    graph.output("cast", graph.cast(graph.constant([1.7, -1.7], [2]), "int"));
    graph.output("transposed", graph.transpose(graph.reshape(graph.concat([a, b], 0), [4, 2])));
    graph.output(
      "padded",
      graph.pad(graph.slice(a, { axis: 0, start: 1, end: 3 }), { axis: 0, before: 1, after: 0 }),
    );
    graph.output("split", graph.split(graph.expand(a, [2, 4]), [1, 3], 1)[1]!);
    const int = (...values: number[]) => ({ shape: [4], data: Int32Array.from(values) });
    const results = await (await own.compile(graph)).run({ a: int(7, -7, 2, 5), b: int(2, 2, -3, 5) });
    const lists = Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...data]]));
    expect(lists).toEqual({
      add: [9, -5, -1, 10],
      subtract: [5, -9, 5, 0],
      multiply: [14, -14, -6, 25],
      divide: [3, -3, 0, 1],
      maximum: [7, 2, 2, 5],
      minimum: [2, -7, -3, 5],
      greater: [1, 0, 1, 0],
      less: [0, 1, 0, 0],
      equal: [0, 0, 0, 1],
      negate: [-7, 7, -2, -5],
      abs: [7, 7, 2, 5],
      sign: [1, -1, 1, 1],
      where: [7, 2, 2, 5],
      sum: [7],
      max: [7],
      cumulative: [7, 0, 2, 7],
      cast: [1, -1],
      transposed: [7, 2, 2, -3, -7, 5, 2, 5],
      padded: [0, -7, 2],
      split: [-7, 2, 5, -7, 2, 5],
    });
    await own.release();
  });

  test("an index outside the rows is refused", async () => {
    const own = await create();
    const graph = new Graph();
    const rows = graph.gather(graph.input("matrix", [2, 2]), graph.input("indices", [1], "int"));
    graph.output("rows", rows);
    const program = await own.compile(graph);
    const indices = { shape: [1], data: Int32Array.of(2) };
    await expect(program.run({ matrix: own.allocate([2, 2]), indices })).rejects.toThrow(/\b2\b/);
    await own.release();
  });
});

test("two runs give the same bits", async () => {
  const graph = new Graph();
  const x = graph.input("x", [64, 96]);
  const w = graph.input("w", [96, 64]);
  const loss = graph.sum(graph.logSoftmax(graph.gelu(graph.matmul(x, w))));
  graph.output("gradient", graph.gradients(loss, { w }).w);
  const program = await executor.compile(graph);
  const values = Object.fromEntries(
    [...graph.inputs].map(([name, { shape }]) => [
      name,
      { shape, data: Float32Array.from({ length: 64 * 96 }, (_, i) => Math.sin(i * i)) },
    ]),
  );
  const first = (await program.run(values)).gradient!.data;
  const second = (await program.run(values)).gradient!.data;
  expect(Buffer.from(first.buffer).equals(Buffer.from(second.buffer))).toBe(true);
});

test("programs of equal graphs share one session, which lives as long as one of them", async () => {
  const [a, b] = [await executor.compile(counter()), await executor.compile(counter())];
  await a.release();
  const { count } = await b.run({ count: scalar(1), total: { shape: [3], data: new Float32Array(3) } });
  expect(count!.data[0]).toBe(2);
  await expect(a.run({})).rejects.toThrow("released");
  await b.release();
});

test("a whole training step equals the float64 interpreter's", async () => {
  const { graph, values } = smallStep();
  const expected = await (await float64Executor().compile(graph)).run(values);
  const actual = await (await executor.compile(graph)).run(values);
  for (const [name, { data }] of Object.entries(actual)) {
    expect(relativeError(data, expected[name]!.data), name).toBeLessThan(1e-5);
  }
});

test("a profile of the nodes' times is written when the program is released", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-"));
  const own = await onnxruntimeExecutor({ profile: join(folder, "nodes") });
  const program = await own.compile(counter());
  await program.run({ count: scalar(1), total: own.allocate([3]) });
  await program.release();
  expect(readdirSync(folder)).toHaveLength(1);
});

test("bad options are refused by name", async () => {
  await expect(onnxruntimeExecutor({ threads: 0 })).rejects.toThrow("threads is 0: ");
  await expect(onnxruntimeExecutor({ threads: 100_000 })).rejects.toThrow("threads is 100000: ");
  await expect(onnxruntimeExecutor({ device: "tpu" as "cpu" })).rejects.toThrow(/device is tpu: .*cpu/);
});
