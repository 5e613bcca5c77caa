/** tokenizer.json and tokenizer_config.json of a model folder: tokens, texts, chat template. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { InputError } from "../record/index.ts";
import type { Message } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";

const special = z.union([
  z.string(),
  z.looseObject({ content: z.string() }).transform(({ content }) => content),
]);
const tokenizerConfig = z.looseObject({
  bos_token: special.nullish(),
  eos_token: special.nullish(),
  chat_template: z
    .union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))])
    .nullish(),
});

export interface FolderTokenizer {
  /** The token that the tokeniser puts before every text, if it does. */
  readonly beginningOfSequence: number | undefined;
  readonly endOfSequence: number | undefined;
  /** Without special tokens; those written in the text are read as such. */
  tokenize(text: string): readonly number[];
  textOf(tokens: readonly number[]): string;
  /** Absent where the folder has no chat template. */
  readonly template?: (messages: readonly Message[]) => string;
}

/** Throws InputError naming the file that is missing or cannot be used. */
export function huggingFaceTokenizer(folder: string): FolderTokenizer {
  const path = join(folder, "tokenizer.json");
  const configPath = join(folder, "tokenizer_config.json");
  const written = existsSync(configPath) ? readJson(configPath) : {};
  const parsed = tokenizerConfig.safeParse(written);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new InputError(`${configPath}: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const config = parsed.data;
  const tokenizer = openTokenizer(path, readJson(path), written);
  const id = (token: string | null | undefined) =>
    token == null ? undefined : (tokenizer.token_to_id(token) ?? undefined);
  const bos = id(config.bos_token);
  // What it does on a text says more than the fields that may ask for it.
  const first = tokenizer.encode("a").ids[0];
  const source = templateSource(folder, config.chat_template);
  return {
    beginningOfSequence: bos !== undefined && first === bos ? bos : undefined,
    endOfSequence: id(config.eos_token),
    tokenize: (text) => (text === "" ? [] : tokenizer.encode(text, { add_special_tokens: false }).ids),
    textOf: (tokens) =>
      tokens.length === 0 ? "" : tokenizer.decode([...tokens], { skip_special_tokens: true }),
    ...(source !== undefined && { template: chatTemplate(source, folder, config) }),
  };
}

function openTokenizer(path: string, json: unknown, config: unknown): Tokenizer {
  try {
    return new Tokenizer(json as object, config as object);
  } catch (error) {
    throw new InputError(`${path}: is no tokenizer that can be read: ${String(error).slice(0, 200)}`);
  }
}

function readJson(path: string): unknown {
  if (!existsSync(path)) throw new InputError(`${path}: there is no such file`);
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new InputError(`${path}: is not JSON`);
  }
}

type Templates = z.infer<typeof tokenizerConfig>["chat_template"];

/** Newer folders keep the template in a file of its own. */
function templateSource(folder: string, written: Templates): string | undefined {
  const path = join(folder, "chat_template.jinja");
  if (existsSync(path)) return readFileSync(path, "utf8");
  if (typeof written === "string") return written;
  return (written?.find(({ name }) => name === "default") ?? written?.[0])?.template;
}

function chatTemplate(source: string, folder: string, config: z.infer<typeof tokenizerConfig>) {
  const refuse = (error: unknown): never => {
    throw new EndpointError("refused", `${folder}: its chat template fails: ${String(error).slice(0, 300)}`);
  };
  let template: Template;
  try {
    template = new Template(source);
  } catch (error) {
    return refuse(error);
  }
  return (messages: readonly Message[]): string => {
    try {
      return template.render({
        messages: [...messages],
        add_generation_prompt: true,
        bos_token: config.bos_token ?? "",
        eos_token: config.eos_token ?? "",
      });
    } catch (error) {
      return refuse(error);
    }
  };
}
