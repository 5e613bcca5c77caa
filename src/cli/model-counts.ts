/** From the ledger's groups to the counts that estimates take: scorer chosen, denominator declared, labels unique. */
import { checkCount, drawsDifferForUnknownReason } from "../coverage/index.ts";
import { checkpointName, describeSampling, InputError } from "../record/index.ts";
import { copiesSentence, listText, type ModelCounts, type ProblemCounts } from "../report/index.ts";
import { type CountGroup, copiedDraws, type ProblemTally } from "../store/index.ts";
import type { LogOptions } from "./log-options.ts";
import { namedModels } from "./named-models.ts";

export interface SelectedCounts {
  readonly models: readonly ModelCounts[];
  /** The groups behind the models, at the same positions. */
  readonly groups: readonly CountGroup[];
  /** What was chosen on the user's behalf, for the report. */
  readonly remarks: readonly string[];
}

interface ScorerPreference {
  /** Among several scorers, one whose draws have rewards beside verdicts. */
  readonly rewarded?: boolean;
}

/** Throws InputError where nothing is left or where an asked scorer or model does not exist. */
export function selectedCounts(
  groups: readonly CountGroup[],
  options: Pick<LogOptions, "scorer" | "unscored" | "only" | "verify" | "stopping"> & ScorerPreference,
): SelectedCounts {
  const remarks: string[] = [];
  const named = groupsNamed(groups, options.only);
  const scored = groupsByScorer(named, options, remarks);
  const usable = scored.filter((group) =>
    group.problems.some((problem) => denominator(problem, options.unscored) > 0),
  );
  if (usable.length === 0) {
    throw new InputError(
      "no draw has a verdict; re-score the saved responses with --verify, or map a column with --map correct=…",
    );
  }
  const labels = uniqueLabels(usable);
  const models = usable.map((group, index) => {
    const copies = copiesAmong(group, options.unscored);
    const counted = group.problems.filter((problem) => denominator(problem, options.unscored) > 0);
    return {
      label: labels[index] ?? group.model,
      model: group.model,
      ...(group.step !== undefined && { step: group.step }),
      ...(group.trainingTokens !== undefined && { trainingTokens: group.trainingTokens }),
      task: group.task,
      sampling: group.sampling,
      verifier: group.verifier,
      ...(copies !== undefined && { copies }),
      problems: counted.map((problem) => problemCounts(group, problem, options)),
      unscoredProblems: group.problems
        .filter((problem) => denominator(problem, options.unscored) === 0)
        .map(({ problem }) => problem),
    };
  });
  const ragged = models.filter(({ problems }) => drawsDifferForUnknownReason(problems));
  if (ragged.length > 0) {
    remarks.push(
      `Unequal numbers of draws for an unknown reason (${listText(ragged.map(({ label }) => label))}): pass@k is given up to the smallest n; say how sampling stopped with --stopping.`,
    );
  }
  const copies = copiesSentence(models);
  if (copies !== undefined) remarks.push(copies);
  return { models, groups: usable, remarks };
}

/** At temperature 0 draws are copies by their settings, whatever is known of their texts. */
function copiesAmong({ sampling, problems }: CountGroup, policy: LogOptions["unscored"]) {
  if (sampling.temperature !== 0) {
    return copiedDraws(
      problems.map((problem) => ({
        draws: denominator(problem, policy),
        ...(problem.sameText !== undefined && { sameText: problem.sameText }),
      })),
    );
  }
  const repeated = problems.filter((problem) => denominator(problem, policy) > 1).length;
  return repeated === 0 ? undefined : { copied: repeated, problems: repeated };
}

function groupsNamed(groups: readonly CountGroup[], only: string | undefined): readonly CountGroup[] {
  if (only === undefined) return groups;
  const kept = namedModels(groups, only);
  if (kept.length > 0) return kept;
  const names = [...new Set(groups.map(checkpointName))].slice(0, 10).join(", ");
  throw new InputError(`--only ${only}: no model has this in its name; there are ${names}`);
}

