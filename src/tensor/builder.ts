/** Holds a graph under construction: inputs, constants, nodes, outputs. Equal nodes and equal constants are made once. */
import { type Builder, describe, type Node, type Operation } from "./operation.ts";
import { sameShape } from "./shapes.ts";
import { type ElementType, type Shape, shapeSize, type Tensor } from "./tensor.ts";

export interface Constant {
  readonly tensor: Tensor;
  readonly values: Float64Array | Int32Array;
}

export class GraphBuilder implements Builder {
  readonly #tensors = new Map<string, Tensor>();
  readonly #inputs = new Map<string, Tensor>();
  readonly #outputs = new Map<string, Tensor>();
  readonly #constants: Constant[] = [];
  readonly #nodes: Node[] = [];
  readonly #known = new Map<string, readonly Tensor[]>();

  get inputs(): ReadonlyMap<string, Tensor> {
    return this.#inputs;
  }

  get outputs(): ReadonlyMap<string, Tensor> {
    return this.#outputs;
  }

  get constants(): readonly Constant[] {
    return this.#constants;
  }

  /** All nodes, each after those that it reads. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  protected addInput(name: string, shape: Shape, type: ElementType): Tensor {
    if (name === "") throw new RangeError(`input's name is "": must not be empty`);
    if (this.#tensors.has(name)) throw new RangeError(`input's name is ${name}: must be new to the graph`);
    const tensor = this.#tensor(name, shape, type);
    this.#inputs.set(name, tensor);
    return tensor;
  }

  protected addOutput(name: string, tensor: Tensor): void {
    this.#requireOwn("output", tensor);
    if (name === "" || this.#outputs.has(name)) {
      throw new RangeError(
        `output's name is ${JSON.stringify(name)}: must be new to the outputs and not empty`,
      );
    }
    this.#outputs.set(name, tensor);
  }

  constant(values: number | ArrayLike<number>, shape: Shape = [], type: ElementType = "float"): Tensor {
    const list = typeof values === "number" ? [values] : values;
    const data = type === "int" ? Int32Array.from(list) : Float64Array.from(list);
    if (data.length !== shapeSize(shape)) {
      throw new RangeError(
        `number of values of a constant is ${data.length}: must be ${shapeSize(shape)} for shape [${shape.join(", ")}]`,
      );
    }
    const known = this.#constants.find(
      ({ tensor, values: other }) =>
        tensor.type === type && sameShape(tensor.shape, shape) && sameValues(other, data),
    );
    if (known !== undefined) return known.tensor;
    const tensor = this.#tensor(`constant_${this.#constants.length}`, shape, type);
    this.#constants.push({ tensor, values: data });
    return tensor;
  }

  apply<Attributes>(
    operation: Operation<Attributes>,
    inputs: readonly Tensor[],
    attributes: Attributes,
  ): readonly Tensor[] {
    for (const tensor of inputs) this.#requireOwn(operation.name, tensor);
    const key = JSON.stringify([operation.name, attributes, inputs.map((tensor) => tensor.name)]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const stem = `${operation.name}_${this.#nodes.length}`;
    const types = operation.infer(inputs, attributes);
    const outputs = types.map(({ shape, type }, index) =>
      this.#tensor(types.length === 1 ? stem : `${stem}.${index}`, shape, type),
    );
    this.#nodes.push({ operation, attributes, inputs, outputs } as Node);
    this.#known.set(key, outputs);
    return outputs;
  }

  #tensor(name: string, shape: Shape, type: ElementType): Tensor {
    if (!shape.every((dimension) => Number.isInteger(dimension) && dimension >= 1)) {
      throw new RangeError(
        `shape of ${name} is [${shape.join(", ")}]: dimensions must be integers of at least 1`,
      );
    }
    const free = this.#tensors.has(name) ? `${name}.` : name;
    if (free !== name) return this.#tensor(free, shape, type);
    const tensor: Tensor = { name, shape: [...shape], type };
    this.#tensors.set(name, tensor);
    return tensor;
  }

  #requireOwn(operation: string, tensor: Tensor): void {
    if (this.#tensors.get(tensor.name) === tensor) return;
    throw new RangeError(`tensor of ${operation} is ${describe(tensor)}: it belongs to another graph`);
  }
}

function sameValues(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

/** The nodes that the outputs need, in order. */
export function liveNodes(graph: GraphBuilder): readonly Node[] {
  const needed = new Set<Tensor>(graph.outputs.values());
  const live: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((tensor) => needed.has(tensor))) continue;
    live.push(node);
    for (const tensor of node.inputs) needed.add(tensor);
  }
  return live.reverse();
}
