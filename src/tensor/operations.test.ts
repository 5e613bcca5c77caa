/** The derivative of every operation, of first and second order, against central differences in float64. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { caseGraph, relativeError } from "../../test/tensor/case-graph.ts";
import { type OperationCase, operationCases, valuesOf } from "../../test/tensor/operation-cases.ts";
import { float64Executor, Graph, type NamedValues } from "./index.ts";

async function centralDifferences(
  run: (values: NamedValues) => Promise<NamedValues>,
  values: NamedValues,
  name: string,
  scalar: string,
): Promise<Float64Array> {
  const step = 1e-5;
  const { shape, data } = values[name]!;
  const result = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const at = async (shift: number): Promise<number> => {
      const moved = Float64Array.from(data);
      moved[i]! += shift;
      return (await run({ ...values, [name]: { shape, data: moved } }))[scalar]!.data[0]!;
    };
    // Richardson's extrapolation of two central differences: the error is of fourth order in the step.
    const wide = (await at(step * 20)) - (await at(-step * 20));
    const narrow = (await at(step * 10)) - (await at(-step * 10));
    result[i] = (4 * (narrow / (20 * step)) - wide / (40 * step)) / 3;
  }
  return result;
}

/** Large cases are compared between the executors only. */
const isSmall = (given: OperationCase) => Object.values(given.floats).every(({ data }) => data.length < 100);

describe("derivatives in float64 equal central differences", () => {
  test.each(operationCases.filter(isSmall).map((given) => [given.title, given] as const))(
    "%s",
    async (_, given) => {
      const program = await float64Executor().compile(caseGraph(given));
      const values = valuesOf(given);
      const results = await program.run(values);
      for (const name of Object.keys(given.floats)) {
        for (const [order, scalar] of [
          ["first", "loss"],
          ["second", "slope"],
        ] as const) {
          // These are constants to differentiation, not by themselves.
          if (given.method === "stopGradient") {
            expect([...results[`${order} ${name}`]!.data]).toEqual([0, 0, 0, 0, 0]);
            continue;
          }
          const expected = await centralDifferences(program.run, values, name, scalar);
          const error = relativeError(results[`${order} ${name}`]!.data, expected);
          expect(error, `${order} derivative by ${name}`).toBeLessThan(1e-6);
        }
      }
    },
  );
});

test("every method of Graph that makes a tensor has a case", () => {
  const others = ["constructor", "input", "output", "full", "gradients"];
  const methods = Object.getOwnPropertyNames(Graph.prototype).filter((name) => !others.includes(name));
  const tested = new Set(operationCases.map((given) => given.method));
  expect(methods.filter((name) => !tested.has(name))).toEqual([]);
});

test("every declared operation occurs in a case", () => {
  const folder = fileURLToPath(new URL("operations", import.meta.url));
  const declared = readdirSync(folder).flatMap((file) =>
    [...readFileSync(join(folder, file), "utf8").matchAll(/\bname: "(\w+)"/g)].map((match) => match[1]!),
  );
  const used = new Set(
    operationCases.flatMap((given) => caseGraph(given).nodes.map((node) => node.operation.name)),
  );
  expect(declared.length).toBeGreaterThan(35);
  expect(declared.filter((name) => !used.has(name))).toEqual([]);
});
