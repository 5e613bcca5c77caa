/** Checks of what a program is given: every input once, with the graph's shape and type. */
import type { GraphBuilder } from "./builder.ts";
import { describe, type Values } from "./operation.ts";
import { sameShape } from "./shapes.ts";
import { type NamedValues, shapeSize, type Tensor, type TensorValue } from "./tensor.ts";

/** The inputs' arrays by tensor; throws RangeError naming one that is missing, unknown or of another shape or type. */
export function inputsOf(graph: GraphBuilder, given: NamedValues): Map<Tensor, Values> {
  for (const name of Object.keys(given)) {
    if (!graph.inputs.has(name)) throw new RangeError(`input ${name} is given: the graph has no such input`);
  }
  const result = new Map<Tensor, Values>();
  for (const [name, tensor] of graph.inputs) {
    const value = given[name];
    if (value === undefined)
      throw new RangeError(`input ${name} is missing: the graph reads ${describe(tensor)}`);
    requireFit("input", tensor, value, name);
    result.set(tensor, value.data);
  }
  return result;
}

/** The arrays to write into, by output name. */
export function outputsOf(graph: GraphBuilder, given: NamedValues): Map<string, TensorValue> {
  const result = new Map<string, TensorValue>();
  for (const [name, value] of Object.entries(given)) {
    const tensor = graph.outputs.get(name);
    if (tensor === undefined) throw new RangeError(`output ${name} is given: the graph has no such output`);
    requireFit("output", tensor, value, name);
    result.set(name, value);
  }
  return result;
}

function requireFit(role: string, tensor: Tensor, value: TensorValue, name: string): void {
  const { shape, type } = tensor;
  const kind = value.data instanceof Int32Array ? "int" : "float";
  if (sameShape(value.shape, shape) && value.data.length === shapeSize(shape) && kind === type) return;
  throw new RangeError(
    `${role} ${name} is ${kind} [${value.shape.join(", ")}] with ${value.data.length} entries: must be ${type} [${shape.join(", ")}]`,
  );
}
