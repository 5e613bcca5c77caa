/** Figure 1's recorded log-probabilities, by seed and checkpoint. */
import type { FigureRecord, RecordedScore } from "./figure.ts";
import { figureOneFiles, fineTuningWeights } from "./figure-one-plan.ts";

export interface ClassScores {
  readonly name: "G1" | "G2";
  /** Its share of the fine-tuning mixture. */
  readonly weight: number;
  /** log π̂ of each prompt's own response in nats. */
  readonly logProbabilities: Float64Array;
  /** log π̂ of the three other paths of the first prompts, the other class's first. */
  readonly otherPaths: readonly Float64Array[];
}

export interface ScoredCheckpoint {
  readonly step: number;
  readonly classes: readonly ClassScores[];
  /** log π̂ of the selection set's responses. */
  readonly selection: Float64Array;
}

export interface ScoredSeed {
  readonly seed: number;
  /** From the pre-trained model on. */
  readonly checkpoints: readonly ScoredCheckpoint[];
}

const otherPathCount = 3;

/** Throws RangeError for a record that lacks a set or a score. */
export function figureOneData(record: FigureRecord): ScoredSeed[] {
  const classesOf = (path: string) => {
    const found = record.sets.find((set) => set.path === path);
    if (found === undefined) throw new RangeError(`set is ${path}: must be recorded`);
    return found.classes;
  };
  const evaluation = classesOf(figureOneFiles.evaluation);
  const others = classesOf(figureOneFiles.otherPaths);
  const bySeed = new Map<number, Map<number, Map<string, RecordedScore>>>();
  for (const score of record.scores) {
    const steps = bySeed.get(score.seed) ?? new Map<number, Map<string, RecordedScore>>();
    bySeed.set(score.seed, steps);
    const sets = steps.get(score.step) ?? new Map<string, RecordedScore>();
    steps.set(score.step, sets);
    sets.set(score.path, score);
  }
  const checkpointOf = (step: number, sets: ReadonlyMap<string, RecordedScore>): ScoredCheckpoint => {
    const valuesOf = (path: string) => {
      const found = sets.get(path);
      if (found === undefined) throw new RangeError(`step is ${step}: must have scores of ${path}`);
      return found.logProbabilities;
    };
    const own = valuesOf(figureOneFiles.evaluation);
    const other = valuesOf(figureOneFiles.otherPaths);
    return {
      step,
      selection: Float64Array.from(valuesOf(figureOneFiles.selection)),
      classes: (["G1", "G2"] as const).map((name) => {
        const rest = other.filter((_, index) => others[index] === name);
        return {
          name,
          weight: fineTuningWeights[name],
          logProbabilities: Float64Array.from(own.filter((_, index) => evaluation[index] === name)),
          otherPaths: Array.from({ length: otherPathCount }, (_, path) =>
            Float64Array.from(rest.filter((_, index) => index % otherPathCount === path)),
          ),
        };
      }),
    };
  };
  return [...bySeed.entries()]
    .sort(([left], [right]) => left - right)
    .map(([seed, steps]) => ({
      seed,
      checkpoints: [...steps.entries()]
        .sort(([left], [right]) => left - right)
        .map(([step, sets]) => checkpointOf(step, sets)),
    }));
}
