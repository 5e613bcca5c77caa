/** Exports a checkpoint to GGUF, llama.cpp's format, by its conventions for GPT-2. */
import { basename, resolve } from "node:path";
import type { OpenCheckpoint } from "./checkpoint-reader.ts";
import { type GgufTensor, type GgufValue, writeGgufFile } from "./gguf-container.ts";
import { ggufTokenizer } from "./gguf-tokenizer.ts";
import { parameterShapes } from "./transformer.ts";

/** What `writeGguf` says of the file it wrote. */
export interface GgufExport {
  /** What the file says differently from the checkpoint; empty if nothing. */
  readonly notes: readonly string[];
}

/**
 * Writes the checkpoint as one GGUF file of float32 tensors, atomically, holding one tensor at a time. Token ids mean
 * the same in both; where llama.cpp may tokenize text differently, a note says so.
 *
 * The program's own arithmetic differs: it looks GELU up in a table of half precision, and holds keys and values as
 * half precision unless it is run with `--cache-type-k f32 --cache-type-v f32`.
 *
 * @throws UnusableCheckpointError where a tensor cannot be read.
 */
export async function writeGguf(
  path: string,
  checkpoint: OpenCheckpoint,
  options: {
    /** Jinja that makes a prompt of a conversation; the tokenizer's own where it has one. */
    readonly chatTemplate?: string;
  } = {},
): Promise<GgufExport> {
  const { config } = checkpoint;
  const tokenizer = ggufTokenizer(checkpoint.tokenizer, config.vocabularySize);
  const uint32 = (value: number): GgufValue => ({ type: "uint32", value });
  const metadata = new Map<string, GgufValue>([
    ["general.architecture", { type: "string", value: "gpt2" }],
    ["general.type", { type: "string", value: "model" }],
    ["general.name", { type: "string", value: basename(resolve(path)).replace(/\.gguf$/, "") }],
    ["general.file_type", uint32(0)],
    ["gpt2.context_length", uint32(config.contextLength)],
    ["gpt2.embedding_length", uint32(config.width)],
    ["gpt2.feed_forward_length", uint32(4 * config.width)],
    ["gpt2.block_count", uint32(config.layers)],
    ["gpt2.attention.head_count", uint32(config.heads)],
    ["gpt2.attention.layer_norm_epsilon", { type: "float32", value: config.layerNormEpsilon }],
    ["gpt2.vocab_size", uint32(config.vocabularySize)],
    ...tokenizer.metadata,
  ]);
  const template = options.chatTemplate ?? chatTemplateOf(checkpoint);
  if (template !== undefined) metadata.set("tokenizer.chat_template", { type: "string", value: template });
  const tensors = Object.entries(parameterShapes(config)).map(([name, shape]) =>
    ggufTensor(checkpoint, name, shape),
  );
  await writeGgufFile(path, { metadata, tensors });
  return { notes: tokenizer.notes };
}

function chatTemplateOf({ tokenizer }: OpenCheckpoint): string | undefined {
  const description = tokenizer?.description;
  if (description?.kind !== "hugging-face") return undefined;
  const { chat_template: template } = (description.config ?? {}) as { readonly chat_template?: unknown };
  return typeof template === "string" ? template : undefined;
}

/** Names of modules: Hugging Face's to llama.cpp's. */
const moduleNames: Readonly<Record<string, string>> = {
  "transformer.wte": "token_embd",
  "transformer.wpe": "position_embd",
  "transformer.ln_f": "output_norm",
  lm_head: "output",
  ln_1: "attn_norm",
  "attn.c_attn": "attn_qkv",
  "attn.c_proj": "attn_output",
  ln_2: "ffn_norm",
  "mlp.c_fc": "ffn_up",
  "mlp.c_proj": "ffn_down",
};

/**
 * llama.cpp's name of a parameter.
 *
 * @example
 * ggufName("transformer.h.3.attn.c_attn.weight"); // "blk.3.attn_qkv.weight"
 * ggufName("transformer.wte.weight"); // "token_embd.weight"
 */
export function ggufName(name: string): string {
  const match = /^(?:transformer\.h\.([0-9]+)\.)?(.+)\.(weight|bias)$/.exec(name);
  const [, layer, module = "", kind] = match ?? [];
  const known = moduleNames[module];
  if (known === undefined) throw new RangeError(`parameter is ${name}: not one of GPT-2's`);
  return `${layer === undefined ? "" : `blk.${layer}.`}${known}.${kind}`;
}

function ggufTensor(checkpoint: OpenCheckpoint, name: string, shape: readonly number[]): GgufTensor {
  const numbers = async () => (await checkpoint.read(name)).data as Float32Array;
  // Layers' matrices are [in, out] in GPT-2 and [out, in] elsewhere; ggml names the fastest dimension first.
  const isLayerMatrix = name.startsWith("transformer.h.") && shape.length === 2;
  if (!isLayerMatrix) return { name: ggufName(name), dimensions: shape.toReversed(), read: numbers };
  const [rows, columns] = shape as [number, number];
  return {
    name: ggufName(name),
    dimensions: [rows, columns],
    read: async () => transposed(await numbers(), rows, columns),
  };
}

function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = data[row * columns + column] as number;
    }
  }
  return result;
}
