/** The panels of figure 1: KL, Cov_N and pass@N over fine-tuning, and pass@N against Cov_N and against KL. */
import type { SeedChoice } from "./figure-one-choice.ts";
import { type ChosenSeed, judgedDraws, tournamentN } from "./figure-one-claims.ts";
import { idealOptimum, idealPath, uniformValues } from "./figure-one-ideal.ts";
import { weightedCoverage, weightedKl, weightedPassAt } from "./figure-one-measures.ts";
import type { Panel, PanelMark, PanelPoint, PanelSeries } from "./panel.ts";
import type { IntervalEstimate } from "./weighted-strata.ts";

/** A checkpoint's measures on the evaluation prompts. */
export interface MeasuredCheckpoint {
  readonly step: number;
  readonly kl: IntervalEstimate;
  /** By N. */
  readonly coverage: ReadonlyMap<number, IntervalEstimate>;
  readonly pass: ReadonlyMap<number, IntervalEstimate>;
}

export interface MeasuredSeed {
  readonly seed: number;
  readonly choice: SeedChoice;
  readonly checkpoints: readonly MeasuredCheckpoint[];
}

export const shownDraws = [2, 4, 8, 12] as const;

export function measuredSeed({ scored, choice }: ChosenSeed, ns: readonly number[]): MeasuredSeed {
  return {
    seed: scored.seed,
    choice,
    checkpoints: scored.checkpoints.map((checkpoint) => ({
      step: checkpoint.step,
      kl: weightedKl(checkpoint),
      coverage: new Map(weightedCoverage(checkpoint, ns).map((estimate, index) => [ns[index]!, estimate])),
      pass: new Map(
        weightedPassAt(checkpoint, shownDraws).map((estimate, index) => [shownDraws[index]!, estimate]),
      ),
    })),
  };
}

type Measure = (checkpoint: MeasuredCheckpoint) => IntervalEstimate;

const tournamentMark = (k: number) => `tournament's pick at N = ${tournamentN(k)}`;
const leastLossMark = "least cross-entropy";
const stepsLabel = "fine-tuning steps";

export function figureOnePanels(seeds: readonly MeasuredSeed[], ns: readonly number[]): Panel[] {
  return [
    klPanel(seeds),
    coveragePanel(seeds, ns),
    passPanel(seeds),
    ...judgedDraws.flatMap((k) => [coverageScatter(seeds, k), klScatter(seeds, k)]),
  ];
}

function klPanel(seeds: readonly MeasuredSeed[]): Panel {
  const last = seeds[0]!.checkpoints.at(-1)!.step;
  const floor = uniformValues(idealOptimum).kl;
  return {
    id: "kl-over-fine-tuning",
    title: "KL falls throughout",
    explanation:
      "KL(π_D‖π̂) on the evaluation prompts with 95% intervals over prompts; dashed the least that a model can reach that cannot tell the class.",
    xLabel: stepsLabel,
    yLabel: "KL, nats a response",
    yScale: "linear",
    series: [
      ...seeds.map((seed) => overSteps(`seed ${seed.seed}`, seed, ({ kl }) => kl)),
      {
        label: "least without telling the class",
        computed: true,
        points: [0, last].map((x) => ({ x, y: floor, name: "computed" })),
      },
    ],
    marks: seeds.map((seed) => ({
      label: leastLossMark,
      name: `seed ${seed.seed}, step ${stepAt(seed, seed.choice.leastLoss)}`,
      x: stepAt(seed, seed.choice.leastLoss),
      y: seed.checkpoints[seed.choice.leastLoss]!.kl.estimate,
    })),
  };
}

function coveragePanel(seeds: readonly MeasuredSeed[], ns: readonly number[]): Panel {
  // As many as there are colours, the paper's first.
  const shown = [2, 3, 4, 5.7, 8, 16].filter((n) => ns.includes(n));
  return {
    id: "coverage-over-fine-tuning",
    title: "Cov_N falls, then rises",
    explanation: `Cov_N on the evaluation prompts, ${bandText(seeds)}.`,
    xLabel: stepsLabel,
    yLabel: "Cov_N",
    yScale: "log",
    series: shown.map((n) => meanOverSteps(`N = ${n}`, seeds, ({ coverage }) => coverage.get(n)!)),
    marks: [],
  };
}

