/** What figure 1 has to show, decided by paired differences on the evaluation prompts. */
import type { Claim } from "./figure.ts";
import type { SeedChoice } from "./figure-one-choice.ts";
import type { RankAgreement } from "./figure-one-correlation.ts";
import type { ScoredSeed } from "./figure-one-data.ts";
import {
  type CheckpointPair,
  coverageDifference,
  klDifference,
  passDifference,
} from "./figure-one-differences.ts";
import type { IntervalEstimate } from "./weighted-strata.ts";

/** A seed with what is chosen among its checkpoints. */
export interface ChosenSeed {
  readonly scored: ScoredSeed;
  readonly choice: SeedChoice;
}

/** The N of the tournament whose pick is judged by pass@k: pass@N follows Cov_{N/2} (§2, Figure 1). */
export const tournamentN = (k: number): number => k / 2;
export const judgedDraws = [8, 12] as const;

export interface Turn {
  readonly n: number;
  /** Undefined for the mean over seeds. */
  readonly seed: number | undefined;
  /** Steps of the least Cov_N on the selection set, one a seed. */
  readonly steps: readonly number[];
  /** Cov_N at the start minus Cov_N at the turn. */
  readonly fall: IntervalEstimate;
  /** Cov_N at the end minus Cov_N at the turn. */
  readonly rise: IntervalEstimate;
}

/** Falls and rises of Cov_N around the turn of each seed, and their means over seeds. */
export function turns(seeds: readonly ChosenSeed[], ns: readonly number[]): Turn[] {
  return ns.flatMap((n) => {
    const pairs = seeds.map(({ scored, choice }) => {
      const { checkpoints } = scored;
      return {
        seed: scored.seed,
        first: checkpoints[0]!,
        turn: checkpoints[choice.turnAt(n)]!,
        last: checkpoints.at(-1)!,
      };
    });
    const turnOf = (seed: number | undefined, own: typeof pairs): Turn => ({
      n,
      seed,
      steps: own.map(({ turn }) => turn.step),
      fall: coverageDifference(
        own.map(({ first, turn }) => ({ left: first, right: turn })),
        n,
      ),
      rise: coverageDifference(
        own.map(({ last, turn }) => ({ left: last, right: turn })),
        n,
      ),
    });
    const single = pairs.map((pair) => turnOf(pair.seed, [pair]));
    return seeds.length > 1 ? [...single, turnOf(undefined, pairs)] : single;
  });
}

export interface PickGain {
  readonly k: number;
  readonly seed: number | undefined;
  /** pass@k of the tournament's pick minus pass@k of the checkpoint of least cross-entropy. */
  readonly gain: IntervalEstimate;
}

export function pickGains(seeds: readonly ChosenSeed[]): PickGain[] {
  return judgedDraws.flatMap((k) => {
    const pairs = seeds.map(({ scored: { seed, checkpoints }, choice }) => ({
      seed,
      left: checkpoints[choice.tournamentAt(tournamentN(k)).position]!,
      right: checkpoints[choice.leastLoss]!,
    }));
    const gainOf = (seed: number | undefined, own: readonly CheckpointPair[]): PickGain => ({
      k,
      seed,
      gain: passDifference(own, k),
    });
    const single = pairs.map((pair) => gainOf(pair.seed, [pair]));
    return seeds.length > 1 ? [...single, gainOf(undefined, pairs)] : single;
  });
}

export interface KlFall {
  readonly seed: number;
  /** KL of each checkpoint minus that of the one before. */
  readonly changes: readonly IntervalEstimate[];
}

/** Intervals that hold for all changes of a seed at once with 95% (Bonferroni). */
export const klFalls = (seeds: readonly ChosenSeed[]): KlFall[] =>
  seeds.map(({ scored: { seed, checkpoints } }) => {
    const level = 1 - 0.05 / Math.max(1, checkpoints.length - 1);
    return {
      seed,
      changes: checkpoints
        .slice(1)
        .map((left, index) => klDifference({ left, right: checkpoints[index]! }, level)),
    };
  });

