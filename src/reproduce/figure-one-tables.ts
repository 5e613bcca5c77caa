/** The numbers of figure 1 as tables. */
import type { Cell } from "../report/index.ts";
import type { FigureTable } from "./figure.ts";
import { type ChosenSeed, judgedDraws, type PickGain, type Turn, tournamentN } from "./figure-one-claims.ts";
import type { RankAgreement } from "./figure-one-correlation.ts";
import type { ScoredCheckpoint } from "./figure-one-data.ts";
import { idealOptimum, idealStart, type UniformModel, uniformValues } from "./figure-one-ideal.ts";
import { pathShares, weightedKl, weightedPassAt } from "./figure-one-measures.ts";
import { type MeasuredSeed, shownDraws } from "./figure-one-panels.ts";
import { countColumn, rateColumn, textColumn } from "./table-text.ts";
import { mean } from "./trend.ts";
import type { IntervalEstimate } from "./weighted-strata.ts";

const nats = (value: number) => value.toFixed(3);

type Row = Record<string, Cell>;

/** Means over seeds, a row a checkpoint. */
export function checkpointTable(seeds: readonly MeasuredSeed[], ns: readonly number[]): FigureTable {
  const rows = seeds[0]!.checkpoints.map(({ step }, index): Row => {
    const own = seeds.map(({ checkpoints }) => checkpoints[index]!);
    const over = (value: (checkpoint: (typeof own)[number]) => number) => mean(own.map(value));
    return {
      step,
      kl: nats(over(({ kl }) => kl.estimate)),
      ...Object.fromEntries(ns.map((n) => [`cov ${n}`, over(({ coverage }) => coverage.get(n)!.estimate)])),
      ...Object.fromEntries(shownDraws.map((k) => [`pass ${k}`, over(({ pass }) => pass.get(k)!.estimate)])),
    };
  });
  return {
    id: "checkpoints",
    title: "Every checkpoint",
    explanation: `Means over ${seeds.length} seeds on the evaluation prompts, the classes weighted .9 and .1; KL in nats a response.`,
    table: {
      columns: [
        countColumn("step", "step"),
        textColumn("kl", "KL"),
        ...ns.map((n) => rateColumn(`cov ${n}`, `Cov_${n}`)),
        ...shownDraws.map((k) => rateColumn(`pass ${k}`, `pass@${k}`)),
      ],
      rows,
    },
  };
}

/** What tournaments at several N choose, beside cross-entropy. */
export function choiceTable(seeds: readonly MeasuredSeed[], ns: readonly number[]): FigureTable {
  const rows = seeds.flatMap((seed): Row[] => {
    const { choice, checkpoints } = seed;
    const passes = (position: number): Row =>
      Object.fromEntries(shownDraws.map((k) => [`pass ${k}`, checkpoints[position]!.pass.get(k)!]));
    const least = { seed: seed.seed, by: "cross-entropy", step: checkpoints[choice.leastLoss]!.step };
    return [
      { ...least, ...passes(choice.leastLoss) },
      ...ns.map((n) => {
        const { position, score, tied, scoreOfLeastLoss, leastLossWins } = choice.tournamentAt(n);
        return {
          seed: seed.seed,
          by: `tournament at N = ${n}`,
          step: checkpoints[position]!.step,
          score,
          tied,
          scoreOfLeastLoss,
          wins: leastLossWins,
          ...passes(position),
        };
      }),
    ];
  });
  return {
    id: "choices",
    title: "Which checkpoint is chosen",
    explanation:
      "On the selection prompts, drawn from the fine-tuning mixture, among all checkpoints: least cross-entropy (least KL there), and the tournament (29) at several N with its score, how many checkpoints share it, the score of the checkpoint of least cross-entropy and the share of 200 resampled sets of prompts that this one wins. pass@N of the choice on the evaluation prompts with 95% intervals over prompts.",
    table: {
      columns: [
        countColumn("seed", "seed"),
        textColumn("by", "chosen by"),
        countColumn("step", "step"),
        rateColumn("score", "score"),
        countColumn("tied", "tied"),
        rateColumn("scoreOfLeastLoss", "score of least cross-entropy"),
        rateColumn("wins", "it wins"),
        ...shownDraws.map((k) => rateColumn(`pass ${k}`, `pass@${k}`)),
      ],
      rows,
    },
  };
}

const seedText = (seed: number | undefined) => (seed === undefined ? "mean" : String(seed));

export function gainTable(gains: readonly PickGain[]): FigureTable {
  return {
    id: "gains",
    title: "What the tournament's pick gains",
    explanation:
      "pass@k of the tournament's pick at N = k/2 minus pass@k of the checkpoint of least cross-entropy, paired over the evaluation prompts, with 95% intervals.",
    table: {
      columns: [
        countColumn("k", "k"),
        textColumn("seed", "seed"),
        textColumn("gain", "gain"),
        textColumn("interval", "95% interval"),
      ],
      rows: gains.map(({ k, seed, gain }) => ({ k, seed: seedText(seed), ...difference(gain) })),
    },
  };
}

