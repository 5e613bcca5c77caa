/** What is checked before any scoring: that the numbers are those of the text asked about. */
import type { ScoredResponse, ScoringEndpoint } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";

export interface CanaryResult {
  readonly probable: ScoredResponse;
  readonly absurd: ScoredResponse;
  /** A token of the probable continuation is more likely than one of the absurd; false in a model that knows nothing yet. */
  readonly ordered: boolean;
}

const prompt = "The capital of France is Paris. The capital of France is";
const probable = " Paris.";
const absurd = " xqz jumps banana 42";
/** Nats a token by which a text in two pieces may differ from the text at once: the servers' batches round differently. */
const tolerance = 0.05;

/**
 * Scores a probable and an absurd continuation, which must differ; two that differ in their last token only, which
 * must too, or the scores stand one position off; and a text in two pieces, which must have the tokens and the score
 * of the text at once. Throws EndpointError that names the server and the way out: a server that ignores `echo`,
 * answers 0 or scores something else ends here.
 */
export async function canary(endpoint: ScoringEndpoint, signal: AbortSignal): Promise<CanaryResult> {
  const { likelihood, address, kind } = endpoint;
  const refuse = (what: string) =>
    new EndpointError("refused", `${address} (${kind}): canary: ${what}; ${wayOut[kind]}`);
  const score = async (response: string, before = prompt) => {
    try {
      return await likelihood.score({ prompt: { text: before }, response: { text: response } }, signal);
    } catch (error) {
      if (error instanceof EndpointError && error.fault === "answer") throw refuse(error.message);
      throw error;
    }
  };
  const good = await score(probable);
  const bad = await score(absurd);
  if (good.logProbability === bad.logProbability) {
    const same = good.logProbability;
    throw refuse(`every continuation scores ${same}: the server ignores echo or scores something else`);
  }
  const [one, other] = [await score(" a"), await score(" the")];
  if (one.tokenCount === other.tokenCount && one.logProbability === other.logProbability) {
    throw refuse(
      "responses that differ in their last token score the same: the scores stand one position off",
    );
  }
  const [head, tail] = [" xqz jumps", " banana 42"];
  const [first, rest] = [await score(head), await score(tail, prompt + head)];
  const count = first.tokenCount + rest.tokenCount;
  if (first.straddling + rest.straddling === 0 && count !== bad.tokenCount) {
    throw refuse(`a text has ${bad.tokenCount} tokens at once and ${count} in two pieces`);
  }
  const chained = first.logProbability + rest.logProbability;
  if (count === bad.tokenCount && Math.abs(chained - bad.logProbability) > tolerance * count) {
    throw refuse(
      `a text scores ${bad.logProbability.toFixed(3)} at once and ${chained.toFixed(3)} in two pieces`,
    );
  }
  const perToken = (scored: ScoredResponse) => scored.logProbability / scored.tokenCount;
  return { probable: good, absurd: bad, ordered: perToken(good) > perToken(bad) };
}

const wayOut: Readonly<Record<ScoringEndpoint["kind"], string>> = {
  vllm: "score with vLLM's own server and nothing between",
  sglang: "score with SGLang's own /generate and nothing between",
  tgi: "start it with --enable-prefill-logprobs",
  "openai-completions":
    "score with a vLLM, SGLang or llama.cpp server, which lmcov recognises, or name the kind with --kind",
  "openai-chat": "a chat server cannot score",
  "llama-server": "try --route vocabulary",
  gguf: "score the file through a llama.cpp server",
  onnx: "check that the folder's tokenizer.json belongs to its model",
  checkpoint: "check that the folder's tokenizer belongs to its model",
};
