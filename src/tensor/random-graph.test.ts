/** Random small graphs: both executors agree, and derivatives equal differences along a random direction. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { relativeError } from "../../test/tensor/case-graph.ts";
import { normal } from "../../test/tensor/operation-cases.ts";
import {
  type Executor,
  float64Executor,
  Graph,
  type NamedValues,
  onnxruntimeExecutor,
  type Tensor,
} from "./index.ts";

/** Smooth steps between matrices [3, 4]; transposes around others meet onnxruntime's rewriting of them. */
const steps: readonly ((graph: Graph, a: Tensor, b: Tensor) => Tensor)[] = [
  (graph, a, b) => graph.add(a, graph.mean(b, { axes: [0] })),
  (graph, a, b) => graph.subtract(graph.tanh(a), b),
  (graph, a, b) => graph.multiply(graph.sigmoid(a), b),
  (graph, a, b) => graph.divide(a, graph.add(graph.square(b), 1)),
  (graph, a, b) => graph.matmul(graph.softmax(graph.matmul(a, b, { transposeB: true, scale: 0.5 })), b),
  (graph, a, b) => graph.matmul(a, graph.tanh(graph.matmul(a, b, { transposeA: true }))),
  (graph, a, b) =>
    graph.layerNorm(a, { gain: graph.mean(b, { axes: [0] }), bias: graph.sum(b, { axes: [0] }) }),
  (graph, a, b) => graph.add(graph.gelu(a), graph.softplus(b)),
  (graph, a, b) =>
    graph.concat([graph.split(a, [1, 3], 1)[1]!, graph.slice(b, { axis: 1, start: 2, end: 3 })], 1),
  (graph, a, b) =>
    graph.sum(graph.logSoftmax(graph.reshape(graph.transpose(graph.concat([a, b], 0)), [2, 3, 4])), {
      axes: [0],
    }),
  (graph, a, b) => graph.multiply(graph.cumulativeSum(graph.tanh(a), { axis: 1 }), graph.tanh(b)),
  (graph, a, b) => graph.log(graph.add(graph.exp(graph.tanh(a)), graph.sqrt(graph.add(graph.square(b), 1)))),
  ...([1, 2, 3] as const).flatMap((turn) => {
    const around = (between: (graph: Graph, x: Tensor) => Tensor) => (graph: Graph, a: Tensor, b: Tensor) => {
      const block = graph.reshape(graph.concat([a, b], 0), [2, 3, 4]);
      const order = [turn % 3, (turn + 1) % 3, (turn + 2) % 3];
      const inverse = [0, 1, 2].map((axis) => order.indexOf(axis));
      const back = graph.transpose(between(graph, graph.transpose(block, order)), inverse);
      return graph.reshape(graph.slice(graph.reshape(back, [-1]), { axis: 0, start: 0, end: 12 }), [3, 4]);
    };
    return [
      around((graph, x) => graph.pad(x, { axis: 1, before: 1, after: 2 })),
      around((graph, x) => graph.concat([graph.slice(x, { axis: 1, start: 1, end: 2 }), x], 1)),
      around((graph, x) => graph.softmax(graph.multiply(x, graph.mean(x, { axes: [2], keep: true })))),
      around((graph, x) =>
        graph.cumulativeSum(graph.where(graph.greater(x, 9), 0, graph.tanh(x)), { axis: 1 }),
      ),
      around((graph, x) =>
        graph.matmul(graph.matmul(x, x, { transposeA: true }), graph.tanh(x), { transposeB: true }),
      ),
    ];
  }),
  (graph, a, b) => graph.add(graph.stopGradient(a), graph.logSumExp(b, { axes: [1], keep: true })),
];

/** The last step is constant to differentiation, not to differences. */
const plans = (count: number) =>
  fc.array(fc.tuple(fc.nat(count - 1), fc.nat(), fc.nat()), { minLength: 1, maxLength: 8 });

function build(choices: readonly (readonly [number, number, number])[]): Graph {
  const graph = new Graph();
  const parameters = { u: graph.input("u", [3, 4]), v: graph.input("v", [3, 4]) };
  const tensors: Tensor[] = Object.values(parameters);
  for (const [step, a, b] of choices) {
    tensors.push(steps[step]!(graph, tensors[a % tensors.length]!, tensors[b % tensors.length]!));
  }
  const loss = graph.mean(graph.tanh(tensors.at(-1)!));
  graph.output("loss", loss);
  const gradients = graph.gradients(loss, parameters);
  for (const [name, gradient] of Object.entries(gradients)) graph.output(name, gradient);
  return graph;
}

const values: NamedValues = Object.fromEntries(
  ["u", "v"].map((name) => {
    const { shape, data } = normal(`random graph ${name}`, [3, 4]);
    return [name, { shape, data: Float64Array.from(Float32Array.from(data)) }];
  }),
);

let executor: Executor;
beforeAll(async () => {
  executor = await onnxruntimeExecutor();
});
afterAll(() => executor.release());

test("onnxruntime and the float64 interpreter agree", async () => {
  const property = fc.asyncProperty(plans(steps.length), async (choices) => {
    const graph = build(choices);
    const expected = await (await float64Executor().compile(graph)).run(values);
    const program = await executor.compile(graph);
    const actual = await program.run(values);
    await program.release();
    for (const [name, { data }] of Object.entries(actual)) {
      expect(relativeError(data, expected[name]!.data), name).toBeLessThan(1e-4);
    }
  });
  await fc.assert(property, { numRuns: 100, seed: 7 });
});

test("the derivative along a direction equals the difference of the loss", async () => {
  const direction = Object.fromEntries(
    ["u", "v"].map((name) => [name, normal(`direction ${name}`, [3, 4]).data]),
  );
  const property = fc.asyncProperty(plans(steps.length - 1), async (choices) => {
    const program = await float64Executor().compile(build(choices));
    const at = async (distance: number): Promise<number> => {
      const moved = Object.entries(values).map(([name, { shape, data }]) => {
        const shifted = Float64Array.from(data, (value, i) => value + distance * direction[name]![i]!);
        return [name, { shape, data: shifted }] as const;
      });
      return (await program.run(Object.fromEntries(moved))).loss!.data[0]!;
    };
    const here = await program.run(values);
    let slope = 0;
    let size = 0;
    for (const name of ["u", "v"]) {
      here[name]!.data.forEach((entry, i) => {
        slope += entry * direction[name]![i]!;
        size += Math.abs(entry * direction[name]![i]!);
      });
    }
    const wide = ((await at(1e-3)) - (await at(-1e-3))) / 2e-3;
    const narrow = ((await at(5e-4)) - (await at(-5e-4))) / 1e-3;
    expect(Math.abs((4 * narrow - wide) / 3 - slope)).toBeLessThan(1e-6 * Math.max(size, 1e-3));
  });
  await fc.assert(property, { numRuns: 100, seed: 7 });
});
