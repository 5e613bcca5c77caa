/**
 * The simulated worlds in which forecast intervals are judged: seven distributions of success rates with known pass@k,
 * seven shapes of a log, three k each. Repetition r of a cell always holds the same counts.
 */
import { forecastPassAtK, type ProblemCount } from "../../src/coverage/index.ts";
import { logGamma, type RandomGenerator, randomGenerator } from "../../src/numeric/index.ts";

export interface Truth {
  readonly name: string;
  readonly rate: (random: RandomGenerator) => number;
  /** E[1 − (1−p)^k]. */
  readonly passAtK: (k: number) => number;
}

export interface Shape {
  readonly name: string;
  readonly problems: number;
  readonly draws: (random: RandomGenerator) => number;
  readonly ks: readonly number[];
}

const betaPass = (a: number, b: number) => (k: number) =>
  -Math.expm1(logGamma(b + k) - logGamma(b) + logGamma(a + b) - logGamma(a + b + k));

const pass = (rate: number, k: number): number => -Math.expm1(k * Math.log1p(-rate));

/** Trapezoid rule over 20,001 points of [from, to]: far below Monte Carlo error for these smooth integrands. */
function integral(from: number, to: number, integrand: (x: number) => number): number {
  const steps = 20_000;
  const step = (to - from) / steps;
  let sum = (integrand(from) + integrand(to)) / 2;
  for (let index = 1; index < steps; index++) sum += integrand(from + index * step);
  return sum * step;
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

export const truths: readonly Truth[] = [
  { name: "beta", rate: (random) => random.beta(0.5, 2), passAtK: betaPass(0.5, 2) },
  { name: "beta, heavy near 0", rate: (random) => random.beta(0.15, 1), passAtK: betaPass(0.15, 1) },
  {
    name: "language-model-like, atom at 0",
    rate: (random) => {
      const u = random.uniform();
      if (u < 0.15) return 0;
      return u < 0.5 ? random.beta(0.3, 10) : random.beta(2, 2);
    },
    passAtK: (k) => 0.35 * betaPass(0.3, 10)(k) + 0.5 * betaPass(2, 2)(k),
  },
  {
    name: "logit-normal",
    rate: (random) => logistic(-3 + 2 * random.normal()),
    passAtK: (k) =>
      integral(
        -9,
        9,
        (z) => (Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)) * pass(logistic(-3 + 2 * z), k),
      ),
  },
  {
    name: "log-uniform over five decades",
    rate: (random) => 10 ** (-5 * random.uniform()),
    passAtK: (k) => integral(0, 1, (u) => (u === 0 ? 1 : pass(10 ** (-5 * u), k))),
  },
  {
    name: "two rates",
    rate: (random) => (random.uniform() < 0.5 ? 0.3 : 0.002),
    passAtK: (k) => (pass(0.3, k) + pass(0.002, k)) / 2,
  },
  {
    name: "beta with an atom at 0",
    rate: (random) => (random.uniform() < 0.3 ? 0 : random.beta(1, 3)),
    passAtK: (k) => 0.7 * betaPass(1, 3)(k),
  },
];

const fixedShape = (problems: number, draws: number): Shape => ({
  name: `${problems} problems, ${draws} draws`,
  problems,
  draws: () => draws,
  ks: [2 * draws, 10 * draws, 100 * draws],
});

export const shapes: readonly Shape[] = [
  fixedShape(50, 100),
  fixedShape(200, 100),
  fixedShape(100, 300),
  fixedShape(200, 1000),
  {
    name: "150 problems, 20 to 500 draws",
    problems: 150,
    draws: (random) => Math.floor(20 * 25 ** random.uniform()),
    ks: [1000, 5000, 50_000],
  },
  fixedShape(100, 10_000),
  fixedShape(60, 100_000),
];

/** The counts of one repetition. */
export function simulatedCounts(truth: Truth, shape: Shape, repetition: number): ProblemCount[] {
  const random = randomGenerator(`forecast coverage, ${truth.name}, ${shape.name}, ${repetition}`);
  return Array.from({ length: shape.problems }, () => {
    const draws = shape.draws(random);
    return { draws, correct: random.binomial(draws, truth.rate(random)) };
  });
}

export interface CellResult {
  readonly truth: string;
  readonly shape: string;
  readonly k: number;
  readonly repetitions: number;
  /** Share of repetitions whose interval holds the true pass@k. */
  readonly coverage: number;
  readonly meanWidth: number;
  /** Mean width over the first repetitions only, for comparison with another program on the same counts. */
  readonly meanWidthOfFirst: number;
}

/** Coverage and mean width of the forecast in one world, for each of its k. */
export function measuredCells(input: {
  readonly truth: Truth;
  readonly shape: Shape;
  readonly repetitions: number;
  readonly first: number;
}): CellResult[] {
  const { truth, shape, repetitions, first } = input;
  const cells = shape.ks.map((k) => ({ k, truth: truth.passAtK(k), covered: 0, width: 0, widthOfFirst: 0 }));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const forecast = forecastPassAtK(simulatedCounts(truth, shape, repetition), shape.ks);
    forecast.forEach(({ lower, upper }, index) => {
      const cell = cells[index]!;
      if (lower <= cell.truth && cell.truth <= upper) cell.covered += 1;
      cell.width += upper - lower;
      if (repetition < first) cell.widthOfFirst += upper - lower;
    });
  }
  return cells.map(({ k, covered, width, widthOfFirst }) => ({
    truth: truth.name,
    shape: shape.name,
    k,
    repetitions,
    coverage: covered / repetitions,
    meanWidth: width / repetitions,
    meanWidthOfFirst: widthOfFirst / Math.min(first, repetitions),
  }));
}
