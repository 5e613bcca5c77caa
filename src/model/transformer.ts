/**
 * The GPT-2-like transformer (App. C.1.2): causal, learned absolute positions, pre-layer-norm, GELU (tanh form).
 * Parameters have Hugging Face's GPT-2 names; weights of its Conv1D layers are [in, out].
 */
import type { RandomGenerator } from "../numeric/index.ts";
import { type Graph, type NamedShapes, type NamedTensors, shapeSize, type Tensor } from "../tensor/index.ts";
import type { LanguageModel } from "./language-model.ts";
import { causalAttention, evenSizes } from "./transformer-attention.ts";
import type { TransformerConfig } from "./transformer-config.ts";
import { biasAfterShift, type LayerNorm, normalisedInput, normIsFolded } from "./transformer-norm.ts";

/**
 * About as many entries of a hidden layer are computed together, so that GELU and its derivative, which go over them many
 * times, find them in the processor's cache: a tenth of a training step.
 */
const largestHidden = 2 ** 19;
/** Products of fewer rows are slower. */
const fewestRows = 512;

const embeddings = "transformer.wte.weight";
const positions = "transformer.wpe.weight";
const head = "lm_head.weight";
const block = (layer: number) => `transformer.h.${layer}.`;

/** Throws RangeError naming the field where no transformer has such a size. */
export function checkTransformerConfig(config: TransformerConfig): void {
  const fields = ["vocabularySize", "contextLength", "layers", "heads", "width"] as const;
  for (const field of fields) {
    const value = config[field];
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`${field} is ${value}: must be a positive integer`);
    }
  }
  if (config.width % config.heads !== 0) {
    throw new RangeError(`width is ${config.width}: must be a multiple of heads, ${config.heads}`);
  }
}

/**
 * Every parameter's name and shape, in Hugging Face's order.
 *
 * @example
 * const config = { vocabularySize: 5, contextLength: 8, layers: 1, heads: 2, width: 4, tiedEmbeddings: true, layerNormEpsilon: 1e-5 };
 * parameterShapes(config)["transformer.h.0.attn.c_attn.weight"]; // [4, 12]
 */
export function parameterShapes(config: TransformerConfig): NamedShapes {
  checkTransformerConfig(config);
  const { width, vocabularySize, contextLength } = config;
  const shapes: Record<string, readonly number[]> = {
    [embeddings]: [vocabularySize, width],
    [positions]: [contextLength, width],
  };
  for (let layer = 0; layer < config.layers; layer++) {
    const name = block(layer);
    shapes[`${name}ln_1.weight`] = [width];
    shapes[`${name}ln_1.bias`] = [width];
    shapes[`${name}attn.c_attn.weight`] = [width, 3 * width];
    shapes[`${name}attn.c_attn.bias`] = [3 * width];
    shapes[`${name}attn.c_proj.weight`] = [width, width];
    shapes[`${name}attn.c_proj.bias`] = [width];
    shapes[`${name}ln_2.weight`] = [width];
    shapes[`${name}ln_2.bias`] = [width];
    shapes[`${name}mlp.c_fc.weight`] = [width, 4 * width];
    shapes[`${name}mlp.c_fc.bias`] = [4 * width];
    shapes[`${name}mlp.c_proj.weight`] = [4 * width, width];
    shapes[`${name}mlp.c_proj.bias`] = [width];
  }
  shapes["transformer.ln_f.weight"] = [width];
  shapes["transformer.ln_f.bias"] = [width];
  if (!config.tiedEmbeddings) shapes[head] = [vocabularySize, width];
  return shapes;
}

/** How parameters start: GPT-2's own way, or the scaled one that small models on synthetic tasks learn faster from. */
export interface Initialisation {
  /** Standard deviation of the token embeddings; 0.02 in GPT-2. */
  readonly tokenEmbedding: number;
  /** Standard deviation of the output head; 0.02 in GPT-2. Not used where embeddings are tied. */
  readonly head: number;
  /** Standard deviation of a block's matrices, or `fan-in` for 1/√(input width). */
  readonly matrix: number | "fan-in";
  /** Standard deviation of the positions, or the amplitude of sinusoids that they start as. */
  readonly position: number | { readonly sinusoid: number };
}

/** Normal draws of standard deviation 0.02, as GPT-2 starts. */
export const gpt2Initialisation: Initialisation = {
  tokenEmbedding: 0.02,
  head: 0.02,
  matrix: 0.02,
  position: 0.02,
};

