/** A model folder as Hugging Face exports it to ONNX, in this process: config.json, tokenizer.json, onnx/model.onnx. */
import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { logSoftmax } from "../decode/index.ts";
import { readTokenizer } from "../model/index.ts";
import { InputError } from "../record/index.ts";
import { type OnnxFile, type OnnxInputValue, onnxFile } from "../tensor/index.ts";
import { chatTemplate } from "./chat-template.ts";
import { EndpointError } from "./endpoint-error.ts";
import type { LocalModel } from "./local-model.ts";

const modelConfig = z.looseObject({
  vocab_size: z.int().positive().optional(),
  max_position_embeddings: z.int().positive().optional(),
  n_positions: z.int().positive().optional(),
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
});

/** The model's file in a folder, or undefined. */
export function onnxModelPath(folder: string): string | undefined {
  return ["onnx/model.onnx", "model.onnx"].map((name) => join(folder, name)).find((path) => existsSync(path));
}

/**
 * Loads the folder. Every request runs the model over the whole text, as its exports differ in their caches.
 * Throws InputError naming the file that is missing or cannot be used.
 */
export async function onnxFolder(
  folder: string,
  options: { readonly threads?: number } = {},
): Promise<LocalModel> {
  const path = onnxModelPath(folder);
  if (path === undefined) throw new InputError(`${folder}: has no onnx/model.onnx`);
  const tokenizer = await readTokenizer(folder);
  if (tokenizer === undefined)
    throw new InputError(`${join(folder, "tokenizer.json")}: there is no such file`);
  const config = readConfig(folder);
  const file = await onnxFile(path, options);
  requireInputs(file, path);
  const contextLength = config.max_position_embeddings ?? config.n_positions;
  const ends = config.eos_token_id ?? tokenizer.endOfSequence ?? [];

  const run = async (tokens: readonly number[]) => {
    const { logits } = await file.run(feeds(file, tokens), ["logits"]);
    const [, length, vocabulary] = logits?.shape ?? [];
    if (logits === undefined || length !== tokens.length || vocabulary === undefined) {
      throw new EndpointError("answer", `${path}: logits have shape [${logits?.shape.join(", ")}]`);
    }
    return (position: number) =>
      logSoftmax(logits.data.subarray(position * vocabulary, (position + 1) * vocabulary));
  };

  return {
    kind: "onnx",
    address: folder,
    model: basename(resolve(folder)),
    facts: {
      ...(contextLength !== undefined && { contextLength }),
      ...(config.vocab_size !== undefined && { vocabularySize: config.vocab_size }),
      beginningOfSequence: tokenizer.addsBeginning ? (tokenizer.beginningOfSequence ?? null) : null,
      software: file.software,
    },
    computation: `${file.software}, float32 logits`,
    endOfSequence: [ends].flat(),
    tokenizer,
    template: chatTemplate(folder),
    async read() {
      const read: number[] = [];
      return {
        async extend(tokens, signal) {
          signal.throwIfAborted();
          read.push(...tokens);
          return (await run(read))(read.length - 1);
        },
        close: async () => {},
      };
    },
    async scoreTokens(tokens, first, signal) {
      signal.throwIfAborted();
      const rowAt = await run(tokens.slice(0, -1));
      return tokens.slice(first).map((token, index) => {
        const value = rowAt(first + index - 1)[token];
        if (value === undefined || Number.isNaN(value)) {
          throw new EndpointError("answer", `${path}: no log-probability for token ${token}`);
        }
        return Math.min(0, value);
      });
    },
    close: () => file.close(),
  };
}

function readConfig(folder: string): z.infer<typeof modelConfig> {
  const path = join(folder, "config.json");
  if (!existsSync(path)) throw new InputError(`${path}: there is no such file`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new InputError(`${path}: is not JSON`);
  }
  const parsed = modelConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new InputError(`${path}: ${issue?.path.join(".")}: ${issue?.message}`);
}

const known = /^(input_ids|attention_mask|position_ids|use_cache_branch|past_key_values\..*)$/;

function requireInputs(file: OnnxFile, path: string): void {
  const other = file.inputs.find(({ name }) => !known.test(name));
  if (other !== undefined)
    throw new InputError(`${path}: wants the input ${other.name}, which is not known here`);
  if (!file.outputs.includes("logits")) throw new InputError(`${path}: has no output called logits`);
}

function feeds(file: OnnxFile, tokens: readonly number[]): Record<string, OnnxInputValue> {
  const length = tokens.length;
  const values: Record<string, OnnxInputValue> = {};
  for (const input of file.inputs) {
    if (input.name === "input_ids") values[input.name] = { shape: [1, length], values: tokens };
    else if (input.name === "attention_mask") {
      values[input.name] = { shape: [1, length], values: tokens.map(() => 1) };
    } else if (input.name === "position_ids") {
      values[input.name] = { shape: [1, length], values: tokens.map((_, index) => index) };
    } else if (input.name === "use_cache_branch") values[input.name] = { shape: [1], values: [0] };
    else values[input.name] = { shape: emptyCache(input.shape), values: [] };
  }
  return values;
}

/** One row, nothing read yet: [1, heads, 0, size]. */
function emptyCache(shape: readonly (number | string)[]): number[] {
  const [, heads, , size] = shape;
  return [1, typeof heads === "number" ? heads : 1, 0, typeof size === "number" ? size : 1];
}
