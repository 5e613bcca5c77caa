/** The transformer's sizes as Hugging Face's config.json for GPT2LMHeadModel has them. */
import { z } from "zod";
import { UnusableCheckpointError } from "./checkpoint-error.ts";
import { checkTransformerConfig } from "./transformer.ts";
import type { TransformerConfig } from "./transformer-config.ts";

/** Beyond every model of this family: a hostile file must not make the program count to 2^53. */
const largestLayers = 4096;

const size = z.int().positive();

/** The keys of Hugging Face's GPT2Config that say what the model computes. */
const huggingFaceSchema = z.looseObject({
  model_type: z.literal("gpt2"),
  architectures: z.array(z.string()).optional(),
  vocab_size: size,
  n_positions: size,
  n_embd: size,
  n_layer: size,
  n_head: size,
  n_inner: size.nullish(),
  activation_function: z.string().default("gelu_new"),
  layer_norm_epsilon: z.number().positive().lt(1).default(1e-5),
  tie_word_embeddings: z.boolean().default(true),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  add_cross_attention: z.boolean().default(false),
  is_encoder_decoder: z.boolean().default(false),
});

/** Both names stand for the approximation of GELU by tanh. */
const activations = ["gelu_new", "gelu_pytorch_tanh"];

/**
 * The configuration in a Hugging Face config.json.
 *
 * @param place names the file in errors
 * @throws UnusableCheckpointError naming the file, the key and its value where the file describes another model than
 * GPT2LMHeadModel with GELU by tanh, inner width 4 · n_embd and scaled attention.
 * @example
 * const sizes = { vocab_size: 256, n_positions: 64, n_embd: 32, n_layer: 2, n_head: 2 };
 * transformerConfigFromHuggingFace({ model_type: "gpt2", ...sizes }, "config.json").width; // 32
 * transformerConfigFromHuggingFace({ model_type: "llama" }, "config.json"); // throws InputError: config.json: model_type is "llama"…
 */
export function transformerConfigFromHuggingFace(value: unknown, place: string): TransformerConfig {
  const refuse = (reason: string): never => {
    throw new UnusableCheckpointError(`${place}: ${reason}`);
  };
  const kind = (value as { model_type?: unknown } | null)?.model_type;
  if (kind !== "gpt2") refuse(`model_type is ${shown(kind)}: only "gpt2" is known here`);
  const parsed = huggingFaceSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return refuse(`${issue?.path.join(".")}: ${issue?.message}`);
  }
  const found = parsed.data;
  const architecture = found.architectures?.[0] ?? "GPT2LMHeadModel";
  if (architecture !== "GPT2LMHeadModel") {
    refuse(`architectures is ${shown(architecture)}: only "GPT2LMHeadModel" is known here`);
  }
  if (!activations.includes(found.activation_function)) {
    refuse(`activation_function is ${shown(found.activation_function)}: only "gelu_new" is known here`);
  }
  if (typeof found.n_inner === "number" && found.n_inner !== 4 * found.n_embd) {
    refuse(`n_inner is ${found.n_inner}: only 4 · n_embd = ${4 * found.n_embd} is known here`);
  }
  if (!found.scale_attn_weights) refuse("scale_attn_weights is false: only true is known here");
  for (const key of [
    "scale_attn_by_inverse_layer_idx",
    "add_cross_attention",
    "is_encoder_decoder",
  ] as const) {
    if (found[key]) refuse(`${key} is true: only false is known here`);
  }
  if (found.quantization_config !== undefined)
    refuse("quantization_config: quantized weights are not known here");
  if (found.n_layer > largestLayers) refuse(`n_layer is ${found.n_layer}: at most ${largestLayers} are read`);
  const config = {
    vocabularySize: found.vocab_size,
    contextLength: found.n_positions,
    layers: found.n_layer,
    heads: found.n_head,
    width: found.n_embd,
    tiedEmbeddings: found.tie_word_embeddings,
    layerNormEpsilon: found.layer_norm_epsilon,
  };
  try {
    checkTransformerConfig(config);
  } catch (error) {
    return refuse((error as Error).message);
  }
  return config;
}

const shown = (value: unknown): string =>
  value === undefined ? "missing" : JSON.stringify(value).slice(0, 100);

/** Special tokens that config.json names by id. */
export interface SpecialTokenIds {
  readonly beginningOfSequence?: number | undefined;
  readonly endOfSequence?: number | undefined;
  readonly padding?: number | undefined;
}

/**
 * The configuration as a Hugging Face config.json that transformers loads as GPT2LMHeadModel.
 *
 * @example
 * const config = { vocabularySize: 5, contextLength: 8, layers: 1, heads: 2, width: 4, tiedEmbeddings: true, layerNormEpsilon: 1e-5 };
 * huggingFaceConfig(config).n_embd; // 4
 */
export function huggingFaceConfig(
  config: TransformerConfig,
  special: SpecialTokenIds = {},
): Record<string, unknown> {
  return {
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    vocab_size: config.vocabularySize,
    n_positions: config.contextLength,
    n_embd: config.width,
    n_layer: config.layers,
    n_head: config.heads,
    n_inner: null,
    activation_function: "gelu_new",
    layer_norm_epsilon: config.layerNormEpsilon,
    tie_word_embeddings: config.tiedEmbeddings,
    scale_attn_weights: true,
    // transformers would fill in the ids of OpenAI's vocabulary.
    bos_token_id: special.beginningOfSequence ?? null,
    eos_token_id: special.endOfSequence ?? null,
    pad_token_id: special.padding ?? null,
    torch_dtype: "float32",
  };
}
