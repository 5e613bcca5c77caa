/** Draws from the two interfaces of OpenAI, completions and chat completions, which vLLM and others share. */
import { type Answer, onlyChoice } from "./answer.ts";
import type { Draw } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";
import { toldTexts } from "./scored-tokens.ts";

/** The draw in an answer of `/v1/completions`. */
export function completionDraw(answer: Answer): Draw {
  const choice = onlyChoice(answer);
  const text = choice.at("text").text();
  const scores = choice.at("logprobs").has("token_logprobs") ? completionTokens(choice) : undefined;
  return drawOf(choice, { text, scores, usage: answer.at("usage") });
}

/** The draw in an answer of `/v1/chat/completions`. A message without content, such as a refusal, is empty. */
export function chatDraw(answer: Answer): Draw {
  const choice = onlyChoice(answer);
  const text = choice.at("message").at("content").textOr("");
  const content = choice.at("logprobs").has("content")
    ? choice.at("logprobs").at("content").items()
    : undefined;
  const scores = content?.map((item) => ({
    bytes: bytesOf(item),
    logProbability: item.at("logprob").logProbability(),
  }));
  return drawOf(choice, { text, scores, usage: answer.at("usage") });
}

interface TokenScore {
  /** The token's bytes; undefined where only an id is told. */
  readonly bytes: Buffer | undefined;
  readonly logProbability: number;
}

function completionTokens(choice: Answer): TokenScore[] {
  const logprobs = choice.at("logprobs");
  const scores = logprobs.at("token_logprobs").items();
  const tokens = logprobs.at("tokens").items();
  if (tokens.length !== scores.length) {
    throw logprobs.wrong(`${tokens.length} tokens beside ${scores.length} log-probabilities`);
  }
  return scores.map((score, index) => {
    const token = (tokens[index] as Answer).text();
    return {
      bytes: token.startsWith("token_id:") ? undefined : Buffer.from(token),
      logProbability: score.logProbability(),
    };
  });
}

function bytesOf(item: Answer): Buffer {
  const bytes = item.at("bytes");
  return Array.isArray(bytes.raw) ? Buffer.from(bytes.tokens()) : Buffer.from(item.at("token").text());
}

/**
 * The response's log-probabilities are those of the tokens that spell it: all of them, or all but the end token.
 * Where a stop text or the server's cleaning cut the text, they are not the response's and are left out.
 */
function drawOf(
  choice: Answer,
  { text, scores, usage }: { text: string; scores: readonly TokenScore[] | undefined; usage: Answer },
): Draw {
  const finishReason = choice.at("finish_reason").textOr("unknown");
  requireEnd(choice, finishReason);
  const length = scores === undefined ? undefined : tokensOfText(choice, text, scores, finishReason);
  const promptTokens = usage.at("prompt_tokens").numberOr(undefined);
  const completionTokens = usage.at("completion_tokens").numberOr(undefined);
  const counted = {
    ...(promptTokens !== undefined && { promptTokens }),
    ...(completionTokens !== undefined && { tokenCount: completionTokens }),
  };
  if (scores === undefined || length === undefined) return { text, finishReason, ...counted };
  const ids = choice.at("token_ids");
  return {
    text,
    finishReason,
    ...counted,
    tokenCount: length,
    tokenLogProbabilities: scores.slice(0, length).map(({ logProbability }) => logProbability),
    tokenTexts: toldTexts(scores.slice(0, length).map(({ bytes }) => bytes?.toString("utf8"))),
    ...(Array.isArray(ids.raw) && { tokens: ids.tokens().slice(0, length) }),
  };
}

/** Refuses a text that neither the model ended nor the length asked for: it would count as the model's wrong answer. */
function requireEnd(choice: Answer, finishReason: string): void {
  if (finishReason === "abort" || finishReason === "error") {
    throw choice.wrong(`finish_reason is ${finishReason}: the server broke the draw off`);
  }
  if (finishReason !== "content_filter") return;
  const { message } = choice.wrong(
    "finish_reason is content_filter: the server cut or withheld the response",
  );
  throw new EndpointError("filtered", message);
}

function tokensOfText(
  choice: Answer,
  text: string,
  scores: readonly TokenScore[],
  finishReason: string,
): number | undefined {
  const ids = choice.at("token_ids").raw;
  const byIds = Array.isArray(ids) && ids.length === scores.length;
  if (byIds || scores.every(({ bytes }) => bytes === undefined)) {
    // vLLM: a text in stop_reason is the stop text that cut the response; else the last token is the end token.
    if (finishReason === "length") return scores.length;
    return typeof choice.at("stop_reason").raw === "string" ? undefined : scores.length - 1;
  }
  const spelt = (count: number) =>
    Buffer.concat(scores.slice(0, count).map(({ bytes }) => bytes ?? Buffer.alloc(0))).toString("utf8");
  const [all, withoutLast] = [spelt(scores.length), spelt(scores.length - 1)];
  // The end token is listed with an empty text, with a text of its own, or not at all.
  if (finishReason === "stop" && withoutLast === text) return scores.length - 1;
  if (all === text) return scores.length;
  if (all !== withoutLast && spellsBrokenly(all, text)) return scores.length;
  if (finishReason === "stop" && spellsBrokenly(withoutLast, text)) return scores.length - 1;
  // A response cut by its length may end within a character.
  return finishReason === "length" ? scores.length : undefined;
}

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