/** Worked at laptop scale on graph reasoning; our choice, not the paper's. */
export const scaledInitialisation: Initialisation = {
  tokenEmbedding: 0.2,
  head: 0.02,
  matrix: "fan-in",
  position: { sinusoid: 0.25 },
};

/**
 * Parameters at the start of training: normal draws, each tensor from its own stream of the generator; projections
 * back into the residual stream are divided by √(2·layers), gains start at 1 and biases at 0.
 *
 * @example
 * const config = { vocabularySize: 5, contextLength: 8, layers: 1, heads: 2, width: 4, tiedEmbeddings: true, layerNormEpsilon: 1e-5 };
 * const start = initialParameters(config, randomGenerator("seed 1"));
 * start["transformer.wpe.weight"]?.data.length; // 32
 */
export function initialParameters(
  config: TransformerConfig,
  generator: RandomGenerator,
  initialisation: Initialisation = gpt2Initialisation,
): Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }> {
  const start: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  for (const [name, shape] of Object.entries(parameterShapes(config))) {
    const data = new Float32Array(shapeSize(shape));
    const random = generator.split(name);
    const deviation = deviationOf(name, shape, config, initialisation);
    if (name.includes(".ln_")) data.fill(name.endsWith(".weight") ? 1 : 0);
    else if (name === positions && typeof initialisation.position === "object") {
      fillSinusoids(data, config.width, initialisation.position.sinusoid);
    } else if (deviation > 0) {
      for (let i = 0; i < data.length; i++) data[i] = deviation * random.normal();
    }
    start[name] = { shape, data };
  }
  return start;
}

function deviationOf(
  name: string,
  shape: readonly number[],
  config: TransformerConfig,
  start: Initialisation,
): number {
  if (name === embeddings) return start.tokenEmbedding;
  if (name === positions) return typeof start.position === "number" ? start.position : 0;
  if (name === head) return start.head;
  if (shape.length < 2) return 0;
  const deviation = start.matrix === "fan-in" ? 1 / Math.sqrt(shape[0]!) : start.matrix;
  return name.endsWith("c_proj.weight") ? deviation / Math.sqrt(2 * config.layers) : deviation;
}

/** Row t: sines of t at geometric frequencies in the first half, cosines in the second. */
function fillSinusoids(data: Float32Array, width: number, amplitude: number): void {
  const half = Math.max(1, Math.floor(width / 2));
  for (let i = 0; i < data.length; i++) {
    const column = i % width;
    const angle = Math.floor(i / width) / 10_000 ** ((column % half) / half);
    data[i] = amplitude * (column < half ? Math.sin(angle) : Math.cos(angle));
  }
}

/**
 * The transformer as a LanguageModel. Rows are token sequences from position 0, padded on the right: a causal model's
 * values at a position do not depend on what follows. It takes `from`.
 *
 * @throws RangeError naming the size that cannot be; building a graph longer than the context throws too.
 * @example
 * const config = { vocabularySize: 5, contextLength: 8, layers: 1, heads: 2, width: 4, tiedEmbeddings: true, layerNormEpsilon: 1e-5 };
 * Object.keys(transformerModel(config).parameterShapes).length; // 16
 */
export function transformerModel(config: TransformerConfig): LanguageModel {
  return {
    parameterShapes: parameterShapes(config),
    inputs: (graph, { batch, length }) => ({ tokens: graph.input("tokens", [batch, length], "int") }),
    forward(graph, parameters, inputs, { from = 0 } = {}) {
      const tokens = inputs.tokens!;
      const length = tokens.shape[1]!;
      if (length > config.contextLength) {
        throw new RangeError(`length is ${length}: must be at most the context, ${config.contextLength}`);
      }
      if (!(Number.isInteger(from) && from >= 0 && from < length)) {
        throw new RangeError(`from is ${from}: must be a position, 0 … ${length - 1}`);
      }
      const place = graph.slice(parameters[positions]!, { axis: 0, start: 0, end: length });
      const norm = (name: string) => normOf(config, parameters, name);
      let x = graph.add(graph.gather(parameters[embeddings]!, tokens), place);
      for (let layer = 0; layer < config.layers; layer++) {
        const name = block(layer);
        // What only earlier positions would need of the last layer is left out.
        const first = layer === config.layers - 1 ? from : 0;
        const { attended, shift } = causalAttention(graph, config, {
          ...normalisedInput(graph, norm(`${name}ln_1`), {
            x,
            ...linearLayer(parameters, `${name}attn.c_attn`),
          }),
          from: first,
        });
        const stream = graph.slice(x, { axis: 1, start: first, end: length });
        x = graph.add(stream, attentionOutput(graph, parameters, { layer, x: attended, shift }));
        const wide = normalisedInput(graph, norm(`${name}ln_2`), {
          x,
          ...linearLayer(parameters, `${name}mlp.c_fc`),
        });
        x = graph.add(x, feedForward(graph, parameters, { layer, ...wide }));
      }
      const hidden = blockNorm(graph, config, parameters, { name: "transformer.ln_f", x });
      if (!normIsFolded(x, config.vocabularySize)) {
        return { hidden, logits: transformerLogits(graph, config, parameters, hidden) };
      }
      const weight = graph.transpose(outputHead(config, parameters));
      const bias = graph.full([config.vocabularySize], 0);
      const read = normalisedInput(graph, norm("transformer.ln_f"), { x, weight, bias });
      return { hidden, logits: graph.linear(read.x, read.weight, read.bias) };
    },
  };
}

