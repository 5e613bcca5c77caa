/** Each conversion of coverage on one exact instance, as measured over bound: at most 1 where it holds. */
import {
  answerCoverageBound,
  chainRuleBound,
  coverageBoundFromHellinger,
  coverageBoundFromKl,
  coverageBoundFromStoppedKl,
  coverageLowerBoundFromHellinger,
  hellingerThreshold,
  klBoundFromDecay,
  looseCoverageBoundFromKl,
  printedRegretBound,
  printedSamplesForCoverage,
  regretBound,
  regretLowerBound,
  samplesForCoverage,
  tightCoverageBoundFromKl,
  transitivityBound,
} from "../coverage/index.ts";
import {
  type FiniteModel,
  finiteCoverage,
  finiteDivergence,
  finiteHellinger,
  largestRegret,
  stepDivergences,
} from "./finite-model.ts";

/** Prompts with weights, and models on each. */
export interface ExactInstance {
  /** μ(x), summing to 1. */
  readonly weights: readonly number[];
  /** π, π̂ and two more models [prompts]. */
  readonly reference: readonly FiniteModel[];
  readonly model: readonly FiniteModel[];
  readonly first: readonly FiniteModel[];
  readonly second: readonly FiniteModel[];
  /** The answer of each response. */
  readonly answers: readonly number[];
}

/** Measured over bound; 0/0 and what is below 0 are 0. */
export const quotient = (measured: number, bound: number): number => (measured <= 0 ? 0 : measured / bound);

const deltas = [0.05, 0.2, 0.5];

type Side = "reference" | "model" | "first" | "second";

/** The quotients of all conversions, each the largest over the Ns. */
export function conversionQuotients(instance: ExactInstance, ns: readonly number[]): Record<string, number> {
  const { weights } = instance;
  const average = (of: (prompt: number) => number) =>
    weights.reduce((sum, weight, prompt) => sum + weight * of(prompt), 0);
  const coverage = (from: Side, to: Side, N: number, under: Side = from) =>
    Math.min(
      1,
      average((prompt) =>
        finiteCoverage({
          from: instance[from][prompt]!.responses,
          to: instance[to][prompt]!.responses,
          under: instance[under][prompt]!.responses,
          N,
        }),
      ),
    );
  const pair = (prompt: number) => [instance.reference[prompt]!, instance.model[prompt]!] as const;
  const responses = (prompt: number) =>
    pair(prompt).map((side) => side.responses) as [Float64Array, Float64Array];
  const kl = average((prompt) => finiteDivergence(...responses(prompt)));
  const squaredHellinger = Math.min(
    1,
    average((prompt) => finiteHellinger(...responses(prompt))),
  );
  const stepKl = weights.map((_, prompt) => stepDivergences(...pair(prompt), finiteDivergence));
  const stepHellinger = weights.map((_, prompt) => stepDivergences(...pair(prompt), finiteHellinger));
  const expectation = (values: readonly Float64Array[], of: (value: number) => number) =>
    average((prompt) =>
      instance.reference[prompt]!.responses.reduce((sum, p, y) => sum + p * of(values[prompt]![y]!), 0),
    );
  const answerMass = (side: Side, prompt: number) => {
    const masses = new Float64Array(Math.max(...instance.answers) + 1);
    instance[side][prompt]!.responses.forEach((p, response) => {
      masses[instance.answers[response]!]! += p;
    });
    return masses;
  };
  const regret = (draws: number) =>
    average((prompt) => {
      const [from, to] = responses(prompt);
      return largestRegret({ from, to, draws });
    });

  const found: Record<string, number> = {};
  const note = (name: string, value: number): void => {
    found[name] = Math.max(found[name] ?? 0, value);
  };
  const { decay, logLargestRatio } = decayOf(instance, coverage);
  note("d3", quotient(kl, klBoundFromDecay({ decay, logLargestRatio })));
  for (const n of ns) {
    const measured = coverage("reference", "model", n);
    note("d1", quotient(measured, coverageBoundFromKl({ n, kl })));
    note("binaryKl", quotient(measured, tightCoverageBoundFromKl({ n, kl })));
    note("d4", quotient(measured, coverageBoundFromHellinger({ n, squaredHellinger })));
    if (n > Math.E) {
      note("prop31", quotient(measured, looseCoverageBoundFromKl({ n, kl })));
      const stoppedKl = expectation(stepKl, (value) => Math.min(Math.log(n), value));
      note("d10", quotient(measured, coverageBoundFromStoppedKl({ n, stoppedKl })));
    }
    for (const delta of deltas) {
      const threshold = hellingerThreshold({ n, delta });
      const exceedance = Math.min(
        1,
        expectation(stepHellinger, (value) => (value >= threshold ? 1 : 0)),
      );
      const lower = coverageLowerBoundFromHellinger({ exceedance, delta });
      note("d11", quotient(lower, measured));
      note("d11Sharper", quotient(lower, coverage("reference", "model", n * n)));
    }
    for (const m2 of [2, 4]) {
      const chain = chainRuleBound({
        m2,
        coverageOfData: coverage("reference", "model", n / m2),
        coverageOfTask: coverage("first", "reference", m2),
      });
      note("d5", quotient(coverage("first", "model", n), chain));
    }
    const passed = transitivityBound({
      first: coverage("first", "second", Math.sqrt(n), "reference"),
      second: coverage("second", "model", Math.sqrt(n), "reference"),
    });
    note("transitivity", quotient(coverage("first", "model", n, "reference"), passed));
    for (const epsilon of [0.3, 0.05]) {
      const draws = Math.ceil(samplesForCoverage({ m: n, epsilon }));
      note("samplesHalved", quotient(regret(draws), regretBound({ coverage: measured, epsilon })));
      const printed = Math.ceil(printedSamplesForCoverage({ m: n, epsilon }));
      note("d6", quotient(regret(printed), printedRegretBound({ coverage: measured, epsilon })));
    }
    const draws = Math.max(2, Math.round(n));
    const needed = regretLowerBound({ coverage: coverage("reference", "model", 2 * draws) });
    note("d7", quotient(needed, regret(draws)));
    const answers = average((prompt) =>
      finiteCoverage({ from: answerMass("reference", prompt), to: answerMass("model", prompt), N: n }),
    );
    for (const s of [1.5, 2, 4]) {
      const bound = answerCoverageBound({ s, coverage: coverage("reference", "model", n / s) });
      note("answers", quotient(answers, bound));
    }
    note("answersPrinted", quotient(answers, measured));
    const rare = average((prompt) => {
      const [from, to] = responses(prompt);
      return from.reduce((sum, p, y) => (to[y]! * n <= 1 + 1e-12 ? sum + p : sum), 0);
    });
    note("upperBound", quotient(measured, rare));
  }
  return found;
}

/** C = sup_N Cov_N·log N and log W, over the ratios that occur. */
function decayOf(
  { reference, model }: ExactInstance,
  coverage: (from: Side, to: Side, N: number) => number,
): { readonly decay: number; readonly logLargestRatio: number } {
  const ratios = reference.flatMap((from, prompt) =>
    Array.from(from.responses, (p, y) => p / model[prompt]!.responses[y]!),
  );
  const above = ratios.filter((ratio) => ratio > 1);
  const decay = above.reduce((most, N) => Math.max(most, coverage("reference", "model", N) * Math.log(N)), 0);
  return { decay, logLargestRatio: Math.log(Math.max(1, ...above)) };
}
