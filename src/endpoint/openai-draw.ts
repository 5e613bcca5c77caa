/** Draws from the two interfaces of OpenAI, completions and chat completions, which vLLM and others share. */
import { responseTokens } from "../record/index.ts";
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
  const promptTokens = usage.at("prompt_tokens").countOr(undefined);
  const completionTokens = usage.at("completion_tokens").countOr(undefined);
  const length =
    scores === undefined
      ? undefined
      : tokensOfText(choice, { text, scores, finishReason, generated: completionTokens });
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
  input: {
    readonly text: string;
    readonly scores: readonly TokenScore[];
    readonly finishReason: string;
    readonly generated: number | undefined;
  },
): number | undefined {
  const { text, scores, finishReason, generated } = input;
  const ids = choice.at("token_ids").raw;
  const byIds = Array.isArray(ids) && ids.length === scores.length;
  const length = responseTokens({
    text,
    tokens: scores.map(({ bytes }) => (byIds ? undefined : bytes)),
    finishReason,
    generated,
    // vLLM: a text in stop_reason is the stop text that cut the response; else the last token is the end token.
    cut: typeof choice.at("stop_reason").raw === "string",
  });
  // The server's cleaning of the text does not change which tokens were drawn.
  const cleaned = finishReason === "length" && scores.length >= (generated ?? 0);
  return length ?? (cleaned ? scores.length : undefined);
}
