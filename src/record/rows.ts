/**
 * The four row types that everything passes through: what a model said (Response), how probable a model
 * finds it (Likelihood), whether it is right (Outcome), and aggregates of verdicts (Count).
 */
import type { SamplingSettings } from "./sampling.ts";

/** Where a row came from: a file, and the line (from 1) or the member of an archive in it. */
export interface Provenance {
  readonly file: string;
  readonly line?: number;
  readonly member?: string;
}

/** What all four row types carry. */
export interface RowBase {
  readonly model: string;
  /** Training step of the checkpoint, where known. */
  readonly step?: number;
  /** Training tokens seen by the checkpoint, where known. */
  readonly trainingTokens?: number;
  readonly task: string;
  /** The problem's name within its task, as the source has it. */
  readonly problem: string;
  /** Sixteen hexadecimal digits; equal prompts have equal hashes. */
  readonly promptHash: string;
  readonly sampling: SamplingSettings;
  readonly samplingHash: string;
  readonly source: Provenance;
}

/**
 * Which draw of a problem a row is about. The unit's key is (model, prompt hash, sampling hash, draw set, draw):
 * `drawSet` is empty where the source numbers its draws for good, and names the file or run where the draw is
 * only a position in it, so that two files append and the same file given twice does not double.
 */
export interface DrawKey {
  readonly drawSet: string;
  /** From 0. */
  readonly draw: number;
}

/** Where a response comes from: reference data, a model's draw, or a choice that is offered to be scored. */
export type ResponseRole = "data" | "draw" | "choice";

/** What a model or a data set answered to one prompt. */
export interface Response extends RowBase, DrawKey {
  readonly kind: "response";
  /** `data`: a reference response; `draw`: the model sampled it; `choice`: an option offered for scoring. */
  readonly role: ResponseRole;
  readonly prompt?: string;
  readonly text: string;
  /** The reference answer that the source gives for the problem. */
  readonly target?: string;
  readonly seed?: number;
  readonly tokenCount?: number;
  readonly finishReason?: string;
}

/** How probable one model finds one response. */
export interface Likelihood extends RowBase, DrawKey {
  readonly kind: "likelihood";
  readonly role: ResponseRole;
  /** Who drew the response, for role `draw`, as `checkpointName` has it; `model` is the one that scored it. */
  readonly drawnBy?: string;
  /** Natural logarithm of the probability of the whole response, at most 0; -Infinity is legal. */
  readonly logProbability: number;
  readonly tokenLogProbabilities?: readonly number[];
  /** The text of each token, where it is known; one that only begins a character, or ends the sequence, may be empty. */
  readonly tokens?: readonly string[];
  readonly tokenCount?: number;
  /** The final answer that the response ends in: several responses may share one. */
  readonly answer?: string;
  /** CRC-32 of the response's text: tells a response drawn again from another one. */
  readonly fingerprint?: number;
  /** How it was obtained: server or file, raw or tempered, beginning-of-sequence token, boundary. */
  readonly method: string;
}

/**
 * A checkpoint in one name, by which `drawnBy` tells it from the others of its training: a draw's number says nothing
 * across checkpoints.
 *
 * @example
 * checkpointName({ model: "sums", step: 360 }); // "sums, step 360"
 * checkpointName({ model: "sums", trainingTokens: 1e6 }); // "sums, 1000000 tokens"
 */
export function checkpointName({
  model,
  step,
  trainingTokens,
}: Pick<RowBase, "model" | "step" | "trainingTokens">): string {
  if (step !== undefined) return `${model}, step ${step}`;
  return trainingTokens === undefined ? model : `${model}, ${trainingTokens} tokens`;
}

/**
 * True for a log-probability that a model's own draw brought with it: it is of the tokens that were drawn, which need not
 * be those that a score of the text is of.
 *
 * @example
 * cameWithDraw({ method: "drawn by vllm, raw, no end token" }); // true
 * cameWithDraw({ method: "chat completions, raw as the server defines it; drawn untempered" }); // true
 * cameWithDraw({ method: "vLLM prompt_logprobs, raw, BOS added" }); // false
 */
export const cameWithDraw = ({ method }: Pick<Likelihood, "method">): boolean =>
  /(?:^|; )drawn (?:by|under|untempered|tempered)\b/.test(method);

/** `unscored` is no failure: such a draw is left out of n unless the user says otherwise. */
export type Verdict = "correct" | "incorrect" | "unscored";

/** One verdict on one draw. */
export interface Outcome extends RowBase, DrawKey {
  readonly kind: "outcome";
  readonly verdict: Verdict;
  /** Why a draw is unscored. */
  readonly reason?: string;
  /** Real-valued score, where the source has one that is not only 0 or 1. */
  readonly score?: number;
  /** Proxy reward of the draw (a reward model's score). */
  readonly reward?: number;
  /** Gold reward of the draw, where it differs from the verdict. */
  readonly gold?: number;
  /** The final answer that was extracted, for majority votes. */
  readonly answer?: string;
  /** CRC-32 of the response's text where there is one: tells a repeated draw from a contradictory one. */
  readonly fingerprint?: number;
  /** Who judged: the metric, scorer or verifier by name. */
  readonly verifier: string;
}

/** When sampling of a problem stopped. */
export type StoppingRule =
  | { readonly kind: "fixed" }
  | { readonly kind: "unknown" }
  /** Stop at the s-th success, or after `cap` draws. */
  | { readonly kind: "successes"; readonly successes: number; readonly cap: number };

/** An aggregate that a log holds instead of draws. Never expanded into draws. */
export interface Count extends RowBase {
  readonly kind: "count";
  readonly drawSet: string;
  /** Scored draws: correct plus incorrect. */
  readonly n: number;
  readonly correct: number;
  readonly unscored: number;
  /** CRC-32 of the text that all the draws are, where they are one text. */
  readonly fingerprint?: number;
  readonly stopping: StoppingRule;
  readonly verifier: string;
}

/** Any of the four row types, told apart by `kind`. */
export type Row = Response | Likelihood | Outcome | Count;
