/** Vectors joined into one: biases and gains are many and small, and an operation costs more than their entries do. */
import type { Graph, NamedTensors, Tensor } from "../../tensor/index.ts";

/** No parameter has this name. */
const joinedName = "all vectors";

/** All tensors, the vectors among them as one. */
export function joinedTensors(graph: Graph, tensors: NamedTensors): readonly Tensor[] {
  const all = Object.values(tensors);
  const vectors = all.filter(({ shape }) => shape.length === 1);
  if (vectors.length < 2) return all;
  return [...all.filter(({ shape }) => shape.length !== 1), graph.concat(vectors, 0)];
}

/** The vectors among the parameters, with what belongs to one of them, joined and separated again. */
export class JoinedVectors {
  readonly #graph: Graph;
  readonly #names: readonly string[];
  readonly #vectors: readonly string[];
  readonly #sizes: readonly number[];

  constructor(graph: Graph, parameters: NamedTensors) {
    this.#graph = graph;
    this.#names = Object.keys(parameters).sort((left, right) => right.length - left.length);
    this.#vectors = Object.keys(parameters).filter((name) => parameters[name]!.shape.length === 1);
    this.#sizes = this.#vectors.map((name) => parameters[name]!.shape[0]!);
  }

  /** Tensors are named after a parameter, with or without a prefix. */
  join(tensors: NamedTensors): NamedTensors {
    const result: Record<string, Tensor> = {};
    const parts = new Map<string, Map<string, Tensor>>();
    for (const [key, tensor] of Object.entries(tensors)) {
      const name = this.#names.find((one) => key === one || key.endsWith(`.${one}`)) ?? "";
      if (!this.#vectors.includes(name)) {
        result[key] = tensor;
        continue;
      }
      const prefix = key.slice(0, key.length - name.length);
      const known = parts.get(prefix) ?? new Map<string, Tensor>();
      parts.set(prefix, known.set(name, tensor));
    }
    for (const [prefix, byName] of parts) {
      const inOrder = this.#vectors.map((name) => byName.get(name)!);
      result[prefix + joinedName] = this.#graph.concat(inOrder, 0);
    }
    return result;
  }

  separate(tensors: NamedTensors): NamedTensors {
    const result: Record<string, Tensor> = {};
    for (const [key, tensor] of Object.entries(tensors)) {
      if (!key.endsWith(joinedName)) {
        result[key] = tensor;
        continue;
      }
      const prefix = key.slice(0, -joinedName.length);
      const parts = this.#graph.split(tensor, this.#sizes, 0);
      for (const [index, name] of this.#vectors.entries()) result[prefix + name] = parts[index]!;
    }
    return result;
  }
}
