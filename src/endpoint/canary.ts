/** What is checked before any scoring: that the numbers are those of the text asked about. */
import type { ScoredResponse, ScoreRequest, ScoringEndpoint } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";
import { type Trial, trialFor } from "./trial.ts";

/** The scores by which `canary` found an endpoint's numbers to be those of the text asked about. */
export interface CanaryResult {
  readonly probable: ScoredResponse;
  readonly absurd: ScoredResponse;
  /**
   * A token of the probable continuation is more likely than one of the absurd; false in a model that knows nothing
   * yet, absent where the endpoint was tried with tokens of its own vocabulary in place of English.
   */
  readonly ordered?: boolean;
}

/** Nats a token by which a text in two pieces may differ from the text at once: the servers' batches round differently. */
const tolerance = 0.05;

/**
 * Scores a probable and an absurd continuation, which must differ; two that differ in their last token only, which
 * must too, or the scores stand one position off; and a text in two pieces, which must have the tokens and the score
 * of the text at once. Throws EndpointError that names the server and the way out: a server that ignores `echo`,
 * answers 0 or scores something else ends here.
 */
export async function canary(endpoint: ScoringEndpoint, signal: AbortSignal): Promise<CanaryResult> {
  const { likelihood, address, kind, facts } = endpoint;
  const trial: Trial = await trialFor(endpoint, signal);
  const refuse = (what: string) =>
    new EndpointError("refused", `${address} (${kind}): canary: ${what}; ${wayOut[kind]}`);
  const score = async (response: ScoreRequest["response"], prompt = trial.prompt) => {
    try {
      return await likelihood.score({ prompt, response }, signal);
    } catch (error) {
      if (error instanceof EndpointError && error.fault === "answer") throw refuse(error.message);
      throw error;
    }
  };
  // A model of equal weights finds every token equally likely, which is no fault of the server's.
  const untrained = ({ tokenLogProbabilities }: ScoredResponse) =>
    facts.vocabularySize !== undefined &&
    tokenLogProbabilities.every((value) => Math.abs(value + Math.log(facts.vocabularySize as number)) < 1e-4);
  const good = await score(trial.probable);
  const bad = await score(trial.absurd);
  if (good.logProbability === bad.logProbability && !untrained(good)) {
    const same = good.logProbability;
    throw refuse(`every continuation scores ${same}: the server ignores echo or scores something else`);
  }
  const [one, other] = [await score(trial.one), await score(trial.other)];
  const same = one.tokenCount === other.tokenCount && one.logProbability === other.logProbability;
  if (same && !untrained(one)) {
    throw refuse(
      "responses that differ in their last token score the same: the scores stand one position off",
    );
  }
  const [first, rest] = [await score(trial.head), await score(trial.tail, trial.beforeTail)];
  const count = first.tokenCount + rest.tokenCount;
  const apart = first.straddling + rest.straddling === 0;
  if (apart && count !== bad.tokenCount) {
    throw refuse(`a text has ${bad.tokenCount} tokens at once and ${count} in two pieces`);
  }
  const chained = first.logProbability + rest.logProbability;
  if (apart && Math.abs(chained - bad.logProbability) > tolerance * count) {
    throw refuse(
      `a text scores ${bad.logProbability.toFixed(3)} at once and ${chained.toFixed(3)} in two pieces`,
    );
  }
  const perToken = (scored: ScoredResponse) => scored.logProbability / scored.tokenCount;
  const ordered = trial.english && { ordered: perToken(good) > perToken(bad) };
  return { probable: good, absurd: bad, ...ordered };
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
