/** What is known of a model's checkpoints, aligned over training, with the checkpoints that tournament and loss pick. */
import type { MeanEstimate } from "../coverage/index.ts";
import type { CheckpointBand, TrainingChart, TrainingRow } from "./chart-data.ts";
import type { LikelihoodAnalysis } from "./likelihood-analysis.ts";
import type { LikelihoodOverN } from "./likelihood-over-n.ts";
import { plural } from "./number-text.ts";

interface Checkpoints {
  readonly analysis: LikelihoodAnalysis;
  readonly over: LikelihoodOverN;
  readonly unit: string;
  readonly checkpoints: readonly { readonly at: number; readonly model: string }[];
}

export function trainingChart(given: Checkpoints): TrainingChart {
  const { analysis, over, unit, checkpoints } = given;
  const { winners, ns } = over;
  const position = (model: string | undefined) => {
    const found = checkpoints.findIndex((checkpoint) => checkpoint.model === model);
    return found < 0 ? null : found;
  };
  return {
    kind: "training",
    unit,
    at: checkpoints.map(({ at }) => at),
    models: checkpoints.map(({ model }) => model),
    rows: [
      ...meanRow("KL, nats a response", over.divergences, given),
      ...meanRow("cross-entropy, nats a response", over.losses, given),
      coverageRow(given),
      ...passRows(given),
    ],
    picks: [
      { label: "tournament at N", ns, positions: winners.map(({ winner }) => position(winner)) },
      { label: "least loss", positions: [position(analysis.crossEntropy.winner)] },
    ],
  };
}

/** The place of each checkpoint among the candidates. */
function places({ over, checkpoints }: Checkpoints): number[] {
  return checkpoints.map(({ model }) => over.matrix.models.indexOf(model));
}

function meanRow(label: string, estimates: readonly MeanEstimate[], given: Checkpoints): TrainingRow[] {
  const own = places(given).flatMap((place) => estimates[place] ?? []);
  const [first] = own;
  if (first === undefined || own.length !== given.checkpoints.length) return [];
  return [{ label, sample: plural(first.prompts, "prompt"), isRate: false, bands: [bandOf(own)] }];
}

/** Cov_N where it says something, else the tournament's score. */
function coverageRow(given: Checkpoints): TrainingRow {
  const { analysis, over } = given;
  const { ns, profiles, matrix } = over;
  const own = places(given);
  if (analysis.drawer === undefined) {
    const scores = (n: number) =>
      own.map((candidate) => matrix.worst({ n, candidate }).hits / matrix.records);
    return {
      label: "score at N",
      sample: plural(matrix.records, "response"),
      isRate: true,
      ns,
      bands: ns.map((_, n) => bandOf(scores(n).map((estimate) => ({ estimate })))),
    };
  }
  return {
    label: "Cov at N",
    sample: plural(profiles[0]?.prompts ?? 0, "prompt"),
    isRate: true,
    ns,
    bands: ns.map((_, n) =>
      bandOf(
        own.map((place) => {
          const point = profiles[place]?.profile[n];
          return { estimate: point?.coverage, lower: point?.lower, upper: point?.upper };
        }),
      ),
    ),
  };
}

function passRows({ over, checkpoints }: Checkpoints): TrainingRow[] {
  const { outcome } = over;
  if (outcome === undefined) return [];
  const own = checkpoints.map(({ model }) => outcome.models.find((entry) => entry.model === model)?.passAtN);
  const known = own.find((estimates) => estimates !== undefined);
  if (known === undefined) return [];
  const row = (label: string, ns: readonly number[]): TrainingRow => ({
    label,
    sample: plural(known[0]?.problems ?? 0, "problem"),
    isRate: true,
    ns,
    bands: ns.map((n) => bandOf(own.map((estimates) => estimates?.find(({ k }) => k === n) ?? {}))),
  });
  const { ns: _, ...first } = row("pass@1", [1]);
  const beyondOne = outcome.ns.filter((n) => n > 1);
  return beyondOne.length === 0 ? [first] : [first, row("pass@N", beyondOne)];
}

interface Estimate {
  readonly estimate?: number | undefined;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
}

function bandOf(estimates: readonly Estimate[]): CheckpointBand {
  const column = (key: keyof Estimate) =>
    estimates.map((entry) => {
      const value = entry[key];
      return value !== undefined && Number.isFinite(value) ? value : null;
    });
  return { estimate: column("estimate"), lower: column("lower"), upper: column("upper") };
}
