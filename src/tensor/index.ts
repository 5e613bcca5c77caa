export type { Executor, Program } from "./executor.ts";
export { Graph } from "./graph.ts";
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
