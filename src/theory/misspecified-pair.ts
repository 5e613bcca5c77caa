/** Prop. E.1: of two wrong models the maximum likelihood takes the one without coverage, the tournament the other. */
import { atomTolerance } from "../coverage/index.ts";
import type { RandomGenerator } from "../numeric/index.ts";
import { crossEntropySelection, likelihoodTable, tournament } from "../selection/index.ts";
import { probabilityAtLeast, valueWithin } from "./criterion.ts";
import type { TheoryRecord, TheoryRow } from "./instance.ts";

/** α and M of the pair; p = μ(−) = α²/(64 log M). */
const alpha = 1;
const M = 1e5;
const rareMass = alpha ** 2 / (64 * Math.log(M));
/** N of the tournament: between e^α and M. */
const N = 8;

/** P[y = 1 | x] of π_D and of the two models, x = + and x = −. */
const coins = {
  π_D: [0.5, 0.5],
  π1: [1 / (2 * Math.exp(alpha)), 0.5],
  π2: [0.5, 1 / (2 * M)],
} as const;
type Model = keyof typeof coins;

const logProbability = (model: Model, prompt: 0 | 1, y: 0 | 1): number =>
  Math.log(y === 1 ? coins[model][prompt] : 1 - coins[model][prompt]);

/** Cov_N(π_D‖model) over the two prompts, exactly. */
export function pairCoverage(model: Model, n: number): number {
  let coverage = 0;
  for (const prompt of [0, 1] as const) {
    const mass = prompt === 0 ? 1 - rareMass : rareMass;
    for (const y of [0, 1] as const) {
      const logProbabilities = {
        reference: logProbability("π_D", prompt, y),
        model: logProbability(model, prompt, y),
      };
      const excess = logProbabilities.reference - logProbabilities.model - Math.log(n);
      if (excess >= -atomTolerance(logProbabilities)) coverage += mass * 0.5;
    }
  }
  return coverage;
}

export interface PairSetting extends Record<string, number> {
  readonly n: number;
  readonly replicates: number;
}

/** Two models' log-probabilities of n examples drawn from π_D. */
function drawnTable(n: number, generator: RandomGenerator) {
  const columns = { π1: new Float64Array(n), π2: new Float64Array(n) };
  for (let record = 0; record < n; record++) {
    const prompt = generator.uniform() < rareMass ? 1 : 0;
    const y = generator.integer(2) as 0 | 1;
    columns.π1[record] = logProbability("π1", prompt, y);
    columns.π2[record] = logProbability("π2", prompt, y);
  }
  return likelihoodTable({
    candidates: (["π1", "π2"] as const).map((model) => ({ model, logProbabilities: columns[model] })),
  });
}

/** P[no example of n is the one that tells the tournament]: (1 − p/2)^n, exactly. */
export const tieProbability = (n: number): number => (1 - rareMass / 2) ** n;

const worstRatio = (records: readonly TheoryRecord[], column: string) =>
  Math.max(...records.map((record) => Math.abs(Number(record[column]))));

/** The row with Cov_N(π2) = `rareShare`·p: ½ is **corrected**, the paper prints 1. */
export function misspecifiedPairRow(rareShare = 0.5): TheoryRow<PairSetting> {
  return {
    name: "misspecified-pair",
    source: "Prop. E.1",
    claim:
      "For e^α < N ≤ M, Cov_N(π1) = 0 and Cov_N(π2) = p/2; maximum likelihood takes π2, the tournament takes π1 once n ≫ 1/p and ties before.",
    criteria: [
      valueWithin({
        name: "coverage-of-first",
        y: "coverage1",
        within: [0, 0],
        predicted: 0,
        statistic: {
          words: "largest Cov_N(π1) over N from 2.8 to M",
          of: (records) => worstRatio(records, "coverage1"),
        },
      }),
      valueWithin({
        name: "coverage-of-second",
        y: "coverage2",
        within: [rareShare - 1e-9, rareShare + 1e-9],
        predicted: rareShare,
        statistic: {
          words: "largest Cov_N(π2)/p over N from 2.8 to M",
          of: (records) => worstRatio(records, "coverage2"),
        },
      }),
      valueWithin({
        name: "likelihood-at-10",
        y: "likelihoodShare",
        where: { n: 10 },
        within: [0.79, 0.85],
        predicted: 0.82,
        statistic: {
          words: "share of data sets on which maximum likelihood takes π2",
          of: ([record]) => record && Number(record.likelihoodTakes2) / Number(record.replicates),
        },
      }),
      ...[1000, 10_000].map((n) =>
        probabilityAtLeast({
          name: `likelihood-at-${n}`,
          event: "maximum likelihood takes π2",
          events: "likelihoodTakes2",
          where: { n },
          atLeast: 0.98,
        }),
      ),
      valueWithin({
        name: "ties-at-100",
        y: "ties",
        where: { n: 100 },
        within: [0.88, 0.98],
        predicted: 0.93,
        statistic: {
          words: "share of data sets on which the tournament ties",
          of: ([record]) => record && Number(record.ties) / Number(record.replicates),
        },
      }),
      probabilityAtLeast({
        name: "tournament-at-10000",
        event: "the tournament takes π1 without a tie",
        events: "tournamentTakes1",
        where: { n: 10_000 },
        atLeast: 0.98,
      }),
    ],
    plot: {
      x: "n",
      xLabel: "examples n",
      yLabel: "share of data sets",
      quantities: [
        { column: "likelihoodShare", label: "maximum likelihood takes π2" },
        { column: "tournamentShare", label: "tournament takes π1, no tie" },
        { column: "tournamentPredicted", label: "1 − (1 − p/2)^n", predicted: true },
      ],
      xScale: "log",
      yScale: "linear",
    },
    caveat: `α = 1, M = 10⁵, so p = ${rareMass.toFixed(5)}; the tournament runs at N = ${N}. Ties go on to smaller N and then to the cross-entropy, which is why they count as ties here.`,
    settings(scale) {
      const ns = scale === "fast" ? [10, 100, 1000, 10_000] : [10, 30, 100, 300, 1000, 3000, 10_000];
      const [few, many] = scale === "fast" ? [1000, 2000] : [1500, 4000];
      return ns.map((n) => ({ n, replicates: n <= 100 ? many : few }));
    },
    measure({ n, replicates }, generator) {
      let [likelihoodTakes2, ties, tournamentTakes1] = [0, 0, 0];
      for (let replicate = 0; replicate < replicates; replicate++) {
        const table = drawnTable(n, generator);
        if (crossEntropySelection(table).winner === "π2") likelihoodTakes2++;
        const { winner, tied } = tournament(table, { n: N });
        if (tied.length > 1) ties++;
        else if (winner === "π1") tournamentTakes1++;
      }
      const levels = [2.8, N, 1000, M];
      const largest = (model: Model) => Math.max(...levels.map((level) => pairCoverage(model, level)));
      return [
        {
          likelihoodTakes2,
          ties,
          tournamentTakes1,
          likelihoodShare: likelihoodTakes2 / replicates,
          tournamentShare: tournamentTakes1 / replicates,
          tournamentPredicted: 1 - tieProbability(n),
          coverage1: largest("π1"),
          coverage2: largest("π2") / rareMass,
        },
      ];
    },
  };
}

export const misspecifiedPair = misspecifiedPairRow();
