/** Chat templates of model folders: the Jinja of tokenizer_config.json or chat_template.jinja. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { z } from "zod";
import { InputError } from "../record/index.ts";
import type { Message } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";

export type ChatTemplate = (messages: readonly Message[]) => string;

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
type TokenizerConfig = z.infer<typeof tokenizerConfig>;

/**
 * The template of a model folder, undefined where it has none; rendered with the prompt for the next turn.
 * Throws InputError for a tokenizer_config.json or a template that cannot be read; rendering throws EndpointError with
 * the template's own words, such as that roles must alternate.
 */
export function chatTemplate(folder: string): ChatTemplate | undefined {
  const config = readConfig(join(folder, "tokenizer_config.json"));
  const source = templateSource(folder, config.chat_template);
  if (source === undefined) return undefined;
  const { bos_token: beginning, eos_token: end } = config;
  return templateOf(source, { place: folder, beginning: beginning ?? "", end: end ?? "" });
}

/** A template from its Jinja; `place` names the folder or file that it came from. Throws as `chatTemplate` does. */
export function templateOf(
  source: string,
  given: { readonly place: string; readonly beginning: string; readonly end: string },
): ChatTemplate {
  const { place, beginning, end } = given;
  const template = parsed(source, place);
  return (messages) => {
    try {
      return template.render({
        messages: [...messages],
        add_generation_prompt: true,
        bos_token: beginning,
        eos_token: end,
      });
    } catch (error) {
      throw new EndpointError(
        "unsupported",
        `${place}: its chat template says: ${String(error).slice(0, 300)}`,
      );
    }
  };
}

function readConfig(path: string): TokenizerConfig {
  if (!existsSync(path)) return {};
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new InputError(`${path}: is not JSON`);
  }
  const result = tokenizerConfig.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new InputError(`${path}: ${issue?.path.join(".")}: ${issue?.message}`);
}

/** Newer folders keep the template in a file of its own. */
function templateSource(folder: string, written: TokenizerConfig["chat_template"]): string | undefined {
  const path = join(folder, "chat_template.jinja");
  if (existsSync(path)) return readFileSync(path, "utf8");
  if (typeof written === "string") return written;
  return (written?.find(({ name }) => name === "default") ?? written?.[0])?.template;
}

function parsed(source: string, folder: string): Template {
  try {
    return new Template(source);
  } catch (error) {
    throw new InputError(`${folder}: its chat template cannot be read: ${String(error).slice(0, 300)}`);
  }
}