function groupsByScorer(
  groups: readonly CountGroup[],
  options: Pick<LogOptions, "scorer" | "verify"> & ScorerPreference,
  remarks: string[],
): CountGroup[] {
  const wanted = options.scorer ?? options.verify;
  const scorers = [...new Set(groups.map((group) => group.verifier))];
  if (options.scorer !== undefined && !scorers.includes(options.scorer)) {
    throw new InputError(`--scorer ${options.scorer}: the logs hold ${scorers.join(", ")}`);
  }
  const chosen = new Map<string, CountGroup>();
  const others = new Map<string, Set<string>>();
  for (const group of groups) {
    const key = [group.model, group.step, group.trainingTokens, group.task, group.samplingHash].join(
      "\u0000",
    );
    const present = chosen.get(key);
    if (wanted !== undefined) {
      if (group.verifier === wanted) chosen.set(key, group);
      continue;
    }
    if (present === undefined || use(group, options) > use(present, options)) {
      chosen.set(key, group);
      if (present === undefined || use(present, options) === 0) continue;
    }
    if (use(group, options) === 0) continue;
    const [used, left] = chosen.get(key) === group ? [group, present] : [present, group];
    const set = others.get(used.verifier) ?? new Set<string>();
    others.set(used.verifier, set.add(left.verifier));
  }
  for (const [scorer, rest] of others) {
    remarks.push(
      `Several scorers in the logs: ${scorer} is used; --scorer chooses among ${[...rest].join(", ")} too.`,
    );
  }
  return [...chosen.values()];
}

/** What a group is good for: 0 is a scorer that scored nothing. */
function use(group: CountGroup, { rewarded = false }: ScorerPreference): number {
  if (rewarded && group.problems.some((problem) => problem.rewarded !== undefined && problem.n > 0)) return 2;
  return group.problems.some(({ n }) => n > 0) ? 1 : 0;
}

function denominator(problem: ProblemTally, policy: LogOptions["unscored"]): number {
  return policy === "incorrect" ? problem.n + problem.unscored : problem.n;
}

function problemCounts(
  group: CountGroup,
  problem: ProblemTally,
  options: Pick<LogOptions, "unscored" | "stopping">,
): ProblemCounts {
  const known = problem.stopping.kind === "unknown" ? options.stopping : undefined;
  const counts = {
    problem: problem.problem,
    draws: denominator(problem, options.unscored),
    correct: problem.correct,
    unscored: problem.unscored,
    stopping: known ?? stoppingFor(problem, options.unscored),
  };
  checkCount(counts, `problem "${problem.problem}" of ${group.model}`);
  return counts;
}

/** Where unscored draws count as incorrect, a problem short of its successes has so many more draws up to its cap. */
function stoppingFor(problem: ProblemTally, policy: LogOptions["unscored"]): ProblemTally["stopping"] {
  const { stopping, correct, unscored } = problem;
  const short = stopping.kind === "successes" && correct < stopping.successes;
  if (policy === "exclude" || unscored === 0 || !short) return stopping;
  return { ...stopping, cap: denominator(problem, policy) };
}

function uniqueLabels(groups: readonly CountGroup[]): string[] {
  const parts = (group: CountGroup): (string | undefined)[] => [
    group.step === undefined ? undefined : `step ${group.step}`,
    group.trainingTokens === undefined ? undefined : `${group.trainingTokens} tokens`,
    describeSampling(group.sampling) || undefined,
  ];
  return groups.map((group) => {
    const rivals = groups.filter((other) => other.model === group.model && other.task === group.task);
    const own = parts(group);
    const telling = own.filter(
      (part, index) =>
        part !== undefined && (index < 2 || rivals.some((rival) => parts(rival)[index] !== part)),
    );
    return rivals.length === 1 && telling.length === 0 ? group.model : [group.model, ...telling].join(", ");
  });
}
