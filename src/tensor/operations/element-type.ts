/** Changes of the element type, and the end of differentiation. */
import { applyOne, type Builder, type Operation } from "../operation.ts";
import type { ElementType, Tensor } from "../tensor.ts";

const onnxType = { float: 1, int: 6 } as const;

const castOperation: Operation<{ readonly type: ElementType }> = {
  name: "cast",
  infer: ([x], { type }) => [{ shape: x!.shape, type }],
  evaluate([x], [y], { attributes }) {
    for (let i = 0; i < y!.length; i++) y![i] = attributes.type === "int" ? Math.trunc(x![i]!) : x![i]!;
  },
  lower(onnx, { inputs, outputs, attributes }) {
    onnx.node("Cast", [inputs[0]!.name], {
      outputs: [outputs[0]!.name],
      attributes: { to: onnxType[attributes.type] },
    });
  },
};

/** Floats become integers towards zero. Nothing is differentiated through it. */
export function cast(graph: Builder, x: Tensor, type: ElementType): Tensor {
  return x.type === type ? x : applyOne(graph, castOperation, [x], { type });
}

const stopGradientOperation: Operation<null> = {
  name: "stopGradient",
  infer: ([x]) => [{ shape: x!.shape, type: x!.type }],
  evaluate: ([x], [y]) => y!.set(x!),
  lower(onnx, { inputs, outputs }) {
    onnx.node("Identity", [inputs[0]!.name], { outputs: [outputs[0]!.name] });
  },
};

/** The same values, a constant to differentiation. */
export function stopGradient(graph: Builder, x: Tensor): Tensor {
  return applyOne(graph, stopGradientOperation, [x], null);
}
