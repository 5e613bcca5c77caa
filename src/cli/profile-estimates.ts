/** The estimates behind `lmcov profile`: for each model of a task its profile, and what may be said beside it. */
import {
  answerLogProbabilities,
  type CoverageProfile,
  type CrossEntropy,
  candidateEnvelope,
  coverageProfile,
  crossEntropyEstimate,
  envelopeLogRatios,
  klDivergence,
  type LikelihoodQuantile,
  type LogRatioSample,
  likelihoodQuantile,
  logRatios,
  type MeanEstimate,
  squaredHellinger,
  upperBoundLogRatios,
} from "../coverage/index.ts";
import { InputError } from "../record/index.ts";
import type { LikelihoodTask, ScoredCandidate } from "../report/index.ts";
import { referenceOf } from "./read-likelihoods.ts";

export interface ProfileRequest {
  readonly n: readonly number[];
  readonly level: number;
  readonly reference?: string;
  readonly drawnBy?: string;
  readonly quantile?: readonly number[];
  readonly answers?: boolean;
}

export interface ModelProfile {
  readonly task: string;
  readonly profile: CoverageProfile;
  /** Only where the profile is an upper bound that says nothing, and other candidates exist. */
  readonly envelope: CoverageProfile | undefined;
  readonly reference: string | undefined;
  readonly crossEntropy: CrossEntropy;
  readonly quantiles: readonly LikelihoodQuantile[];
  /** The same on final answers, where it was asked for: responses of a prompt that share an answer add up. */
  readonly answers?: CoverageProfile;
  /** Where the responses were drawn from the reference. */
  readonly kl?: MeanEstimate;
  readonly squaredHellinger?: MeanEstimate;
}

/** Profiles of a task's models against the reference, or as upper bounds with the envelope where these say nothing. */
export function taskProfiles(task: LikelihoodTask, request: ProfileRequest): ModelProfile[] {
  const reference = referenceOf(task, request);
  if (reference === undefined) return upperBoundProfiles(task, request);
  const { kind, candidate } = reference;
  const { level } = request;
  const { prompts, problems: examples } = task;
  return task.candidates
    .filter((model) => model !== candidate)
    .map((model) => {
      const sample = logRatios({ kind, reference: candidate, model, examples });
      return {
        ...besides(model, task, request),
        profile: profileOf(sample, task, request),
        envelope: undefined,
        reference: candidate.model,
        ...(request.answers && {
          answers: answerProfile({ kind, reference: candidate, model }, task, request),
        }),
        ...(kind === "reference" && {
          kl: klDivergence(sample, { prompts, level }),
          squaredHellinger: squaredHellinger(sample, { prompts, level }),
        }),
      };
    });
}

/** Cov_N over answers: log-probabilities of distinct recorded responses with one answer are added (§7.1). */
function answerProfile(
  pair: { kind: "reference" | "empirical"; reference: ScoredCandidate; model: ScoredCandidate },
  task: LikelihoodTask,
  request: ProfileRequest,
): CoverageProfile {
  const { answers, responses, prompts } = task;
  if (answers === undefined)
    throw new InputError(`--answers: ${task.task} holds no answers; map their column with --map answer=…`);
  const known = answers.map((answer, record) => answer ?? `no answer, response ${responses[record]}`);
  const summed = ({ model, logProbabilities }: ScoredCandidate) => ({
    model,
    logProbabilities: answerLogProbabilities({ model, logProbabilities, prompts, answers: known, responses }),
  });
  const sample = logRatios({ kind: pair.kind, reference: summed(pair.reference), model: summed(pair.model) });
  return profileOf(sample, task, request);
}

function upperBoundProfiles(task: LikelihoodTask, request: ProfileRequest): ModelProfile[] {
  const bounded = task.candidates.map((model) => ({
    model,
    profile: profileOf(upperBoundLogRatios({ ...model, examples: task.problems }), task, request),
  }));
  const vacuous = bounded.some(({ profile }) => !profile.informative);
  const envelope = vacuous && task.candidates.length > 1 ? candidateEnvelope(task.candidates) : undefined;
  return bounded.map(({ model, profile }) => ({
    ...besides(model, task, request),
    profile,
    envelope:
      envelope === undefined || profile.informative
        ? undefined
        : profileOf(envelopeLogRatios({ envelope, model }), task, request),
    reference: undefined,
  }));
}

function profileOf(sample: LogRatioSample, task: LikelihoodTask, request: ProfileRequest): CoverageProfile {
  return coverageProfile(sample, { ns: request.n, prompts: task.prompts, level: request.level });
}

function besides(model: ScoredCandidate, task: LikelihoodTask, { level, quantile }: ProfileRequest) {
  const { prompts, problems: examples, task: name } = task;
  const { model: label, logProbabilities, tokenCounts } = model;
  const counted = tokenCounts.every((count) => count >= 1);
  const scored = { model: label, logProbabilities, prompts, examples, level };
  return {
    task: name,
    crossEntropy: crossEntropyEstimate({ ...scored, ...(counted && { tokenCounts }) }),
    quantiles: (quantile ?? []).map((epsilon) => likelihoodQuantile({ ...scored, epsilon })),
  };
}
