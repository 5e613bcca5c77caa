/** An ONNX model under construction, and its encoding; the field numbers are those of onnx.proto. */
import { ProtobufMessage } from "./protobuf.ts";
import { type ElementType, type Shape, shapeSize } from "./tensor.ts";

const dataType = { float: 1, int: 6, int64: 7, bool: 9 } as const;
const attributeType = { float: 1, integer: 2, text: 3, integers: 7 } as const;
const intermediateRepresentation = 9;
const operatorSet = 20;

/** Integers, a list of integers, text, or `{ float }`. */
export type OnnxAttribute = number | readonly number[] | string | { readonly float: number };

interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  readonly domain: string;
}

interface OnnxOutput {
  readonly name: string;
  readonly source: string;
  readonly description: ProtobufMessage;
}

export class OnnxModel {
  /** Target of the lowering: some operators are only worth their name on one device. */
  readonly device: string;
  #nodes: OnnxNode[] = [];
  #taken = new Set<string>();
  #inputs: { name: string; description: ProtobufMessage }[] = [];
  #outputs: OnnxOutput[] = [];
  #initializers = new Map<string, ProtobufMessage>();
  #shared = new Map<string, string>();
  #fresh = 0;

  constructor(device = "cpu") {
    this.device = device;
  }

  input(name: string, shape: Shape, type: ElementType): void {
    this.#taken.add(name);
    this.#inputs.push({ name, description: valueInfo(name, shape, type) });
  }

  output(name: string, source: string, shape: Shape, type: ElementType): void {
    this.#outputs.push({ name, source, description: valueInfo(name, shape, type) });
  }

  /** Adds a node. Outputs that are not needed are the empty text; without `outputs` a fresh name is made. */
  node(
    operator: string,
    inputs: readonly string[],
    options: {
      readonly outputs?: readonly string[];
      readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
      readonly domain?: string;
    } = {},
  ): string {
    const { outputs = [this.#freshName()], attributes = {}, domain = "" } = options;
    this.#nodes.push({ operator, inputs, outputs, attributes, domain });
    for (const name of outputs) this.#taken.add(name);
    return outputs[0]!;
  }

  /** A one-dimensional initializer of 64-bit integers, as ONNX wants axes and shapes. */
  integers(values: readonly number[]): string {
    return this.#initializer(
      `int64 ${values}`,
      dataType.int64,
      [values.length],
      BigInt64Array.from(values, BigInt),
    );
  }

  /** A scalar initializer. */
  number(value: number, type: ElementType = "float"): string {
    const data = type === "int" ? Int32Array.of(value) : Float32Array.of(value);
    // Negative zero is a value of its own.
    return this.#initializer(`${type} ${Object.is(value, -0) ? "-0" : value}`, dataType[type], [], data);
  }

  /** Floats that are all the same number. */
  full(shape: Shape, value: number): string {
    const data = new Float32Array(shapeSize(shape)).fill(value);
    return this.#initializer(`full ${shape} ${value}`, dataType.float, shape, data);
  }

  /** The integers 0 … count − 1. */
  counting(shape: Shape, count: number): string {
    const key = `counting ${shape}`;
    return this.#initializer(
      key,
      dataType.int,
      shape,
      Int32Array.from({ length: count }, (_, i) => i),
    );
  }

  /** What a value is the square of, where a node squares. */
  squared(name: string): string | undefined {
    const node = this.#nodes.find(({ outputs }) => outputs[0] === name);
    const [left, right] = node?.operator === "Mul" ? node.inputs : [];
    return left === right ? left : undefined;
  }

  /** Whether a node has this output. */
  has(name: string): boolean {
    return this.#taken.has(name);
  }

  initializer(name: string, shape: Shape, values: ArrayLike<number>, type: ElementType): void {
    const data = type === "int" ? Int32Array.from(values) : Float32Array.from(values);
    this.#initializers.set(name, tensorMessage(name, dataType[type], shape, data));
  }

