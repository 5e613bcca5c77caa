/** Which of the tokens that a server lists are those of the response. */

/** The tokens of one response as a server lists them. */
export interface ListedTokens {
  readonly text: string;
  /** Bytes of each token; undefined where only its id is told. */
  readonly tokens: readonly (Uint8Array | undefined)[];
  /** `stop`, `length`, or another word; undefined where it is not told. */
  readonly finishReason: string | undefined;
  /** True if a stop text is known to have cut the response. */
  readonly cut?: boolean | undefined;
  /** Tokens that the server counts, the end token included; tells a list that lacks some from one of broken characters. */
  readonly generated?: number | undefined;
}

/**
 * How many of the listed tokens, from the first, spell the response: all, or all but the end token, which servers list
 * with an empty text, with a text of its own, or not at all. Undefined where they do not: a stop text or a filter cut the
 * text, some tokens are not listed, or they are of another text. A response that its length cut within a character is spelt.
 *
 * @example
 * const tokens = [" four", "</s>"].map((text) => Buffer.from(text));
 * responseTokens({ text: " four", tokens, finishReason: "stop" }); // 1
 * responseTokens({ text: " four", tokens: tokens.slice(1), finishReason: "stop" }); // undefined
 */
export function responseTokens(listed: ListedTokens): number | undefined {
  const { text, tokens, finishReason, cut = false, generated = 0 } = listed;
  const { length } = tokens;
  if (cut) return undefined;
  if (length === 0) return text === "" ? 0 : undefined;
  const mayEnd = finishReason !== "length";
  if (tokens.every((bytes) => bytes === undefined)) {
    if (length < generated) return undefined;
    if (!mayEnd) return length;
    return finishReason === "stop" ? length - 1 : undefined;
  }
  const spelt = (count: number) =>
    Buffer.concat(tokens.slice(0, count).map((bytes) => bytes ?? Buffer.alloc(0))).toString("utf8");
  const [all, withoutLast] = [spelt(length), spelt(length - 1)];
  if (mayEnd && withoutLast === text) return length - 1;
  if (all === text) return length;
  if (length < generated - 1) return undefined;
  if (!mayEnd && wholeCharacters(all) === wholeCharacters(text)) return length;
  if (all !== withoutLast && spellsBrokenly(all, text)) return length;
  return mayEnd && spellsBrokenly(withoutLast, text) ? length - 1 : undefined;
}

const wholeCharacters = (text: string) => text.replace(/\ufffd+$/, "");

/** Whether tokens spell the text where those that are parts of a character are told as U+FFFD, as vLLM's chat has them. */
function spellsBrokenly(tokens: string, text: string): boolean {
  const [first = "", ...rest] = tokens.split(/\ufffd+/);
  const last = rest.pop();
  if (last === undefined || !text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
