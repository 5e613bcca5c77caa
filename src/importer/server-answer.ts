/** What a server's answer holds: responses it drew, and texts given to it that it scored. */
import type { SamplingSettings } from "../record/index.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { contentText } from "./message-text.ts";
import { llamaPart, nativeDraw, nativeGiven } from "./server-native.ts";
import {
  type DrawnEnd,
  drawnPart,
  drawnWords,
  finishOf,
  isCut,
  isPrefix,
  type ServerPart,
  spelling,
  straddleWords,
} from "./server-part.ts";
import { isLlamaResponse, promptOf, type ServerExchange } from "./server-request.ts";
import {
  boundaryAt,
  codePoints,
  completionTokens,
  promptTokens,
  type ScoredToken,
  tokenPart,
} from "./server-tokens.ts";
import { FieldError } from "./table-values.ts";

/** The parts of an exchange, and what is wrong with those that cannot be read. */
export function serverParts(
  exchange: ServerExchange,
  sampling: SamplingSettings,
): { parts: ServerPart[]; errors: FieldError[] } {
  const parts: ServerPart[] = [];
  const errors: FieldError[] = [];
  const collect = (read: () => ServerPart | undefined) => {
    try {
      const part = read();
      if (part !== undefined) parts.push(part);
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      errors.push(error);
    }
  };
  const { response } = exchange;
  const choices = fieldOf(response, "choices");
  if (Array.isArray(choices)) {
    for (const [index, value] of choices.entries()) {
      const choice = asRecord(value);
      const field = `choices[${index}]`;
      if (choice === undefined) errors.push(new FieldError(field, "not an object"));
      else {
        const input = { exchange, sampling, choice, field, choices: choices.length };
        collect(() => choicePart(input));
        collect(() => promptPart(input));
      }
    }
  } else if (isLlamaResponse(response)) collect(() => llamaPart(exchange, sampling));
  else {
    collect(() => nativeDraw(exchange, sampling));
    collect(() => nativeGiven(exchange));
  }
  return { parts, errors };
}

interface ChoiceInput {
  readonly exchange: ServerExchange;
  readonly sampling: SamplingSettings;
  readonly choice: JsonRecord;
  readonly field: string;
  /** Choices in the answer. */
  readonly choices: number;
}

/** Several prompts of one request are answered by choices in their order, `n` a prompt. */
function choicePrompts({ exchange, choice, choices }: ChoiceInput) {
  const prompts = fieldOf(exchange.request, "prompt");
  const listed = Array.isArray(prompts) && prompts.length > 1 && choices % prompts.length === 0;
  const index = fieldOf(choice, "index");
  if (!listed || typeof index !== "number") return promptOf(exchange);
  return promptOf(exchange, Math.floor(index / (choices / prompts.length)));
}

function choicePart(input: ChoiceInput): ServerPart | undefined {
  const { exchange, sampling, choice, field } = input;
  const message = asRecord(fieldOf(choice, "message"));
  const text = message === undefined ? fieldOf(choice, "text") : contentText(fieldOf(message, "content"));
  const prompts = choicePrompts(input);
  const logprobs = fieldOf(choice, "logprobs");
  const tokens = completionTokens(logprobs, `${field}.logprobs`);
  const echo = fieldOf(exchange.request, "echo") === true;
  const asked = fieldOf(exchange.request, "logprobs");
  if (tokens === undefined && echo && asked !== undefined && asked !== null && asked !== false) {
    throw new FieldError(
      `${field}.logprobs`,
      "echo with log-probabilities was asked for and the answer holds none: the server ignores echo, as llama.cpp's does",
    );
  }
  if (
    typeof text === "string" &&
    tokens !== undefined &&
    tokens[0]?.logProbability === undefined &&
    tokens.length > 0
  ) {
    return echoPart({ ...input, text, tokens, prompts });
  }
  if (echo && tokens !== undefined) {
    throw new FieldError(
      `${field}.logprobs`,
      "echo was asked for and the first token has a log-probability: the prompt is not in the answer, the server ignored echo",
    );
  }
  if (hasPromptScores(exchange, choice) && scoresPrompt(exchange, choice)) return undefined;
  const prompt = prompts.requested ?? prompts.beside;
  const nothing = tokens === undefined || tokens.length === 0;
  if (nothing && (typeof text !== "string" || (text === "" && hasPromptScores(exchange, choice))))
    return undefined;
  const api = message === undefined ? "completions" : "chat completions";
  return {
    kind: "draw",
    ...(prompt !== undefined && { prompt }),
    ...(typeof text === "string" && { text }),
    ...(!nothing && drawnPart(tokens, { ...endOf(input, tokens), text, field: `${field}.logprobs` })),
    method: `${api}, raw as the server defines it; ${drawnWords(sampling)}`,
    whole: false,
    ...finishOf(choice),
  };
}