  /** The model as bytes; nodes that no output needs are left out. */
  encode(): Uint8Array {
    const producers = new Map(
      this.#nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)),
    );
    const live = liveNodes(
      this.#outputs.map((output) => output.source),
      producers,
    );
    const renamed = new Map<string, string>();
    const copies: OnnxNode[] = [];
    for (const { name, source } of this.#outputs) {
      if (producers.has(source) && !renamed.has(source)) renamed.set(source, name);
      else {
        const from = renamed.get(source) ?? source;
        copies.push({ operator: "Identity", inputs: [from], outputs: [name], attributes: {}, domain: "" });
      }
    }
    const final = (name: string) => renamed.get(name) ?? name;
    const nodes = [...this.#nodes.filter((node) => live.has(node)), ...copies];
    const used = new Set(nodes.flatMap((node) => node.inputs));

    const graph = new ProtobufMessage();
    for (const node of nodes) graph.message(1, nodeMessage(node, final));
    graph.text(2, "lmcov");
    for (const [name, message] of this.#initializers) if (used.has(name)) graph.message(5, message);
    for (const { description } of this.#inputs) graph.message(11, description);
    for (const { description } of this.#outputs) graph.message(12, description);
    return new ProtobufMessage()
      .integer(1, intermediateRepresentation)
      .text(2, "lmcov")
      .message(7, graph)
      .message(8, new ProtobufMessage().text(1, "").integer(2, operatorSet))
      .message(8, new ProtobufMessage().text(1, "com.microsoft").integer(2, 1))
      .encoded();
  }

  #freshName(): string {
    const name = `value_${this.#fresh++}`;
    return this.#taken.has(name) ? this.#freshName() : name;
  }

  #initializer(key: string, type: number, shape: Shape, data: ArrayBufferView): string {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const name = this.#freshName();
    this.#shared.set(key, name);
    this.#initializers.set(name, tensorMessage(name, type, shape, data));
    return name;
  }
}

function liveNodes(wanted: readonly string[], producers: ReadonlyMap<string, OnnxNode>): Set<OnnxNode> {
  const live = new Set<OnnxNode>();
  const stack = [...wanted];
  while (stack.length > 0) {
    const node = producers.get(stack.pop()!);
    if (node === undefined || live.has(node)) continue;
    live.add(node);
    stack.push(...node.inputs);
  }
  return live;
}

function valueInfo(name: string, shape: Shape, type: ElementType): ProtobufMessage {
  const dimensions = new ProtobufMessage();
  for (const dimension of shape) dimensions.message(1, new ProtobufMessage().integer(1, dimension));
  const tensorType = new ProtobufMessage().integer(1, dataType[type]).message(2, dimensions);
  return new ProtobufMessage().text(1, name).message(2, new ProtobufMessage().message(1, tensorType));
}

function tensorMessage(name: string, type: number, shape: Shape, data: ArrayBufferView): ProtobufMessage {
  const message = new ProtobufMessage();
  for (const dimension of shape) message.integer(1, dimension);
  return message
    .integer(2, type)
    .text(8, name)
    .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function nodeMessage(node: OnnxNode, final: (name: string) => string): ProtobufMessage {
  const message = new ProtobufMessage();
  for (const name of node.inputs) message.text(1, final(name));
  for (const name of node.outputs) message.text(2, final(name));
  message.text(3, `${node.operator} ${final(node.outputs.find((name) => name !== "") ?? "")}`);
  message.text(4, node.operator);
  for (const [name, value] of Object.entries(node.attributes)) message.message(5, attribute(name, value));
  if (node.domain !== "") message.text(7, node.domain);
  return message;
}

function attribute(name: string, value: OnnxAttribute): ProtobufMessage {
  const message = new ProtobufMessage().text(1, name);
  if (typeof value === "number") return message.integer(3, value).integer(20, attributeType.integer);
  if (typeof value === "string") return message.text(4, value).integer(20, attributeType.text);
  if ("float" in value) return message.float(2, value.float).integer(20, attributeType.float);
  for (const item of value) message.integer(8, item);
  return message.integer(20, attributeType.integers);
}
