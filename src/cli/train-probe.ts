/** Probes of a training: log-probabilities of held-out responses and verdicts on draws, as rows and as one summary. */
import {
  coverageAt,
  crossEntropyEstimate,
  klDivergence,
  logRatios,
  passAtKEstimates,
  upperBoundLogRatios,
} from "../coverage/index.ts";
import type { RandomGenerator } from "../numeric/index.ts";
import type { Row } from "../record/index.ts";
import { appendJournal, writeParts } from "../store/index.ts";
import type { NamedValues } from "../tensor/index.ts";
import type { Probe, ResponseScorer } from "../train/index.ts";
import { type DrawOptions, judgedDraws } from "./train-draws.ts";
import { type EvaluationSet, likelihoodRows, referenceModel } from "./train-evaluation.ts";

export interface ProbeOptions {
  readonly runFolder: string;
  readonly model: string;
  readonly set: EvaluationSet;
  readonly scorer: ResponseScorer;
  /** The N of Cov_N. */
  readonly ns: readonly number[];
  readonly draws?: DrawOptions;
  /** Texts of the tokens of each response, where rows are to hold tokens. */
  readonly tokenTexts?: readonly (readonly string[])[] | undefined;
  readonly generator: RandomGenerator;
}

/** The unit of work that holds a probe's rows. */
const unitOf = (step: number) => `probe-${String(step).padStart(8, "0")}`;

/** Whether a unit is a probe that a training going on from `step` takes again; a fresh one also takes that of step 0. */
export function isTakenAgain(unit: string, step: number): boolean {
  const digits = /^probe-(\d{8,})$/.exec(unit)?.[1];
  return digits !== undefined && (step === 0 || Number(digits) > step);
}

/** Measures the parameters, writes the rows into the run folder and gives the summary. */
export async function probe(step: number, parameters: NamedValues, options: ProbeOptions): Promise<Probe> {
  const { set, model } = options;
  const scored = await options.scorer.score(parameters, set.encoded);
  const method = "teacher-forced while training";
  const { logProbabilities, tokenCounts } = scored;
  const tokens = options.tokenTexts && {
    texts: options.tokenTexts,
    logProbabilities: scored.tokenLogProbabilities,
  };
  const rows: Row[] = likelihoodRows(set, { logProbabilities, tokenCounts, method, tokens }, { model, step });
  if (step === 0 && set.reference !== undefined) {
    rows.push(
      ...likelihoodRows(
        set,
        {
          logProbabilities: set.reference,
          tokenCounts,
          method: "given with the evaluation set",
        },
        { model: referenceModel },
      ),
    );
  }
  const generator = options.generator.split(`step ${step}`);
  const judged = options.draws && (await judgedDraws(set, options.draws, { model, step, generator }));
  if (judged !== undefined) rows.push(...judged.rows);
  await writeUnit(options.runFolder, unitOf(step), rows);
  const summary = likelihoodSummary(set, { ...options, ...scored });
  return {
    loss: summary.crossEntropy ?? Number.POSITIVE_INFINITY,
    summary: {
      ...summary,
      ...(judged !== undefined && { passAtK: passAtKSummary(judged.correct, options.draws?.draws ?? 1) }),
    },
  };
}

function likelihoodSummary(
  set: EvaluationSet,
  given: {
    readonly model: string;
    readonly ns: readonly number[];
    readonly logProbabilities: Float64Array;
    readonly tokenCounts: Int32Array;
  },
) {
  const { model, logProbabilities, tokenCounts, ns } = given;
  const { prompts, reference } = set;
  const candidate = { model, logProbabilities };
  const sample =
    reference === undefined
      ? upperBoundLogRatios(candidate)
      : logRatios({
          kind: "reference",
          reference: { model: referenceModel, logProbabilities: reference },
          model: candidate,
        });
  const { sequence, perToken } = crossEntropyEstimate({ ...candidate, prompts, tokenCounts });
  return {
    responses: logProbabilities.length,
    crossEntropy: sequence.estimate,
    crossEntropyPerToken: perToken?.estimate,
    ...(reference !== undefined && { kl: klDivergence(sample, { prompts }).estimate }),
    // Without π_D: P[π̂ ≤ 1/N], which Cov_N is at most.
    coverageKind: sample.kind,
    coverage: ns.map((n) => ({ n, coverage: coverageAt(sample, { n, prompts }) })),
  };
}

function passAtKSummary(correct: readonly number[], draws: number) {
  const counts = correct.map((count) => ({ draws, correct: count }));
  const ks = [1, 2, 4, 8, 16, 32, 64, 128, 256].filter((k) => k < draws);
  return passAtKEstimates(counts, [...ks, draws]).map(({ k, estimate }) => ({ k, estimate }));
}

async function writeUnit(folder: string, unit: string, rows: readonly Row[]): Promise<void> {
  const batches = (async function* () {
    yield rows;
  })();
  const { parts } = await writeParts(folder, unit, batches);
  await appendJournal(folder, {
    unit,
    input: unit,
    importer: "train",
    parts,
    rows: rows.length,
    rejected: 0,
    notes: [],
    drops: [],
  });
}
