/** A differentiable graph of named tensors with static shapes. */
import type { ElementType, NamedTensors, Shape, Tensor } from "./tensor.ts";

export class Graph {
  input(_name: string, _shape: Shape, _type: ElementType = "float"): Tensor {
    throw new Error("not built yet");
  }
  output(_name: string, _tensor: Tensor): void {}
  gradients(_loss: Tensor, _parameters: NamedTensors): NamedTensors {
    throw new Error("not built yet");
  }
}
