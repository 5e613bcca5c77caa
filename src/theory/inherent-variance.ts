/** Prop. I.1: no proper learner does without the inherent variance σ⋆², which grows with H. */
import type { RandomGenerator } from "../numeric/index.ts";
import { atLeast, slopeWithin } from "./criterion.ts";
import type { TheoryRow } from "./instance.ts";

/** The constants of the construction (**our choice**, the paper leaves them open). */
const c0 = 1;
const c1 = 0.25;
/** E[Cov_N] ≥ c·min{1, H/(n·log N)} is tested with this c. */
const lowerConstant = 1 / 64;
const responsesPerModel = 16;

/** What the learner saw: examples with x = +, and among them the ones of each position [H]. */
export interface SeenTokens {
  readonly examples: number;
  readonly ones: Int32Array;
  /** |⟨θ_v, φ⟩| = B·ε: the log-odds of every token. */
  readonly logOdds: number;
}

/** Log-odds of y_h = 1 [H] that a learner gives, of norm at most that of the truth: ‖θ‖ ≤ 1. */
export type TokenLearner = (seen: SeenTokens, generator: RandomGenerator) => Float64Array;

const logistic = (value: number): number => 1 / (1 + Math.exp(-value));

/**
 * Maximum likelihood over ‖θ‖ ≤ 1 where ‖θ_v‖ = 1: the penalty whose optimum has that norm, by bisection; each position
 * solves ones − examples·σ(t) = penalty·t by Newton steps.
 */
function ballMaximumLikelihood({ examples, ones, logOdds }: SeenTokens): Float64Array {
  const radius = logOdds * Math.sqrt(ones.length);
  if (examples === 0) return new Float64Array(ones.length);
  const roots = new Float64Array(examples + 1);
  const normAt = (penalty: number): number => {
    for (let count = 0; count <= examples; count++) {
      let t = 0;
      for (let step = 0; step < 40; step++) {
        const p = logistic(t);
        t += (count - examples * p - penalty * t) / (examples * p * (1 - p) + penalty);
      }
      roots[count] = t;
    }
    return Math.hypot(...Float64Array.from(ones, (count) => roots[count]!));
  };
  let [low, high] = [-20, 20];
  for (let halving = 0; halving < 40; halving++) {
    const middle = (low + high) / 2;
    if (normAt(Math.exp(middle)) > radius) low = middle;
    else high = middle;
  }
  return Float64Array.from(ones, (count) => roots[count]!);
}

/** Learners of different temper, all proper. */
const tokenLearners: Readonly<Record<string, TokenLearner>> = {
  "maximum likelihood over the ball": ballMaximumLikelihood,
  "maximum likelihood over θ_v": ({ examples, ones, logOdds }, generator) =>
    Float64Array.from(ones, (count) => {
      const excess = 2 * count - examples;
      return logOdds * (excess === 0 ? 2 * generator.integer(2) - 1 : Math.sign(excess));
    }),
  "posterior mean": ({ examples, ones, logOdds }) =>
    Float64Array.from(ones, (count) => logOdds * Math.tanh((logOdds * (2 * count - examples)) / 2)),
  "always 0": ({ ones }) => new Float64Array(ones.length),
};

export interface VarianceSetting extends Record<string, number | string> {
  readonly learner: string;
  readonly H: number;
  readonly n: number;
  readonly N: number;
  readonly replicates: number;
}

/** Log-odds b = B·ε = √(4 log N/(c1·H)) of the tokens and μ(+) = min{1, c0/(n·b²)}. */
function varianceInstance({ H, n, N }: { readonly H: number; readonly n: number; readonly N: number }) {
  const logOdds = Math.sqrt((4 * Math.log(N)) / (c1 * H));
  return { logOdds, rareMass: Math.min(1, c0 / (n * logOdds ** 2)) };
}

const likelihood = "maximum likelihood over the ball";
const base = { H: 512, n: 20_000, N: 8 };

