/** Answers in servers' own forms: SGLang's `meta_info` and llama.cpp's `completion_probabilities`. */
import type { SamplingSettings } from "../record/index.ts";
import { nameOf } from "./draws.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import {
  drawnPart,
  drawnWords,
  finishOf,
  isCut,
  isPrefix,
  type ServerPart,
  spelling,
  straddleWords,
} from "./server-part.ts";
import { promptOf, type ServerExchange } from "./server-request.ts";
import { boundaryAt, codePoints, llamaTokens, tokenPart, tripleTokens } from "./server-tokens.ts";
import { FieldError } from "./table-values.ts";

/** A response that SGLang drew; its log-probabilities are scaled by the temperature. */
export function nativeDraw(exchange: ServerExchange, sampling: SamplingSettings): ServerPart | undefined {
  const { response } = exchange;
  const meta = asRecord(fieldOf(response, "meta_info"));
  const tokens = tripleTokens(fieldOf(meta, "output_token_logprobs"), "meta_info.output_token_logprobs");
  const text = fieldOf(response, "text");
  if (scoresInput(exchange)) return undefined;
  const { requested, beside } = promptOf(exchange);
  const prompt = requested ?? beside;
  const finish = fieldOf(meta, "finish_reason");
  const finishReason = nameOf(fieldOf(asRecord(finish), "type")) ?? nameOf(finish);
  const scaled =
    sampling.temperature === 1
      ? "raw (temperature 1)"
      : `tempered: scaled by the temperature${sampling.temperature === undefined ? ", which is unknown" : ` ${sampling.temperature}`}`;
  return {
    kind: "draw",
    ...(prompt !== undefined && { prompt }),
    ...(typeof text === "string" && { text }),
    ...(tokens !== undefined &&
      tokens.length > 0 &&
      drawnPart(tokens, {
        text,
        finishReason,
        generated: countIn(meta, "completion_tokens"),
        cut: meta !== undefined && isCut(meta),
        // A number that matched is the end token.
        byIds: typeof fieldOf(asRecord(finish), "matched") === "number",
        field: "meta_info.output_token_logprobs",
      })),
    method: `SGLang output_token_logprobs, ${scaled}; ${drawnWords(sampling)}`,
    whole: false,
    ...(finishReason !== undefined && { finishReason }),
  };
}

/** A request that scores its prompt generates at most one token, which nobody asked for; a draw may end at once too. */
function scoresInput({ request, response }: ServerExchange): boolean {
  const meta = asRecord(fieldOf(response, "meta_info"));
  if (!Array.isArray(fieldOf(meta, "input_token_logprobs"))) return false;
  const asked = fieldOf(asRecord(fieldOf(request, "sampling_params")), "max_new_tokens");
  if (typeof asked === "number") return asked <= 1;
  const output = fieldOf(meta, "output_token_logprobs");
  return !Array.isArray(output) || output.length <= 1;
}

/** SGLang scores its prompt from `logprob_start_len` on; the first token listed has no log-probability. */
export function nativeGiven(exchange: ServerExchange): ServerPart | undefined {
  const { response, request } = exchange;
  const meta = asRecord(fieldOf(response, "meta_info"));
  const field = "meta_info.input_token_logprobs";
  if (!scoresInput(exchange)) return undefined;
  const tokens = tripleTokens(fieldOf(meta, "input_token_logprobs"), field);
  if (tokens === undefined) return undefined;
  const { requested, beside } = promptOf(exchange);
  const context =
    requested !== undefined && beside !== undefined && isPrefix(beside, requested) ? beside : undefined;
  const start = fieldOf(request, "logprob_start_len");
  const fromStart = typeof start === "number" && start > 0;
  const method = "SGLang input_token_logprobs, raw as the server defines it";
  if (context !== undefined && !fromStart) {
    const found = boundaryAt(spelling(tokens, requested ?? ""), {
      text: requested ?? "",
      length: codePoints(context),
    });
    if (found === undefined) {
      throw new FieldError(field, "the tokens do not spell the prompt: where the response begins is unknown");
    }
    return {
      kind: "given",
      prompt: context,
      text: (requested ?? "").slice(context.length),
      tokens: tokenPart(tokens, { field, ...found }),
      method: method + straddleWords(found.straddling),
      whole: false,
      tokenCount: tokens.length - found.first,
    };
  }
  const spelt = tokens.every(({ text }) => text !== undefined)
    ? tokens.map(({ text }) => text).join("")
    : undefined;
  const text = context === undefined ? (requested ?? spelt) : (requested ?? "").slice(context.length);
  return {
    kind: "given",
    prompt: context ?? "",
    ...(text !== undefined && { text }),
    tokens: tokenPart(tokens, { field }),
    method: fromStart ? `${method}, from token ${start + 1} of the prompt on` : method,
    whole: context === undefined,
    tokenCount: tokens.length,
  };
}

/** A response that llama.cpp drew. */
export function llamaPart(exchange: ServerExchange, sampling: SamplingSettings): ServerPart {
  const { response } = exchange;
  const list = fieldOf(response, "completion_probabilities");
  const scored = Array.isArray(list) && list.length > 0 ? llamaTokens(list) : undefined;
  const { requested, beside } = promptOf(exchange);
  const prompt = requested ?? beside;
  const how = scored?.processed ? "tempered: after the sampler's settings" : "raw";
  return {
    kind: "draw",
    ...(prompt !== undefined && { prompt }),
    text: fieldOf(response, "content") as string,
    ...(scored !== undefined &&
      drawnPart(scored.tokens, {
        text: fieldOf(response, "content"),
        finishReason: llamaFinish(response),
        generated: countIn(response, "tokens_predicted"),
        cut: fieldOf(response, "stop_type") === "word" || fieldOf(response, "stopped_word") === true,
        field: "completion_probabilities",
      })),
    method: `llama.cpp completion_probabilities, ${how}; ${drawnWords(sampling)}`,
    whole: false,
    ...finishOf(response),
  };
}

/** How llama.cpp's draw ended; older versions have a field for each way. */
function llamaFinish(response: JsonRecord): string | undefined {
  const type = fieldOf(response, "stop_type");
  if (type === "eos" || fieldOf(response, "stopped_eos") === true) return "stop";
  if (type === "limit" || fieldOf(response, "stopped_limit") === true) return "length";
  return nameOf(type);
}

function countIn(record: JsonRecord | undefined, name: string): number | undefined {
  const value = fieldOf(record, name);
  return typeof value === "number" ? value : undefined;
}
