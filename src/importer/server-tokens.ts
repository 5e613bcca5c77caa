/** Token log-probabilities of server responses, and where in them the response begins. */
import { longestToken, responseTokens } from "../record/index.ts";
import { shown } from "./draws.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { FieldError, logProbabilityIn } from "./table-values.ts";

/** One token as a server scored it. */
export interface ScoredToken {
  /** Undefined where the server gives none, as for the first token of a text. */
  readonly logProbability: number | undefined;
  readonly text?: string;
  /** Its bytes, where they are told: a token may be a part of a character. */
  readonly bytes?: Buffer;
  /** Code points before the token, as the server counts them. */
  readonly offset?: number;
}

/** vLLM writes this in place of minus infinity, OpenAI in place of what it does not tell. */
const placeholder = -9999;

function tokenScore(field: string, value: unknown): number | undefined {
  if (value === null || value === undefined) return undefined;
  const logProbability = logProbabilityIn({ column: field, value });
  if (logProbability === placeholder) {
    throw new FieldError(field, `${placeholder} stands for a log-probability that the server does not tell`);
  }
  return logProbability;
}

/** Tokens of a completion's `logprobs`: lists side by side, or chat-style `content`; undefined where absent. */
export function completionTokens(logprobs: unknown, field: string): ScoredToken[] | undefined {
  const record = asRecord(logprobs);
  const content = fieldOf(record, "content");
  if (Array.isArray(content)) {
    return content.map((item, index) => tokenOf(asRecord(item), `${field}.content[${index}]`));
  }
  const scores = fieldOf(record, "token_logprobs");
  if (!Array.isArray(scores)) return undefined;
  const tokens = listBeside(record, "tokens", { field, length: scores.length });
  const offsets = listBeside(record, "text_offset", { field, length: scores.length });
  return scores.map((score, index) => {
    const text = tokens?.[index];
    const offset = offsets?.[index];
    return {
      logProbability: tokenScore(`${field}.token_logprobs[${index}]`, score),
      ...(typeof text === "string" && { text }),
      ...(typeof offset === "number" && { offset }),
    };
  });
}

function tokenOf(item: JsonRecord | undefined, field: string): ScoredToken {
  const text = fieldOf(item, "token");
  const value = fieldOf(item, "logprob");
  if (value === undefined || value === null) throw new FieldError(`${field}.logprob`, "missing");
  return {
    logProbability: tokenScore(`${field}.logprob`, value),
    ...(typeof text === "string" && { text }),
    ...bytesIn(item),
  };
}

function bytesIn(item: JsonRecord | undefined): { bytes?: Buffer } {
  const list = fieldOf(item, "bytes");
  const isByte = (byte: unknown) => Number.isInteger(byte) && (byte as number) >= 0 && (byte as number) < 256;
  return Array.isArray(list) && list.every(isByte) ? { bytes: Buffer.from(list) } : {};
}

function listBeside(
  record: JsonRecord | undefined,
  name: string,
  input: { field: string; length: number },
): readonly unknown[] | undefined {
  const list = fieldOf(record, name);
  if (!Array.isArray(list)) return undefined;
  if (list.length === input.length) return list;
  throw new FieldError(
    `${input.field}.${name}`,
    `${list.length} items beside ${input.length} log-probabilities`,
  );
}

/**
 * Tokens of vLLM's `prompt_logprobs`: every position is an object keyed by token id. The token is the one of
 * `prompt_token_ids`; without ids only a position with a single entry tells which token stood there.
 */
