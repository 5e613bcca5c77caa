/** A graph as an ONNX model in float32. */
import { type GraphBuilder, liveNodes } from "./builder.ts";
import { OnnxModel } from "./onnx-model.ts";

/** The encoded model; equal graphs give equal bytes. */
export function onnxModel(graph: GraphBuilder, device = "cpu"): Uint8Array {
  const model = new OnnxModel(device);
  for (const [name, { shape, type }] of graph.inputs) model.input(name, shape, type);
  for (const { tensor, values } of graph.constants) {
    model.initializer(tensor.name, tensor.shape, values, tensor.type);
  }
  for (const node of liveNodes(graph)) node.operation.lower(model, node);
  for (const [name, tensor] of graph.outputs) {
    model.output(onnxOutputName(graph, name), tensor.name, tensor.shape, tensor.type);
  }
  return model.encode();
}

/** An output may have an input's name in a graph, but not in ONNX. */
export function onnxOutputName(graph: GraphBuilder, name: string): string {
  return `output ${[...graph.outputs.keys()].indexOf(name)}: ${name}`;
}
