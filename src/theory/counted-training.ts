/** The paper's update rules on a counted class, averaged over iterates as its theorems are. */
import type { RandomGenerator } from "../numeric/index.ts";
import { type CountedClass, type CountedInstance, countedClass } from "./counted-class.ts";

export type CountedRule =
  | { readonly name: "sgd" /** η of (14). */; readonly stepSize: number }
  | {
      readonly name: "normalized";
      /** η and λ of (17), (18), with K = 1 sample a step. */
      readonly stepSize: number;
      readonly lambda: number;
    }
  | {
      readonly name: "truncated";
      /** η of (24)–(26), where π_D is the teacher. */
      readonly stepSize: number;
      /** The divergences of the steps count until they have added up to log N. */
      readonly logN: number;
    };

export interface IterateAverage {
  /** Mean of Cov_N(θ^t) over t = 1 … T, θ¹ the start; one value for each log N. */
  readonly coverage: Float64Array;
  /** Mean of KL(π_D ‖ π_{θ^t}), nats. */
  readonly divergence: number;
  /** θ^{T+1}. */
  readonly parameters: Float64Array;
}

/**
 * T steps of a rule on fresh responses of π_D, θ projected onto the unit ball after each. Coverage and divergence of
 * every iterate are exact; only the data are random.
 */
export function iterateAverage(given: {
  readonly instance: CountedInstance | CountedClass;
  readonly rule: CountedRule;
  readonly steps: number;
  readonly logN: readonly number[];
  readonly generator: RandomGenerator;
}): IterateAverage {
  const { rule, steps, logN, generator } = given;
  const counted = "instance" in given.instance ? given.instance : countedClass(given.instance);
  const { instance } = counted;
  const silent = instance.prompts.map(({ features }) => features.every((value) => value === 0));
  const parameters = instance.start.slice();
  const gradient = new Float64Array(instance.dimension);
  const counts = new Float64Array(instance.vocabularySize);
  const coverage = new Float64Array(logN.length);
  const now = new Float64Array(logN.length);
  let divergence = 0;
  let divergenceNow = measured(counted, parameters, logN, now);
  for (let step = 0; step < steps; step++) {
    divergence += divergenceNow;
    for (let i = 0; i < now.length; i++) coverage[i]! += now[i]!;
    const prompt = counted.drawPrompt(generator);
    if (silent[prompt]) continue;
    gradient.fill(0);
    addSampleGradient(counted, { rule, parameters, prompt, counts, generator, gradient });
    stepAlong(parameters, gradient, rule);
    projectOntoBall(parameters);
    divergenceNow = measured(counted, parameters, logN, now);
  }
  return { coverage: coverage.map((sum) => sum / steps), divergence: divergence / steps, parameters };
}

/** Writes Cov_N under μ for each log N and returns KL. */
function measured(
  counted: CountedClass,
  parameters: Float64Array,
  logN: readonly number[],
  into: Float64Array,
): number {
  const { prompts, horizon } = counted.instance;
  into.fill(0);
  let divergence = 0;
  prompts.forEach(({ weight }, prompt) => {
    logN.forEach((limit, i) => {
      into[i]! += weight * counted.promptCoverage(parameters, prompt, limit);
    });
    divergence += weight * horizon * counted.tokenDivergence(parameters, prompt);
  });
  return divergence;
}

/** Draws a response and adds the direction of ascent: ∇ log π_θ(y|x), or its truncated sum. */
function addSampleGradient(
  counted: CountedClass,
  given: {
    readonly rule: CountedRule;
    readonly parameters: Float64Array;
    readonly prompt: number;
    readonly counts: Float64Array;
    readonly generator: RandomGenerator;
    readonly gradient: Float64Array;
  },
): void {
  const { rule, parameters, prompt, counts, generator, gradient } = given;
  const { horizon } = counted.instance;
  const response = { prompt, counts };
  const tokens = rule.name === "truncated" ? countedTokens(counted, { ...given, logN: rule.logN }) : horizon;
  const whole = Math.floor(tokens);
  counted.drawCounts(prompt, whole, generator, counts);
  counted.addGradient(parameters, response, 1, gradient);
  if (whole === tokens) return;
  counted.drawCounts(prompt, 1, generator, counts);
  counted.addGradient(parameters, response, tokens - whole, gradient);
}

/** Σ α_h of (26): every token has the same divergence a, so that min(H, log N/a) of them count, the last one in part. */
function countedTokens(
  counted: CountedClass,
  given: { readonly parameters: Float64Array; readonly prompt: number; readonly logN: number },
): number {
  const { horizon } = counted.instance;
  const divergence = counted.tokenDivergence(given.parameters, given.prompt);
  return horizon * divergence <= given.logN ? horizon : given.logN / divergence;
}

function stepAlong(parameters: Float64Array, gradient: Float64Array, rule: CountedRule): void {
  const scale = rule.name === "normalized" ? rule.stepSize / (rule.lambda + normOf(gradient)) : rule.stepSize;
  for (let i = 0; i < parameters.length; i++) parameters[i]! += scale * gradient[i]!;
}

/** θ/max(1, ‖θ‖₂). */
function projectOntoBall(parameters: Float64Array): void {
  const norm = normOf(parameters);
  if (norm <= 1) return;
  for (let i = 0; i < parameters.length; i++) parameters[i]! /= norm;
}

function normOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}