export function promptTokens(positions: unknown, ids: unknown, field: string): ScoredToken[] | undefined {
  if (!Array.isArray(positions)) return undefined;
  const known = Array.isArray(ids) && ids.length > 0 ? ids : undefined;
  if (known !== undefined && known.length !== positions.length) {
    throw new FieldError(field, `${positions.length} positions beside ${known.length} token ids`);
  }
  return positions.map((position: unknown, index): ScoredToken => {
    if (position === null && index === 0) return { logProbability: undefined };
    const place = `${field}[${index}]`;
    const entries = asRecord(position);
    if (entries === undefined) throw new FieldError(place, `not an object of token ids: ${shown(position)}`);
    const names = Object.keys(entries);
    const id = known === undefined ? (names.length === 1 ? names[0] : undefined) : String(known[index]);
    if (id === undefined) {
      throw new FieldError(
        place,
        `${names.length} tokens and no prompt_token_ids to tell which one stood there: ask the server for return_token_ids`,
      );
    }
    const entry = fieldOf(entries, id);
    if (entry === undefined) throw new FieldError(place, `does not hold the prompt's token ${id}`);
    const value = asRecord(entry) === undefined ? entry : fieldOf(asRecord(entry), "logprob");
    if (value === undefined || value === null) throw new FieldError(`${place}.${id}`, "missing");
    const text = fieldOf(asRecord(entry), "decoded_token");
    return { logProbability: tokenScore(`${place}.${id}`, value), ...(typeof text === "string" && { text }) };
  });
}

/** Tokens of SGLang's lists of [log-probability or null, id, text or null]. */
export function tripleTokens(list: unknown, field: string): ScoredToken[] | undefined {
  if (!Array.isArray(list)) return undefined;
  return list.map((item: unknown, index) => {
    if (!Array.isArray(item) || item.length === 0) {
      throw new FieldError(`${field}[${index}]`, `not [log-probability, id, text]: ${shown(item)}`);
    }
    const text: unknown = item[2];
    return {
      logProbability: tokenScore(`${field}[${index}]`, item[0]),
      ...(typeof text === "string" && { text }),
    };
  });
}

/** llama.cpp's tokens and how it took their probabilities; older servers list `probs` of likely tokens instead. */
export function llamaTokens(list: readonly unknown[]): { tokens: ScoredToken[]; processed: boolean } {
  let processed = false;
  const tokens = list.map((item: unknown, index): ScoredToken => {
    const field = `completion_probabilities[${index}]`;
    const record = asRecord(item);
    const token = fieldOf(record, "token");
    const text = { ...(typeof token === "string" && { text: token }), ...bytesIn(record) };
    const raw = fieldOf(record, "logprob");
    if (raw !== undefined && raw !== null)
      return { logProbability: tokenScore(`${field}.logprob`, raw), ...text };
    processed = true;
    const own = fieldOf(record, "prob");
    if (own !== undefined) return { logProbability: logarithm(`${field}.prob`, own), ...text };
    const content = fieldOf(record, "content");
    const likely = fieldOf(record, "probs");
    if (!Array.isArray(likely) || typeof content !== "string")
      throw new FieldError(field, "no log-probability");
    const chosen = likely.map(asRecord).filter((entry) => fieldOf(entry, "tok_str") === content);
    if (chosen.length !== 1) {
      throw new FieldError(
        `${field}.probs`,
        `the token ${shown(content)} is not among those listed: ask for more`,
      );
    }
    return { logProbability: logarithm(`${field}.probs`, fieldOf(chosen[0], "prob")), text: content };
  });
  return { tokens, processed };
}

function logarithm(field: string, value: unknown): number {
  if (typeof value !== "number" || !(value >= 0 && value <= 1 + 1e-6)) {
    throw new FieldError(field, `not a probability: ${shown(value)}`);
  }
  // A probability of exactly 0 is one that a single-precision number cannot hold.
  if (value === 0)
    throw new FieldError(field, "a probability too small for the server's numbers, written as 0");
  return Math.min(Math.log(value), 0);
}

/**
 * The tokens of a drawn response: without its end token. Undefined where the tokens listed are not those of the text, as
 * where a stop text cut it; `byIds` where the server's own list of ids, and not their texts, says which they are.
 */
export function drawnTokens(
  tokens: readonly ScoredToken[],
  input: {
    readonly text: string;
    readonly finishReason: string | undefined;
    readonly generated: number | undefined;
    readonly cut?: boolean | undefined;
    readonly byIds?: boolean | undefined;
  },
): readonly ScoredToken[] | undefined {
  const { byIds = false, ...drawn } = input;
  const spelling = (bytesOf: (token: ScoredToken) => Buffer | undefined) =>
    responseTokens({ ...drawn, tokens: tokens.map((token) => (byIds ? undefined : bytesOf(token))) });
  const ofText = ({ text }: ScoredToken) =>
    text === undefined || tokenId.test(text) ? undefined : Buffer.from(text);
  // Some providers write code points as bytes: then the texts spell the response.
  const length = spelling((token) => token.bytes ?? ofText(token)) ?? spelling(ofText);
  return length === undefined ? undefined : tokens.slice(0, length);
}