/** Log-odds of the next token [..., vocabulary] from the last hidden states [..., width]. */
export function transformerLogits(
  graph: Graph,
  config: TransformerConfig,
  parameters: NamedTensors,
  hidden: Tensor,
): Tensor {
  const rows = graph.reshape(hidden, [-1, config.width]);
  const logits = graph.matmul(rows, outputHead(config, parameters), { transposeB: true });
  return graph.reshape(logits, [...hidden.shape.slice(0, -1), config.vocabularySize]);
}

const outputHead = (config: TransformerConfig, parameters: NamedTensors): Tensor =>
  parameters[config.tiedEmbeddings ? embeddings : head]!;

const linearLayer = (parameters: NamedTensors, name: string) => ({
  weight: parameters[`${name}.weight`]!,
  bias: parameters[`${name}.bias`]!,
});

const normOf = (config: TransformerConfig, parameters: NamedTensors, name: string): LayerNorm => ({
  gain: parameters[`${name}.weight`]!,
  bias: parameters[`${name}.bias`]!,
  epsilon: config.layerNormEpsilon,
});

/** Layer normalisation under a name of Hugging Face's, such as `transformer.ln_f`. */
export function blockNorm(
  graph: Graph,
  config: TransformerConfig,
  parameters: NamedTensors,
  given: { readonly name: string; readonly x: Tensor },
): Tensor {
  return graph.layerNorm(given.x, normOf(config, parameters, given.name));
}

/** Query, key and value [rows, width] of a layer, from normalised states. */
export function attentionInputs(
  graph: Graph,
  config: TransformerConfig,
  parameters: NamedTensors,
  given: { readonly layer: number; readonly x: Tensor },
): readonly [Tensor, Tensor, Tensor] {
  const name = `${block(given.layer)}attn.c_attn`;
  const rows = graph.reshape(given.x, [-1, config.width]);
  const all = graph.linear(rows, parameters[`${name}.weight`]!, parameters[`${name}.bias`]!);
  return graph.split(all, [config.width, config.width, config.width], 1) as [Tensor, Tensor, Tensor];
}

/** Attention's output projection, back into the residual stream; `shift` [width] is what x lacks. */
export function attentionOutput(
  graph: Graph,
  parameters: NamedTensors,
  given: { readonly layer: number; readonly x: Tensor; readonly shift?: Tensor },
): Tensor {
  const { x, shift } = given;
  const layer = linearLayer(parameters, `${block(given.layer)}attn.c_proj`);
  const bias = shift === undefined ? layer.bias : biasAfterShift(graph, layer, shift);
  return graph.linear(x, layer.weight, bias);
}

/** The two layers with GELU between them; weight and bias of the first are the parameters if not given. */
export function feedForward(
  graph: Graph,
  parameters: NamedTensors,
  given: { readonly layer: number; readonly x: Tensor; readonly weight?: Tensor; readonly bias?: Tensor },
): Tensor {
  const name = `${block(given.layer)}mlp.`;
  const first = { ...linearLayer(parameters, `${name}c_fc`), ...given };
  const second = linearLayer(parameters, `${name}c_proj`);
  const rows = graph.reshape(given.x, [-1, given.x.shape.at(-1)!]);
  const hiddenWidth = first.bias.shape[0]!;
  const parts = graph.split(
    rows,
    evenSizes(rows.shape[0]!, Math.max(fewestRows, largestHidden / hiddenWidth)),
    0,
  );
  const back = parts.map((part) => {
    const hidden = graph.linear(part, first.weight, first.bias);
    return graph.linear(graph.gelu(hidden), second.weight, second.bias);
  });
  return graph.reshape(graph.concat(back, 0), given.x.shape);
}
