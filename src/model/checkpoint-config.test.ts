import { expect, test } from "vitest";
import { huggingFaceConfig, transformerConfigFromHuggingFace } from "./checkpoint-config.ts";
import { parameterShapes } from "./transformer.ts";

const gpt2 = {
  vocabularySize: 50257,
  contextLength: 1024,
  layers: 12,
  heads: 12,
  width: 768,
  tiedEmbeddings: true,
  layerNormEpsilon: 1e-5,
};

/** The published config.json of openai-community/gpt2, without its task parameters. */
const publishedGpt2 = {
  activation_function: "gelu_new",
  architectures: ["GPT2LMHeadModel"],
  attn_pdrop: 0.1,
  bos_token_id: 50256,
  embd_pdrop: 0.1,
  eos_token_id: 50256,
  initializer_range: 0.02,
  layer_norm_epsilon: 1e-5,
  model_type: "gpt2",
  n_ctx: 1024,
  n_embd: 768,
  n_head: 12,
  n_layer: 12,
  n_positions: 1024,
  resid_pdrop: 0.1,
  summary_activation: null,
  vocab_size: 50257,
};

test("the published GPT-2 configuration is read, and its shapes hold 124,439,808 parameters", () => {
  const config = transformerConfigFromHuggingFace(publishedGpt2, "config.json");
  expect(config).toEqual(gpt2);
  const count = Object.values(parameterShapes(config)).reduce(
    (sum, shape) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  expect(count).toBe(124_439_808);
});

test("a configuration is the same after a turn through config.json", () => {
  const config = { ...gpt2, tiedEmbeddings: false, layerNormEpsilon: 1e-6 };
  const text = JSON.stringify(huggingFaceConfig(config));
  expect(transformerConfigFromHuggingFace(JSON.parse(text), "config.json")).toEqual(config);
});

test.each([
  [null, /model_type is missing/],
  [{ ...publishedGpt2, model_type: "gpt_neox" }, /model_type is "gpt_neox"/],
  [{ ...publishedGpt2, architectures: ["GPT2DoubleHeadsModel"] }, /architectures is "GPT2DoubleHeadsModel"/],
  [{ ...publishedGpt2, activation_function: "relu" }, /activation_function is "relu"/],
  [{ ...publishedGpt2, n_inner: 100 }, /n_inner is 100: only 4 · n_embd = 3072/],
  [{ ...publishedGpt2, scale_attn_weights: false }, /scale_attn_weights is false/],
  [{ ...publishedGpt2, scale_attn_by_inverse_layer_idx: true }, /scale_attn_by_inverse_layer_idx is true/],
  [{ ...publishedGpt2, add_cross_attention: true }, /add_cross_attention is true/],
  [{ ...publishedGpt2, quantization_config: { bits: 4 } }, /quantization_config/],
  [{ ...publishedGpt2, n_layer: "12" }, /n_layer: .*expected number/],
  [{ ...publishedGpt2, n_layer: 2 ** 40 }, /n_layer is 1099511627776: at most 4096/],
  [{ ...publishedGpt2, n_head: 7 }, /width is 768: must be a multiple of heads, 7/],
  [{ ...publishedGpt2, vocab_size: -1 }, /vocab_size/],
  [{ ...publishedGpt2, layer_norm_epsilon: 0 }, /layer_norm_epsilon: /],
])("a config.json of another model is refused by key and value (%#)", (value, message) => {
  expect(() => transformerConfigFromHuggingFace(value, "here/config.json")).toThrow(message as RegExp);
  expect(() => transformerConfigFromHuggingFace(value, "here/config.json")).toThrow(/^here\/config\.json: /);
});