/** How a choice ended; usage counts the tokens of all choices. */
function endOf(
  { exchange, choice, choices }: ChoiceInput,
  tokens: readonly ScoredToken[],
): Omit<DrawnEnd, "text"> {
  const used = fieldOf(asRecord(fieldOf(exchange.response, "usage")), "completion_tokens");
  const ids = fieldOf(choice, "token_ids");
  return {
    ...finishOf(choice),
    generated: choices === 1 && typeof used === "number" ? used : undefined,
    cut: isCut(choice),
    byIds: Array.isArray(ids) && ids.length === tokens.length,
  };
}

function hasPromptScores({ response }: ServerExchange, choice: JsonRecord): boolean {
  return Array.isArray(fieldOf(choice, "prompt_logprobs") ?? fieldOf(response, "prompt_logprobs"));
}

/** True if a prompt was sent to be scored: the server had to generate a token at most, which nobody asked for. */
function scoresPrompt(exchange: ServerExchange, choice: JsonRecord): boolean {
  return asksToScore(exchange) || (fieldOf(choice, "text") === "" && !asksForDraw(exchange));
}

/** An answer that repeats its prompt: a given text scored, or a drawn response after the prompt. */
function echoPart(
  input: ChoiceInput & {
    text: string;
    tokens: readonly ScoredToken[];
    prompts: { requested?: string; beside?: string };
  },
): ServerPart {
  const { exchange, sampling, choice, text, tokens, prompts } = input;
  const field = `${input.field}.logprobs.token_logprobs`;
  const { requested, beside } = prompts;
  const given = requested ?? beside;
  if (given !== undefined && !text.startsWith(given)) {
    throw new FieldError(`${input.field}.text`, "does not begin with the prompt that was asked");
  }
  const place = (length: number) => {
    const found = boundaryAt(tokens, { text, length });
    if (found !== undefined) return found;
    throw new FieldError(field, "tokens and text_offset do not tell where the prompt ends");
  };
  // A text that begins with the prompt beside the request is that prompt and a response, both given.
  const context =
    requested !== undefined && beside !== undefined && isPrefix(beside, requested) ? beside : undefined;
  const generated = generatedTokens(exchange);
  const isWhole = given === text && !asksForDraw(exchange);
  const scores = context !== undefined || given === undefined || isWhole || asksToScore(exchange);
  if (!scores) {
    const { first, straddling, start } = place(codePoints(given));
    const drawn = tokens.slice(first);
    const spelt = Array.from(text).slice(start).join("");
    return {
      kind: "draw",
      prompt: given,
      text: text.slice(given.length),
      ...drawnPart(drawn, { ...endOf(input, drawn), text: spelt, field, straddling }),
      method: `completions with echo, raw as the server defines it${straddleWords(straddling)}; ${drawnWords(sampling)}`,
      whole: false,
      ...finishOf(choice),
    };
  }
  const end = endOfGiven({ tokens, text, given, generated });
  const { first, straddling } =
    context === undefined ? { first: 0, straddling: 0 } : place(codePoints(context));
  return {
    kind: "given",
    prompt: context ?? "",
    text: (given ?? text).slice(context?.length ?? 0),
    tokens: tokenPart(tokens, { field, first, end, straddling }),
    method: `completions with echo, raw as the server defines it${straddleWords(straddling)}`,
    whole: context === undefined,
    tokenCount: end - first,
  };
}