export const inherentVariance: TheoryRow<VarianceSetting> = {
  name: "inherent-variance",
  source: "Prop. I.1",
  claim:
    "Every proper learner has E[Cov_N] ≥ c·min{1, H/(n·log N)} on an instance whose features have a norm B that does not grow with H: bounds need σ⋆².",
  criteria: [
    atLeast({ name: "lower-bound", y: "coverage", bound: "bound" }),
    slopeWithin({
      name: "slope-in-horizon",
      y: "coverage",
      x: "H",
      where: { learner: likelihood, n: base.n, N: base.N },
      within: [0.8, 1.2],
    }),
    slopeWithin({
      name: "slope-in-n",
      y: "coverage",
      x: "n",
      where: { learner: likelihood, H: base.H, N: base.N },
      within: [-1.2, -0.8],
    }),
    slopeWithin({
      name: "slope-in-log-level",
      y: "coverage",
      x: "logN",
      where: { learner: likelihood, H: base.H, n: base.n },
      within: [-1.25, -0.75],
    }),
  ],
  plot: {
    x: "H",
    xLabel: "tokens H",
    yLabel: "mean Cov_8, n = 20,000",
    quantities: [
      { column: "coverage", label: "Cov_N" },
      { column: "bound", label: "H/(64·n·log N)", predicted: true },
    ],
    by: "learner",
    where: { n: base.n, N: base.N },
    xScale: "log",
    yScale: "log",
  },
  caveat:
    "The paper's constants are open: here c0 = 1, c1 = ¼, c = 1/64 and B² = 4 log N/c1, so that ‖θ_v‖ = 1; every learner's output lies in the ball.",
  settings(scale) {
    const fast = scale === "fast";
    const replicates = fast ? 60 : 200;
    const horizons = (fast ? [128, 2048] : [64, 128, 256, 1024, 2048]).map((H) => ({ ...base, H }));
    const others = [
      ...(fast ? [5000] : [1250, 2500, 5000, 10_000]).map((n) => ({ ...base, n })),
      ...(fast ? [64] : [4, 16, 64, 256]).map((N) => ({ ...base, N })),
    ];
    const ends = [horizons[0]!, horizons.at(-1)!];
    return Object.keys(tokenLearners).flatMap((learner) =>
      [base, ...(learner === likelihood ? [...horizons, ...others] : ends)].map((instance) => ({
        learner,
        ...instance,
        replicates,
      })),
    );
  },
  measure({ learner: name, H, n, N, replicates }, generator) {
    const { logOdds, rareMass } = varianceInstance({ H, n, N });
    const learner = tokenLearners[name]!;
    const truth = new Float64Array(H);
    const ones = new Int32Array(H);
    let reached = 0;
    for (let replicate = 0; replicate < replicates; replicate++) {
      const examples = generator.binomial(n, rareMass);
      for (let position = 0; position < H; position++) {
        truth[position] = generator.integer(2) === 0 ? logOdds : -logOdds;
        ones[position] = generator.binomial(examples, logistic(truth[position]!));
      }
      const model = learner({ examples, ones, logOdds }, generator);
      reached += reachedResponses({ truth, model, N, generator });
    }
    const variance = rareMass * H * (4 * Math.log(N)) * (1 / c1) * logistic(logOdds) * logistic(-logOdds);
    return [
      {
        logN: Math.log(N),
        coverage: (rareMass * reached) / (replicates * responsesPerModel),
        bound: lowerConstant * Math.min(1, H / (n * Math.log(N))),
        rareMass,
        variance,
      },
    ];
  },
};

/** Of `responsesPerModel` responses to x = + drawn from the truth, those with a ratio of at least N. */
function reachedResponses(given: {
  readonly truth: Float64Array;
  readonly model: Float64Array;
  readonly N: number;
  readonly generator: RandomGenerator;
}): number {
  const { truth, model, N, generator } = given;
  const H = truth.length;
  const one = new Float64Array(H);
  const zero = new Float64Array(H);
  const probability = new Float64Array(H);
  for (let position = 0; position < H; position++) {
    const [p, q] = [logistic(truth[position]!), logistic(model[position]!)];
    probability[position] = p;
    one[position] = Math.log(p / q);
    zero[position] = Math.log((1 - p) / (1 - q));
  }
  let reached = 0;
  for (let response = 0; response < responsesPerModel; response++) {
    let logRatio = 0;
    for (let position = 0; position < H; position++) {
      logRatio += generator.uniform() < probability[position]! ? one[position]! : zero[position]!;
    }
    if (logRatio >= Math.log(N) - 1e-9) reached++;
  }
  return reached;
}
