/** Runs an update rule on a loss, for tests that compare its trajectory with plain loops. */
import {
  type Executor,
  Graph,
  type NamedTensors,
  type NamedValues,
  type Tensor,
} from "../src/tensor/index.ts";
import type { UpdateRule } from "../src/train/index.ts";

export type Arrays = Readonly<Record<string, Float64Array>>;

export interface Problem {
  readonly start: NamedValues;
  /** May add inputs to the graph. */
  loss(graph: Graph, parameters: NamedTensors): Tensor;
  /** Values of those inputs. */
  feeds?(step: number): NamedValues;
}

/** The parameters after each step. */
export async function trajectory(
  executor: Executor,
  given: {
    readonly rule: UpdateRule;
    readonly problem: Problem;
    readonly steps: number;
    readonly learningRate: number | ((step: number) => number);
  },
): Promise<Arrays[]> {
  const { rule, problem, steps, learningRate } = given;
  const graph = new Graph();
  const shapes = Object.fromEntries(Object.entries(problem.start).map(([name, { shape }]) => [name, shape]));
  const initial = rule.init(shapes);
  const inputs = (prefix: string, named: Readonly<Record<string, readonly number[]>>) =>
    Object.fromEntries(
      Object.entries(named).map(([name, shape]) => [name, graph.input(`${prefix}${name}`, shape)]),
    );
  const parameters = inputs("parameter.", shapes);
  const stateShapes = Object.fromEntries(Object.entries(initial).map(([name, { shape }]) => [name, shape]));
  const updated = rule.update(graph, {
    gradients: graph.gradients(problem.loss(graph, parameters), parameters),
    parameters,
    state: inputs("state.", stateShapes),
    scalars: inputs("", { learningRate: [], step: [] }),
  });
  const outputs = { ...renamed("parameter.", updated.parameters), ...renamed("state.", updated.state) };
  for (const [name, tensor] of Object.entries(outputs)) graph.output(`next.${name}`, tensor);
  const program = await executor.compile(graph);
  let present: NamedValues = {
    ...renamed("parameter.", problem.start),
    ...Object.fromEntries(
      Object.entries(initial).map(([name, { shape, fill }]) => {
        const value = executor.allocate(shape);
        value.data.fill(fill);
        return [`state.${name}`, value];
      }),
    ),
  };
  const passed: Arrays[] = [];
  for (let step = 1; step <= steps; step++) {
    const rate = typeof learningRate === "number" ? learningRate : learningRate(step);
    const result = await program.run({
      ...present,
      ...problem.feeds?.(step),
      learningRate: { shape: [], data: Float64Array.of(rate) },
      step: { shape: [], data: Float64Array.of(step) },
    });
    present = Object.fromEntries(Object.keys(outputs).map((name) => [name, result[`next.${name}`]!]));
    passed.push(
      Object.fromEntries(
        Object.keys(shapes).map((name) => [name, Float64Array.from(present[`parameter.${name}`]!.data)]),
      ),
    );
  }
  await program.release();
  return passed;
}

function renamed<Value>(
  prefix: string,
  values: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]));
}

/** Largest difference at any step, relative to the largest entry of the expected tensor at that step. */
export function largestDifference(actual: readonly Arrays[], expected: readonly Arrays[]): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} steps, not ${expected.length}`);
  let worst = 0;
  expected.forEach((step, index) => {
    for (const [name, values] of Object.entries(step)) {
      const scale = Math.max(...values.map(Math.abs));
      values.forEach((value, entry) => {
        const difference = Math.abs(actual[index]![name]![entry]! - value) / scale;
        if (!(difference <= worst)) worst = difference;
      });
    }
  });
  return worst;
}
