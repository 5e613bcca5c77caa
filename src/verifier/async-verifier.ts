/** Verifiers that take time: tests run in a sandbox, commands, reward servers. */
import type { Verdict } from "../record/index.ts";
import type { Verifier } from "./verifier.ts";

/** One saved output with what a slow verifier may need to judge it. */
export interface DrawToVerify {
  readonly response: string;
  readonly target: string | undefined;
  readonly prompt: string | undefined;
  readonly task: string;
  readonly problem: string;
}

/** What an asynchronous verifier says of one draw. */
export interface DrawVerdict {
  readonly verdict: Verdict;
  /** Why it is not `correct`. */
  readonly reason?: string;
  readonly answer?: string;
  /** A real-valued reward; where the verifier gives no verdict beside it, the verdict is `unscored`. */
  readonly reward?: number;
}

/** Judging itself broke, which says nothing about the response. */
export class JudgeError extends Error {
  override readonly name = "JudgeError";
  /** A word that groups failures. */
  readonly fault: string;
  /** The same draw may be judged later. */
  readonly retryable: boolean;
  /** Seconds that a server asks to wait. */
  readonly retryAfter?: number;

  constructor(fault: string, message: string, options: { retryable: boolean; retryAfter?: number }) {
    super(message);
    this.fault = fault;
    this.retryable = options.retryable;
    if (options.retryAfter !== undefined) this.retryAfter = options.retryAfter;
  }
}

/** A judge that takes time. It rejects with JudgeError only where judging itself broke. */
export interface AsyncVerifier {
  readonly name: string;
  /** How many draws are worth judging at a time. */
  readonly concurrency: number;
  verify(draw: DrawToVerify, signal?: AbortSignal): Promise<DrawVerdict>;
}

/** A quick verifier under the face of a slow one. */
export function asyncVerifier(verifier: Verifier): AsyncVerifier {
  return {
    name: verifier.name,
    concurrency: 1,
    verify: async ({ response, target, prompt }) => verifier.verify({ response, target, prompt }),
  };
}