export function figureOneClaims(given: {
  readonly falls: readonly KlFall[];
  readonly turned: readonly Turn[];
  readonly gains: readonly PickGain[];
  readonly agreements: readonly RankAgreement[];
}): Claim[] {
  const { falls, turned, gains, agreements } = given;
  return [
    klClaim(falls),
    turnClaim(turned),
    ...judgedDraws.map((k) => gainClaim(gains, k)),
    ...agreements.map(agreementClaim),
  ];
}

function klClaim(falls: readonly KlFall[]): Claim {
  const changes = falls.flatMap((fall) => fall.changes);
  const rises = changes.filter(({ estimate }) => estimate > 0);
  const significant = rises.filter(({ lower }) => lower > 0);
  const largest = rises.reduce<IntervalEstimate | undefined>(
    (worst, rise) => (worst === undefined || rise.estimate > worst.estimate ? rise : worst),
    undefined,
  );
  return {
    name: "KL falls throughout",
    statement:
      "On the fixed evaluation prompts KL is lower at each checkpoint than at the one before, or the change is within its paired interval of 0; the intervals hold for all checkpoints of a seed at once with 95%.",
    measured:
      largest === undefined
        ? `it falls at all ${changes.length} steps between checkpoints`
        : `it rises at ${rises.length} of ${changes.length} steps between checkpoints, at most by ${signed(largest)} nats; ${significant.length} of the rises outside the interval`,
    holds: significant.length === 0,
  };
}

function turnClaim(turned: readonly Turn[]): Claim {
  const ns = [...new Set(turned.map(({ n }) => n))].filter((n) => n >= 4);
  const holdsAt = ns.filter((n) =>
    turned.filter((turn) => turn.n === n).every(({ fall, rise }) => fall.lower > 0 && rise.lower > 0),
  );
  const shown = turned.filter((turn) => turn.n === (holdsAt[0] ?? ns[0]));
  const text = shown.map(
    ({ seed, steps, fall, rise }) =>
      `${seed === undefined ? "mean" : `seed ${seed}`}: falls by ${signed(fall)} to step ${steps.join("/")}, then rises by ${signed(rise)}`,
  );
  return {
    name: "Cov_N falls, then rises",
    statement:
      "At some N ≥ 4, in every seed and in their mean, Cov_N falls to the checkpoint of its least value on the selection prompts and is higher again at the end, both outside the paired 95% interval on the evaluation prompts.",
    measured: `${holdsAt.length === 0 ? "at no N" : `at N = ${holdsAt.join(", ")}`}; at N = ${shown[0]?.n ?? "–"} ${text.join("; ")}`,
    holds: holdsAt.length > 0,
  };
}

function gainClaim(gains: readonly PickGain[], k: number): Claim {
  const own = gains.filter((gain) => gain.k === k);
  return {
    name: `the tournament's pick has the better pass@${k}`,
    statement: `pass@${k} of the tournament's pick at N = ${tournamentN(k)} exceeds that of the checkpoint of least cross-entropy, both chosen on the selection prompts, in every seed and in their mean, outside the paired 95% interval on the evaluation prompts.`,
    measured: own
      .map(({ seed, gain }) => `${seed === undefined ? "mean" : `seed ${seed}`} ${signed(gain)}`)
      .join("; "),
    holds: own.every(({ gain }) => gain.lower > 0),
  };
}

function agreementClaim({ k, n, coverage, kl, difference }: RankAgreement): Claim {
  const text = (value: IntervalEstimate) =>
    `${value.estimate.toFixed(2)} [${value.lower.toFixed(2)}, ${value.upper.toFixed(2)}]`;
  return {
    name: `pass@${k} ranks as Cov_${n}, not as KL`,
    statement: `Spearman's correlation over checkpoints of pass@${k} with −Cov_${n} exceeds that with −KL outside the 95% interval.`,
    measured: `−Cov_${n} ${text(coverage)}, −KL ${text(kl)}, difference ${text(difference)}`,
    holds: difference.lower > 0,
  };
}

function signed({ estimate, lower, upper }: IntervalEstimate): string {
  const sign = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
  return `${sign(estimate)} [${sign(lower)}, ${sign(upper)}]`;
}
