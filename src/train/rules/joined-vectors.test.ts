/** Joined vectors give what each gives by itself, also where one name ends like another. */
import { expect, test } from "vitest";
import { float64Executor, Graph, type NamedValues } from "../../tensor/index.ts";
import { JoinedVectors } from "./joined-vectors.ts";

test("tensors are joined by name, with a prefix or without, and come back", async () => {
  const graph = new Graph();
  const inputs = (shapes: Record<string, readonly number[]>) =>
    Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, graph.input(name, shape)]));
  const parameters = inputs({ weight: [2, 2], bias: [1], "block.bias": [2], "block.weight": [2] });
  // In another order, one name within another's end, and something that belongs to no parameter.
  const state = inputs({ "mean.block.weight": [2], "mean.bias": [1], "mean.block.bias": [2], count: [] });
  const vectors = new JoinedVectors(graph, parameters);
  const joined = { ...vectors.join(parameters), ...vectors.join(state) };
  expect(Object.fromEntries(Object.entries(joined).map(([name, { shape }]) => [name, shape]))).toEqual({
    weight: [2, 2],
    "all vectors": [5],
    count: [],
    "mean.all vectors": [5],
  });
  for (const [name, tensor] of Object.entries(vectors.separate(joined))) graph.output(name, tensor);
  let next = 0;
  const values: NamedValues = Object.fromEntries(
    [...graph.inputs].map(([name, { shape }]) => {
      const size = shape.reduce((product, dimension) => product * dimension, 1);
      return [name, { shape, data: Float64Array.from({ length: size }, () => next++) }];
    }),
  );
  const program = await float64Executor().compile(graph);
  expect(await program.run(values)).toEqual(values);
});