export function turnTable(turned: readonly Turn[]): FigureTable {
  return {
    id: "turns",
    title: "Where Cov_N turns",
    explanation:
      "The step of the least Cov_N on the selection prompts; how far Cov_N falls to it from the start and rises from it to the end on the evaluation prompts, paired, with 95% intervals.",
    table: {
      columns: [
        textColumn("n", "N"),
        textColumn("seed", "seed"),
        textColumn("steps", "turn at step"),
        textColumn("fall", "fall"),
        textColumn("fallInterval", "95% interval"),
        textColumn("rise", "rise"),
        textColumn("riseInterval", "95% interval "),
      ],
      rows: turned.map(({ n, seed, steps, fall, rise }) => ({
        n: String(n),
        seed: seedText(seed),
        steps: steps.join(", "),
        fall: difference(fall).gain,
        fallInterval: difference(fall).interval,
        rise: difference(rise).gain,
        riseInterval: difference(rise).interval,
      })),
    },
  };
}

function difference({ estimate, lower, upper }: IntervalEstimate) {
  const signed = (value: number) => `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(4)}`;
  return { gain: signed(estimate), interval: `${signed(lower)} … ${signed(upper)}` };
}

export function agreementTable(agreements: readonly RankAgreement[], seeds: number): FigureTable {
  const interval = ({ estimate, lower, upper }: IntervalEstimate) =>
    `${estimate.toFixed(2)} [${lower.toFixed(2)}, ${upper.toFixed(2)}]`;
  return {
    id: "rank-correlations",
    title: "What ranks the checkpoints as pass@N does",
    explanation: `Spearman's correlation over the checkpoints of pass@k with −Cov_{k/2} and with −KL, all on the evaluation prompts; ${seeds === 1 ? "one seed" : `mean over ${seeds} seeds`}, 95% percentile intervals over resampled prompts. 1 is the same order.`,
    table: {
      columns: [
        textColumn("pass", "outcome"),
        textColumn("coverage", "with −Cov_{k/2}"),
        textColumn("kl", "with −KL"),
        textColumn("difference", "difference"),
      ],
      rows: agreements.map(({ k, coverage, kl, difference: gap }) => ({
        pass: `pass@${k}`,
        coverage: interval(coverage),
        kl: interval(kl),
        difference: interval(gap),
      })),
    },
  };
}

/** Where the mass is, and how far lost mass and unlike prompts take the numbers from the exact anchors. */
export function gapTable(seeds: readonly ChosenSeed[]): FigureTable {
  const rows = seeds.flatMap(({ scored: { seed, checkpoints }, choice }) => {
    const [four, six] = judgedDraws.map((k) => choice.tournamentAt(tournamentN(k)).position);
    const places: [string, number][] = [
      ["start", 0],
      ["tournament at N = 4", four ?? 0],
      ["tournament at N = 6", six ?? 0],
      ["least cross-entropy", choice.leastLoss],
    ];
    return places.map(
      ([place, position]): Row => ({ seed: String(seed), place, ...gapRow(checkpoints[position]!) }),
    );
  });
  const anchor = (place: string, model: UniformModel, mixed: number): Row => ({
    seed: "exact",
    place,
    first: model.first,
    second: model.second,
    mixed,
    invalid: 0,
    ideal: nats(uniformValues(model).kl),
    idealPass: uniformValues(model).passAt(8),
  });
  return {
    id: "gap-to-the-anchors",
    title: "From the exact anchors to what was measured",
    explanation:
      "Mean mass on the path of G1, that of G2, the two other paths and everything that is no path, on the prompts whose paths were all scored. KL and pass@8 of three models: the measured one; one that gives every prompt these mean masses (what is between is that prompts are unlike); and one with the same proportion of the two classes' paths and no other mass (what is between is lost mass). The exact rows are the ideal pre-trained start and the least KL of a model that cannot tell the class.",
    table: {
      columns: [
        textColumn("seed", "seed"),
        textColumn("place", "checkpoint"),
        rateColumn("first", "G1's path"),
        rateColumn("second", "G2's path"),
        rateColumn("mixed", "other paths"),
        rateColumn("invalid", "no path"),
        textColumn("kl", "KL"),
        textColumn("uniform", "KL, alike prompts"),
        textColumn("ideal", "KL, no lost mass"),
        rateColumn("pass", "pass@8"),
        rateColumn("uniformPass", "pass@8, alike prompts"),
        rateColumn("idealPass", "pass@8, no lost mass"),
      ],
      rows: [...rows, anchor("pre-trained start", idealStart, 1 / 6), anchor("least KL", idealOptimum, 0)],
    },
  };
}

function gapRow(checkpoint: ScoredCheckpoint): Row {
  const { firstPath, secondPath, mixed, invalid } = pathShares(checkpoint);
  const uniform = uniformValues({ first: firstPath, second: secondPath });
  const both = firstPath + secondPath;
  const ideal = uniformValues({ first: firstPath / both, second: secondPath / both });
  return {
    first: firstPath,
    second: secondPath,
    mixed,
    invalid: Math.max(0, invalid),
    kl: nats(weightedKl(checkpoint).estimate),
    uniform: nats(uniform.kl),
    ideal: nats(ideal.kl),
    pass: weightedPassAt(checkpoint, [8])[0]!.estimate,
    uniformPass: uniform.passAt(8),
    idealPass: ideal.passAt(8),
  };
}
