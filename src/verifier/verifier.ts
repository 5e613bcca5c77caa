/** What a verifier is: it judges one saved output against one reference answer. */
import type { Verdict } from "../record/index.ts";

/** One saved output, with the reference answer and the prompt where the source gives them. */
export interface VerifierInput {
  readonly response: string;
  readonly target: string | undefined;
  readonly prompt?: string | undefined;
}

/** A verdict; `reason` says why it is not `correct`, `answer` is the extracted final answer in canonical form. */
export interface VerifierResult {
  readonly verdict: Verdict;
  readonly reason?: string;
  readonly answer?: string;
}

/**
 * A judge of saved outputs. Never throws on any text: what cannot be judged is `unscored` with its reason,
 * and stays in the log's denominator policy as such.
 */
export interface Verifier {
  /** The specification that `verifierByName` turns into this verifier. */
  readonly name: string;
  verify(input: VerifierInput): VerifierResult;
}
