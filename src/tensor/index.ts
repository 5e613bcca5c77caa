/** The numerical engine: differentiable graphs of static shapes, run by onnxruntime or by a float64 interpreter. */
export type { Executor, Program } from "./executor.ts";
export { Graph } from "./graph.ts";
export { float64Executor } from "./interpreter.ts";
export { type OnnxFile, type OnnxFileInput, type OnnxInputValue, onnxFile } from "./onnx-file.ts";
export { type Device, type OnnxruntimeOptions, onnxruntimeExecutor } from "./onnxruntime.ts";
export type { Operand } from "./operation.ts";
export type { AttentionOptions } from "./operations/attention.ts";
export type { ReductionOptions } from "./operations/axes.ts";
export type { MatmulOptions } from "./operations/matmul.ts";
export type {
  ElementType,
  FloatArray,
  NamedShapes,
  NamedTensors,
  NamedValues,
  Shape,
  Tensor,
  TensorValue,
} from "./tensor.ts";
export { shapeSize } from "./tensor.ts";
