/** (64): a deterministic bound on the empirical coverage of the maximum likelihood over any convex class. */
import type { RandomGenerator } from "../numeric/index.ts";
import {
  checkpointMixture,
  empiricalCoverage,
  likelihoodGapBound,
  likelihoodTable,
  mixtureColumn,
} from "../selection/index.ts";
import { quotient } from "./conversion-quotients.ts";
import { atMost } from "./criterion.ts";
import { randomFiniteModel } from "./finite-model.ts";
import type { TheoryRow } from "./instance.ts";

export interface GapSetting extends Record<string, number> {
  /** Models that span the class. */
  readonly candidates: number;
  readonly records: number;
  /** How spiky the models are. */
  readonly concentration: number;
  readonly classes: number;
}

const responses = 40;
const ns = [1.25, 1.5, 2, 4, 8, 16, 64];
/** Members of the hull, beside its corners, that are compared with its maximum likelihood. */
const mixtures = 8;

export const likelihoodGap: TheoryRow<GapSetting> = {
  name: "likelihood-gap",
  source: "(64), App. E",
  claim:
    "For π̂ of the greatest likelihood in a convex class and every π' in it, Ĉov_N(π'‖π̂) ≤ [L̂(π̂) − L̂(π')]/(n·(N − log N − 1)), on every data set.",
  criteria: [
    atMost({ name: "gap-bound", y: "gapQuotient", bound: 1, slack: 1e-6 }),
    atMost({ name: "markov-bound", y: "largestCoverage", bound: "certificate", slack: 1e-6 }),
  ],
  plot: {
    x: "N",
    xLabel: "N",
    yLabel: "largest Ĉov_N(π'‖π̂) over classes and members",
    quantities: [
      { column: "largestCoverage", label: "measured" },
      { column: "certificate", label: "1/N", predicted: true },
    ],
    by: "candidates",
    where: { records: 50, concentration: 0.3 },
    xScale: "log",
    yScale: "log",
  },
  caveat:
    "The optimum is found to a duality gap of 1e-10 nats, hence the slack of 1e-6; classes are hulls of random models, data come from a model outside.",
  settings(scale) {
    const classes = scale === "fast" ? 12 : 150;
    const sizes = scale === "fast" ? [2, 8] : [2, 4, 8, 16];
    return sizes.flatMap((candidates) =>
      [10, 50].flatMap((records) =>
        [0.1, 0.3, 1].map((concentration) => ({ candidates, records, concentration, classes })),
      ),
    );
  },
  measure({ candidates, records, concentration, classes }, generator) {
    const largest = ns.map((N) => ({ N, largestCoverage: 0, certificate: 1 / N, gapQuotient: 0 }));
    for (let index = 0; index < classes; index++) {
      const table = drawnTable({ candidates, records, concentration, generator });
      const { weights } = checkpointMixture(table);
      const best = mixtureColumn(
        table,
        weights.map(({ weight }) => weight),
      );
      const members = [
        ...table.columns,
        ...Array.from({ length: mixtures }, () => mixtureColumn(table, randomWeights(candidates, generator))),
      ];
      for (const member of members) {
        const of = Float64Array.from(member);
        const logLikelihoodGap = Math.max(0, sum(best) - sum(of));
        for (const found of largest) {
          const { coverage } = empiricalCoverage({ of, under: best, n: found.N });
          const bound = likelihoodGapBound({ logLikelihoodGap, records, n: found.N });
          found.largestCoverage = Math.max(found.largestCoverage, coverage);
          found.gapQuotient = Math.max(found.gapQuotient, quotient(coverage, bound));
        }
      }
    }
    return largest;
  },
};

/** Log-probabilities of records that a further random model draws, under random models that give them all mass. */
function drawnTable(given: {
  readonly candidates: number;
  readonly records: number;
  readonly concentration: number;
  readonly generator: RandomGenerator;
}) {
  const { candidates, records, concentration, generator } = given;
  const model = () =>
    randomFiniteModel({ H: 1, vocabulary: responses }, { concentration, generator }).responses;
  const data = model();
  const drawn = Array.from({ length: records }, () => {
    let left = generator.uniform();
    const response = data.findIndex((p) => {
      left -= p;
      return left < 0;
    });
    return response < 0 ? responses - 1 : response;
  });
  return likelihoodTable({
    candidates: Array.from({ length: candidates }, (_, index) => {
      const probabilities = model();
      return {
        model: `model ${index}`,
        // A little of the uniform distribution, so that no record is impossible under all.
        logProbabilities: Float64Array.from(drawn, (y) =>
          Math.log(0.999 * probabilities[y]! + 0.001 / responses),
        ),
      };
    }),
  });
}

function randomWeights(count: number, generator: RandomGenerator): Float64Array {
  const masses = Float64Array.from({ length: count }, () => generator.gamma(0.5) + Number.MIN_VALUE);
  const total = sum(masses);
  return masses.map((mass) => mass / total);
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
