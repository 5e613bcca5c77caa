/** The held-out responses of a training as rows: which problem, prompt and response each one is. */
import { crc32 } from "node:zlib";
import { type Likelihood, type RowBase, samplingHash, shortHash } from "../record/index.ts";
import type { EncodedExample, Example } from "../train/index.ts";
import { tokensField } from "./generate-rows.ts";

export interface EvaluationSet {
  readonly task: string;
  /** The file, or the generator's name. */
  readonly source: string;
  readonly examples: readonly Example[];
  readonly encoded: readonly EncodedExample[];
  readonly keys: readonly EvaluationKey[];
  /** Number of each response's prompt, from 0. */
  readonly prompts: Int32Array;
  /** log π_D of each response, where it is known for all. */
  readonly reference: Float64Array | undefined;
}

export interface EvaluationKey {
  readonly problem: string;
  readonly promptHash: string;
  /** Number of the response among those of its problem. */
  readonly draw: number;
  readonly fingerprint: number;
}

/** The name under which π_D's own log-probabilities stand in a run. */
export const referenceModel = "data distribution";
export const evaluationDraws = "evaluation";

/** Problems are named by the set, else by the number of their prompt's first response, from 1. */
export function evaluationSet(given: {
  readonly task: string;
  readonly source: string;
  readonly examples: readonly Example[];
  readonly encoded: readonly EncodedExample[];
}): EvaluationSet {
  const { examples } = given;
  const promptNumbers = new Map<string, number>();
  const names = new Map<string, string>();
  const draws = new Map<string, number>();
  const prompts = new Int32Array(examples.length);
  const keys = examples.map((example, index): EvaluationKey => {
    const promptHash = shortHash(example.prompt);
    const problem = example.problem ?? names.get(promptHash) ?? String(index + 1);
    names.set(promptHash, problem);
    const cluster = `${promptHash} ${problem}`;
    const number = promptNumbers.get(cluster) ?? promptNumbers.size;
    promptNumbers.set(cluster, number);
    prompts[index] = number;
    const draw = draws.get(cluster) ?? 0;
    draws.set(cluster, draw + 1);
    return { problem, promptHash, draw, fingerprint: crc32(example.response) };
  });
  const known = examples.map(({ logProbability }) => logProbability ?? Number.NaN);
  return {
    ...given,
    keys,
    prompts,
    reference: known.some(Number.isNaN) ? undefined : Float64Array.from(known),
  };
}

/** What all rows about one response's problem carry. */
export function problemOf(
  set: EvaluationSet,
  index: number,
): Pick<RowBase, "task" | "problem" | "promptHash" | "source"> {
  const { problem, promptHash } = set.keys[index]!;
  return { task: set.task, problem, promptHash, source: { file: set.source } };
}

/**
 * One likelihood row a response. Where π_D is known it drew the responses, which makes the log-ratio observable;
 * otherwise they are data.
 */
export function likelihoodRows(
  set: EvaluationSet,
  scored: {
    readonly logProbabilities: Float64Array;
    readonly tokenCounts?: Int32Array;
    /** Of each response the texts of its tokens and their log-probabilities. */
    readonly tokens?:
      | {
          readonly texts: readonly (readonly string[])[];
          readonly logProbabilities: readonly Float64Array[];
        }
      | undefined;
    readonly method: string;
  },
  model: { readonly model: string; readonly step?: number },
): Likelihood[] {
  const sampling = {};
  const role =
    set.reference === undefined
      ? ({ role: "data" } as const)
      : ({ role: "draw", drawnBy: referenceModel } as const);
  return set.keys.map(({ draw, fingerprint }, index) => ({
    kind: "likelihood",
    ...model,
    ...problemOf(set, index),
    sampling,
    samplingHash: samplingHash(sampling),
    ...role,
    drawSet: evaluationDraws,
    draw,
    logProbability: scored.logProbabilities[index]!,
    ...(scored.tokenCounts !== undefined && { tokenCount: scored.tokenCounts[index]! }),
    ...(scored.tokens !== undefined && {
      tokenLogProbabilities: Array.from(scored.tokens.logProbabilities[index]!, (value) =>
        Math.min(0, value),
      ),
      ...tokensField(scored.tokens.texts[index]!),
    }),
    fingerprint,
    method: scored.method,
  }));
}