/** The end of the given text among the tokens: what the server added after it is no part of it. */
function endOfGiven(input: {
  tokens: readonly ScoredToken[];
  text: string;
  given: string | undefined;
  generated: number;
}): number {
  const { tokens, text, given, generated } = input;
  if (given === undefined) return tokens.length - (generated === 1 ? 1 : 0);
  if (given === text) return tokens.length;
  const found = boundaryAt(tokens, { text, length: codePoints(given) });
  return found === undefined ? tokens.length - generated : found.first + found.straddling;
}

const askedTokens = ({ request }: ServerExchange) =>
  fieldOf(request, "max_tokens") ?? fieldOf(request, "max_completion_tokens");

/** True where a token at most was asked for, or where that is unknown, generated: a draw may end at once. */
function asksToScore(exchange: ServerExchange): boolean {
  return !asksForDraw(exchange) && generatedTokens(exchange) <= 1;
}

function asksForDraw(exchange: ServerExchange): boolean {
  const asked = askedTokens(exchange);
  return typeof asked === "number" && asked > 1;
}

/** Tokens that the server generated, as far as the answer or the request bounds them. */
function generatedTokens(exchange: ServerExchange): number {
  const used = fieldOf(asRecord(fieldOf(exchange.response, "usage")), "completion_tokens");
  const known = [used, askedTokens(exchange)].filter((value) => typeof value === "number");
  return known.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...known);
}

/** vLLM's `prompt_logprobs`, of a choice or (in chat answers) of the whole answer. */
function promptPart(input: ChoiceInput): ServerPart | undefined {
  const { exchange, choice, field } = input;
  const { response } = exchange;
  const own = fieldOf(choice, "prompt_logprobs") ?? undefined;
  // Chat answers have them once for all choices.
  const positions = own ?? (field === "choices[0]" ? fieldOf(response, "prompt_logprobs") : undefined);
  if (!Array.isArray(positions)) return undefined;
  const name = own === undefined ? "prompt_logprobs" : `${field}.prompt_logprobs`;
  const ids = [
    fieldOf(choice, "prompt_token_ids"),
    fieldOf(response, "prompt_token_ids"),
    fieldOf(exchange.request, "prompt_token_ids"),
    fieldOf(exchange.request, "prompt"),
  ].find((list) => Array.isArray(list) && list.length > 0 && list.every((id) => typeof id === "number"));
  if (!scoresPrompt(exchange, choice)) return undefined;
  const tokens = promptTokens(positions, ids, name);
  if (tokens === undefined) return undefined;
  const { requested, beside } = choicePrompts(input);
  const spelt = tokens.map(({ text }) => text ?? "").join("");
  const context =
    requested !== undefined && beside !== undefined && isPrefix(beside, requested) ? beside : undefined;
  const method = "vLLM prompt_logprobs, by token id, raw as the server defines it";
  if (context === undefined) {
    const text = requested ?? beside ?? (spelt === "" ? undefined : spelt);
    const scored = tokenPart(tokens, { field: name });
    return {
      kind: "given",
      prompt: "",
      ...(text !== undefined && { text }),
      tokens: scored,
      method,
      whole: true,
    };
  }
  const found = boundaryAt(spelling(tokens, requested ?? ""), {
    text: requested ?? "",
    length: codePoints(context),
  });
  if (found === undefined) {
    throw new FieldError(
      name,
      "the decoded tokens do not spell the prompt: where the response begins is unknown",
    );
  }
  const { first, straddling } = found;
  return {
    kind: "given",
    prompt: context,
    text: (requested ?? "").slice(context.length),
    tokens: tokenPart(tokens, { field: name, first, straddling }),
    method: method + straddleWords(straddling),
    whole: false,
    tokenCount: tokens.length - first,
  };
}