function passPanel(seeds: readonly MeasuredSeed[]): Panel {
  const marks = judgedDraws.flatMap((k) =>
    seeds.flatMap((seed) => {
      const { leastLoss } = seed.choice;
      const pick = seed.choice.tournamentAt(tournamentN(k)).position;
      return [mark(seed, pick, "tournament's pick at N = k/2", k), mark(seed, leastLoss, leastLossMark, k)];
    }),
  );
  function mark(seed: MeasuredSeed, position: number, label: string, k: number): PanelMark {
    const checkpoint = seed.checkpoints[position]!;
    const name = `seed ${seed.seed}, step ${checkpoint.step}`;
    return { label, name, x: checkpoint.step, y: checkpoint.pass.get(k)!.estimate };
  }
  return {
    id: "pass-over-fine-tuning",
    title: "pass@N is best at different times",
    explanation: `pass@N = E[1 − (1 − π̂(y⋆|x))^N] on the evaluation prompts, ${bandText(seeds)}; marks are the seeds' own values at pass@8 and pass@12.`,
    xLabel: stepsLabel,
    yLabel: "pass@N",
    yScale: "linear",
    series: [4, ...judgedDraws].map((k) => meanOverSteps(`pass@${k}`, seeds, ({ pass }) => pass.get(k)!)),
    marks,
  };
}

function coverageScatter(seeds: readonly MeasuredSeed[], k: number): Panel {
  const n = tournamentN(k);
  return scatter(seeds, {
    k,
    id: `pass-${k}-against-coverage`,
    title: `pass@${k} follows Cov_${n}`,
    explanation: `Each line goes through the checkpoints of one seed in the order of training; 95% intervals of pass@${k} over prompts.`,
    xLabel: `Cov_${n}`,
    x: ({ coverage }) => coverage.get(n)!,
  });
}

function klScatter(seeds: readonly MeasuredSeed[], k: number): Panel {
  const curve = idealPath().map((model) => {
    const { kl, passAt } = uniformValues(model);
    return { x: kl, y: passAt(k), name: `G1's path ${model.first.toFixed(3)}` };
  });
  return scatter(seeds, {
    k,
    id: `pass-${k}-against-kl`,
    title: `pass@${k} against KL`,
    explanation: `As before, against KL. Dashed: models without invalid mass that treat all prompts alike, from equal shares of the two classes' paths (right) to .9 and .1, the least KL (left).`,
    xLabel: "KL, nats a response",
    x: ({ kl }) => kl,
    computed: { label: "without invalid mass (computed)", computed: true, points: curve },
  });
}

function scatter(
  seeds: readonly MeasuredSeed[],
  given: {
    readonly k: number;
    readonly id: string;
    readonly title: string;
    readonly explanation: string;
    readonly xLabel: string;
    readonly x: Measure;
    readonly computed?: PanelSeries;
  },
): Panel {
  const { k, x, computed, ...texts } = given;
  const pointOf = (checkpoint: MeasuredCheckpoint): PanelPoint => {
    const { estimate, lower, upper } = checkpoint.pass.get(k)!;
    return { x: x(checkpoint).estimate, y: estimate, lower, upper, name: `step ${checkpoint.step}` };
  };
  const markAt = (seed: MeasuredSeed, position: number, label: string): PanelMark => {
    const point = pointOf(seed.checkpoints[position]!);
    return { label, name: `seed ${seed.seed}, ${point.name}`, x: point.x, y: point.y };
  };
  return {
    ...texts,
    yLabel: `pass@${k}`,
    yScale: "linear",
    series: [
      ...seeds.map((seed) => ({ label: `seed ${seed.seed}`, points: seed.checkpoints.map(pointOf) })),
      ...(computed === undefined ? [] : [computed]),
    ],
    marks: seeds.flatMap((seed) => [
      markAt(seed, seed.choice.tournamentAt(tournamentN(k)).position, tournamentMark(k)),
      markAt(seed, seed.choice.leastLoss, leastLossMark),
    ]),
  };
}

const stepAt = (seed: MeasuredSeed, position: number) => seed.checkpoints[position]!.step;

function overSteps(label: string, seed: MeasuredSeed, measure: Measure): PanelSeries {
  return {
    label,
    points: seed.checkpoints.map((checkpoint) => ({
      x: checkpoint.step,
      y: measure(checkpoint).estimate,
      lower: measure(checkpoint).lower,
      upper: measure(checkpoint).upper,
      name: `step ${checkpoint.step}`,
    })),
  };
}

const bandText = (seeds: readonly unknown[]) =>
  seeds.length === 1
    ? "with 95% intervals over prompts"
    : `mean of ${seeds.length} seeds, the band from the least to the largest seed`;

/** The mean over seeds; its band is the seeds' range, for one seed its interval. */
function meanOverSteps(label: string, seeds: readonly MeasuredSeed[], measure: Measure): PanelSeries {
  const [first] = seeds;
  if (first === undefined) return { label, points: [] };
  if (seeds.length === 1) return overSteps(label, first, measure);
  return {
    label,
    points: first.checkpoints.map(({ step }, index) => {
      const values = seeds.map(({ checkpoints }) => measure(checkpoints[index]!).estimate);
      return {
        x: step,
        y: values.reduce((sum, value) => sum + value, 0) / values.length,
        lower: Math.min(...values),
        upper: Math.max(...values),
        name: `step ${step}`,
      };
    }),
  };
}
