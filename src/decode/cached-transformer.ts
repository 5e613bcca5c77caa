/** The GPT-2-like transformer read with a cache of keys and values: the layers of `model/`, another attention. */
import { parameterShapes, type TransformerConfig } from "../model/index.ts";
import {
  attentionInputs,
  attentionOutput,
  blockNorm,
  feedForward,
  transformerLogits,
} from "../model/transformer.ts";
import type { Graph, NamedTensors, Tensor } from "../tensor/index.ts";
import type { CachedModel, CachedOutput, KeysAndValues } from "./cached-model.ts";

/** Attention of one layer: from queries, keys and values [batch, heads, length, width/heads] to what they attend to. */
type Attention = (layer: number, own: KeysAndValues & { readonly queries: Tensor }) => Tensor;

/**
 * The cached form of a transformer.
 *
 * @throws RangeError naming a size that no transformer has.
 */
export function cachedTransformer(config: TransformerConfig): CachedModel {
  const { vocabularySize, contextLength, layers, heads, width } = config;
  return {
    parameterShapes: parameterShapes(config),
    vocabularySize,
    contextLength,
    layers,
    heads,
    width,
    prefill(graph, parameters, { tokens, last }) {
      const [batch, length] = tokens.shape as [number, number];
      const places = graph.slice(parameters["transformer.wpe.weight"]!, { axis: 0, start: 0, end: length });
      const embedded = graph.add(graph.gather(parameters["transformer.wte.weight"]!, tokens), places);
      const causal = graph.constant(causalMask(length), [length, length]);
      const read = new Reading(graph, parameters, { config, batch, length });
      const { states, layers: cache } = read.blocks(
        graph.reshape(embedded, [batch * length, width]),
        (_, { queries, keys, values }) =>
          graph.matmul(graph.softmax(graph.add(scores(graph, queries, keys), causal)), values),
      );
      return read.output(graph.gather(states, last), cache);
    },
    step(graph, parameters, { tokens, positions, mask, cache }) {
      const [batch, , time] = mask.shape as [number, number, number];
      const embedded = graph.add(
        graph.gather(parameters["transformer.wte.weight"]!, tokens),
        graph.gather(parameters["transformer.wpe.weight"]!, positions),
      );
      const masked = graph.reshape(mask, [batch, 1, 1, time]);
      const read = new Reading(graph, parameters, { config, batch, length: 1 });
      const { states, layers: fresh } = read.blocks(embedded, (layer, { queries, keys, values }) => {
        const before = graph.add(scores(graph, queries, cache[layer]!.keys), masked);
        const weights = graph.softmax(graph.concat([before, scores(graph, queries, keys)], 3));
        const [old, own] = graph.split(weights, [time, 1], 3) as [Tensor, Tensor];
        return graph.add(graph.matmul(old, cache[layer]!.values), graph.multiply(own, values));
      });
      return read.output(states, fresh);
    },
  };
}

/** Queries times keys over √(width of a head). Scaled beforehand: onnxruntime packs the keys of a product with a factor. */
function scores(graph: Graph, queries: Tensor, keys: Tensor): Tensor {
  const scaled = graph.multiply(queries, 1 / Math.sqrt(queries.shape.at(-1)!));
  return graph.matmul(scaled, keys, { transposeB: true });
}

/** One forward pass under construction, on states [batch · length, width]. */
class Reading {
  readonly #graph: Graph;
  readonly #parameters: NamedTensors;
  readonly #config: TransformerConfig;
  readonly #batch: number;
  readonly #length: number;

  constructor(
    graph: Graph,
    parameters: NamedTensors,
    shape: { readonly config: TransformerConfig; readonly batch: number; readonly length: number },
  ) {
    this.#graph = graph;
    this.#parameters = parameters;
    this.#config = shape.config;
    this.#batch = shape.batch;
    this.#length = shape.length;
  }

  blocks(embedded: Tensor, attention: Attention): { states: Tensor; layers: KeysAndValues[] } {
    const graph = this.#graph;
    const layers: KeysAndValues[] = [];
    let x = embedded;
    for (let layer = 0; layer < this.#config.layers; layer++) {
      const normal = this.#norm(x, `transformer.h.${layer}.ln_1`);
      const parts = attentionInputs(graph, this.#config, this.#parameters, { layer, x: normal });
      const [queries, keys, values] = parts.map((part) => this.#byHead(part)) as [Tensor, Tensor, Tensor];
      layers.push({ keys, values });
      const attended = this.#joined(attention(layer, { queries, keys, values }));
      x = graph.add(x, attentionOutput(graph, this.#parameters, { layer, x: attended }));
      const wide = this.#norm(x, `transformer.h.${layer}.ln_2`);
      x = graph.add(x, feedForward(graph, this.#parameters, { layer, x: wide }));
    }
    return { states: x, layers };
  }

  /** Last layer norm and output head on states [batch, width]. */
  output(states: Tensor, layers: readonly KeysAndValues[]): CachedOutput {
    const hidden = this.#norm(states, "transformer.ln_f");
    return { hidden, logits: transformerLogits(this.#graph, this.#config, this.#parameters, hidden), layers };
  }

  #norm(x: Tensor, name: string): Tensor {
    return blockNorm(this.#graph, this.#config, this.#parameters, { name, x });
  }

  #byHead(part: Tensor): Tensor {
    const { heads, width } = this.#config;
    const size = width / heads;
    if (this.#length === 1) return this.#graph.reshape(part, [this.#batch, heads, 1, size]);
    const apart = this.#graph.reshape(part, [this.#batch, this.#length, heads, size]);
    return this.#graph.transpose(apart, [0, 2, 1, 3]);
  }

  #joined(x: Tensor): Tensor {
    const rows = this.#length === 1 ? x : this.#graph.transpose(x, [0, 2, 1, 3]);
    return this.#graph.reshape(rows, [this.#batch * this.#length, this.#config.width]);
  }
}

function causalMask(length: number): Float64Array {
  const mask = new Float64Array(length * length);
  for (let row = 0; row < length; row++) {
    mask.fill(Number.NEGATIVE_INFINITY, row * length + row + 1, (row + 1) * length);
  }
  return mask;
}
