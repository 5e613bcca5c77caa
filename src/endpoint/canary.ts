/** What is checked before any scoring: that the numbers are those of the text asked about. */
import type { ScoredResponse, ScoringEndpoint } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";

export interface CanaryResult {
  readonly probable: ScoredResponse;
  readonly absurd: ScoredResponse;
}

const prompt = "The capital of France is Paris. The capital of France is";
const probable = " Paris.";
const absurd = " xqz jumps banana 42";

/**
 * Scores a probable and an absurd continuation: they must differ as any language model tells them apart, have as many
 * log-probabilities as tokens, and a response in two pieces must score as in one. Throws EndpointError that names the
 * server and the way out; a server that ignores `echo` and answers 0, or scores something else, ends here.
 */
export async function canary(endpoint: ScoringEndpoint, signal: AbortSignal): Promise<CanaryResult> {
  const { likelihood, address, kind } = endpoint;
  const score = (response: string, before = prompt) =>
    likelihood.score({ prompt: { text: before }, response: { text: response } }, signal);
  const good = await score(probable);
  const bad = await score(absurd);
  const way = wayOut[kind];
  const refuse = (what: string): never => {
    throw new EndpointError("refused", `${address} (${kind}): ${what}; ${way}`);
  };
  if (good.logProbability === 0 && bad.logProbability === 0) {
    refuse("every continuation scores 0: the server ignores echo or answers with something else");
  }
  const perToken = (scored: ScoredResponse) => scored.logProbability / scored.tokenCount;
  if (!(perToken(good) > perToken(bad))) {
    refuse(
      `an absurd continuation scores ${perToken(bad).toFixed(3)} a token and a probable one ${perToken(good).toFixed(3)}: these are not log-probabilities of the text given`,
    );
  }
  // A sum over tokens is a chain: the first words and the rest given them make the whole.
  const [head, tail] = [" xqz jumps", " banana 42"];
  const [first, rest] = [await score(head), await score(tail, prompt + head)];
  const chained = first.logProbability + rest.logProbability;
  const gap = Math.abs(chained - bad.logProbability);
  const count = first.tokenCount + rest.tokenCount;
  if (first.straddling + rest.straddling === 0 && count !== bad.tokenCount) {
    refuse(
      `a text has ${bad.tokenCount} tokens at once and ${count} in two pieces: tokens are lost at the boundary`,
    );
  }
  if (count === bad.tokenCount && gap > 0.05 * count) {
    refuse(
      `a text scores ${bad.logProbability.toFixed(3)} at once and ${chained.toFixed(3)} in two pieces: these are not log-probabilities of the text given`,
    );
  }
  return { probable: good, absurd: bad };
}

const wayOut: Readonly<Record<ScoringEndpoint["kind"], string>> = {
  vllm: "score with vLLM's own server, without --logprobs-mode processed_logits or raw_logits",
  sglang: "score with SGLang's own /generate, or name another kind with --kind",
  tgi: "start it with --enable-prefill-logprobs",
  "openai-completions":
    "score with a vLLM, SGLang or llama.cpp server (lmcov recognises them), or name the kind with --kind",
  "openai-chat": "a chat server cannot score",
  "llama-server": "try --route vocabulary",
};