/** The part of scored tokens that is a response. */
export interface TokenPart {
  readonly logProbability: number;
  readonly tokenLogProbabilities: readonly number[];
  /** The text of each of them, where all are told. */
  readonly texts?: readonly string[];
  /** Tokens that begin before the response and end in it, counted to it. */
  readonly straddling: number;
  /** Leading tokens without a log-probability, which the sum leaves out. */
  readonly unscored: number;
}

/** The sum over tokens from `first` to before `end`; a leading null is left out. Throws FieldError on any other. */
export function tokenPart(
  tokens: readonly ScoredToken[],
  input: { field: string; first?: number; end?: number; straddling?: number | undefined },
): TokenPart {
  const { field, first = 0, end = tokens.length, straddling = 0 } = input;
  const values: number[] = [];
  const texts: string[] = [];
  let unscored = 0;
  for (const [index, { logProbability, text }] of tokens.slice(first, end).entries()) {
    if (logProbability !== undefined) {
      values.push(logProbability);
      if (text !== undefined && isTokenText(text)) texts.push(text);
    } else if (values.length === 0 && first + index <= 1) unscored += 1;
    else throw new FieldError(`${field}[${first + index}]`, "a token of the response has no log-probability");
  }
  if (values.length === 0) throw new FieldError(field, "no token of the response has a log-probability");
  const logProbability = values.reduce((sum, value) => sum + value, 0);
  const told = texts.length === values.length ? { texts } : {};
  return { logProbability, tokenLogProbabilities: values, ...told, straddling, unscored };
}

/** vLLM writes `token_id:17` in place of a text where it was asked to. */
const tokenId = /^token_id:\d+$/;
const isTokenText = (text: string) => text.length <= longestToken && !tokenId.test(text);

/** Length in code points, as the servers count. */
export function codePoints(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/**
 * Where in the tokens of `text` the first `length` code points end: the first token after them, whether the one before
 * straddles, and the code points before that first token. Undefined where the tokens do not spell the text and the server gives no offsets.
 */
export function boundaryAt(
  tokens: readonly ScoredToken[],
  input: { text: string; length: number },
): { first: number; straddling: number; start: number } | undefined {
  const { text, length } = input;
  // A beginning-of-sequence token is in the list and not in the text.
  const start =
    tokens[0]?.text !== undefined && !text.startsWith(tokens[0].text) && startsAt(tokens, 1, text) ? 1 : 0;
  const offsets = offsetsFrom(tokens, start, text);
  if (offsets === undefined) return undefined;
  let first = tokens.length;
  for (let index = start; index < tokens.length; index += 1) {
    if ((offsets[index] as number) < length) continue;
    first = index;
    break;
  }
  const end = first === tokens.length ? codePoints(text) : (offsets[first] as number);
  const straddles = end > length && first > start;
  return straddles
    ? { first: first - 1, straddling: 1, start: offsets[first - 1] as number }
    : { first, straddling: 0, start: end };
}

function startsAt(tokens: readonly ScoredToken[], index: number, text: string): boolean {
  const token = tokens[index]?.text;
  return token !== undefined && text.startsWith(token);
}

/** Code points before each token; from the tokens' own texts where they spell the text, else from the server. */
function offsetsFrom(tokens: readonly ScoredToken[], start: number, text: string): number[] | undefined {
  const spelt = tokens.slice(start).map((token) => token.text ?? "");
  if (spelt.join("") === text) {
    const offsets: number[] = new Array(start).fill(-1);
    let at = 0;
    for (const part of spelt) {
      offsets.push(at);
      at += codePoints(part);
    }
    return offsets;
  }
  const shift = tokens[start]?.offset;
  if (shift === undefined || tokens.slice(start).some(({ offset }) => offset === undefined)) return undefined;
  const offsets = tokens.map(({ offset }, index) => (index < start ? -1 : (offset as number) - shift));
  const ordered = offsets.every((offset, index) => index === 0 || offset >= (offsets[index - 1] as number));
  return ordered && (offsets.at(-1) as number) <= codePoints(text) ? offsets : undefined;
}
