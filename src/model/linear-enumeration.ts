/** Exact numbers of the autoregressive linear class where its responses can be enumerated, and of its tokens where they are independent. */
import type { LinearClass, Numbers, Tokens } from "./linear.ts";

/** A member of a class. */
export interface LinearPolicy<Prompt> {
  readonly class: LinearClass<Prompt>;
  /** θ, [dimension]. */
  readonly parameters: Numbers;
}

/** A prompt with μ(x); weights over prompts sum to 1. */
export interface WeightedPrompt<Prompt> {
  readonly prompt: Prompt;
  readonly weight: number;
}

const largestEnumeration = 2 ** 24;

/**
 * log π_θ(y | x) of all vocabularySize^H responses, in lexicographic order of their tokens.
 *
 * @throws RangeError where there are more than 2²⁴ responses.
 * @example
 * const coins = linearClass<number>({
 *   dimension: 1,
 *   vocabularySize: 2,
 *   horizon: 2,
 *   features: (_, response, length) => [response[length - 1]!],
 * });
 * responseLogProbabilities({ class: coins, parameters: [Math.log(3)] }, 0).map(Math.exp); // [1 / 16, 3 / 16, 3 / 16, 9 / 16]
 */
export function responseLogProbabilities<Prompt>(policy: LinearPolicy<Prompt>, prompt: Prompt): Float64Array {
  const { vocabularySize, horizon } = policy.class;
  const result = new Float64Array(enumerationSize(policy.class));
  let next = 0;
  walk(policy, prompt, (_, length, logProbability, conditional) => {
    if (length < horizon - 1) return;
    for (let token = 0; token < vocabularySize; token++) {
      result[next++] = logProbability + conditional[token]!;
    }
  });
  return result;
}

/**
 * The tokens of the response with this index in `responseLogProbabilities`.
 *
 * @example
 * responseAt({ vocabularySize: 3, horizon: 2 }, 5); // Int32Array.of(1, 2)
 */
export function responseAt(
  sizes: { readonly vocabularySize: number; readonly horizon: number },
  index: number,
): Int32Array {
  const response = new Int32Array(sizes.horizon);
  let rest = index;
  for (let position = sizes.horizon - 1; position >= 0; position--) {
    response[position] = rest % sizes.vocabularySize;
    rest = Math.floor(rest / sizes.vocabularySize);
  }
  return response;
}

/**
 * KL(from ‖ to) = E_x E_{y ~ from} log [from(y|x) / to(y|x)], nats, exactly. Two memoryless classes of equal sizes need
 * no enumeration: H times the divergence of one token.
 *
 * @throws RangeError for classes of different sizes, weights that do not sum to 1, more than 2²⁴ responses.
 */
export function linearDivergence<Prompt>(given: {
  readonly from: LinearPolicy<Prompt>;
  readonly to: LinearPolicy<Prompt>;
  readonly prompts: readonly WeightedPrompt<Prompt>[];
}): number {
  const { from, to, prompts } = given;
  checkComparable(given);
  const independent = from.class.memoryless === true && to.class.memoryless === true;
  let total = 0;
  for (const { prompt, weight } of prompts) {
    const [p, q] = independent
      ? [firstToken(from, prompt), firstToken(to, prompt)]
      : [responseLogProbabilities(from, prompt), responseLogProbabilities(to, prompt)];
    let divergence = 0;
    for (let i = 0; i < p.length; i++) divergence += Math.exp(p[i]!) * (p[i]! - q[i]!);
    total += weight * divergence * (independent ? from.class.horizon : 1);
  }
  return total;
}

/**
 * Cov_N(from ‖ to) = P_{x ~ μ, y ~ from}[from(y|x) / to(y|x) ≥ N] for each N (1), exactly but for atoms: a ratio within
 * 1e-9·(1 + |log from(y|x)|) nats below log N counts as reaching it.
 *
 * @throws RangeError for an N below 1, and as `linearDivergence` does.
 * @example
 * const coins = linearClass<number>({
 *   dimension: 1,
 *   vocabularySize: 2,
 *   horizon: 1,
 *   features: (_, response) => [response[0]!],
 * });
 * const fair = { class: coins, parameters: [0] };
 * const rare = { class: coins, parameters: [Math.log(1 / 9)] };
 * linearCoverage({ from: fair, to: rare, prompts: [{ prompt: 0, weight: 1 }], n: [2, 5, 6] }); // [0.5, 0.5, 0]
 */
export function linearCoverage<Prompt>(given: {
  readonly from: LinearPolicy<Prompt>;
  readonly to: LinearPolicy<Prompt>;
  readonly prompts: readonly WeightedPrompt<Prompt>[];
  readonly n: readonly number[];
}): Float64Array {
  const { from, to, prompts, n } = given;
  checkComparable(given);
  for (const value of n) {
    if (!(value >= 1 && Number.isFinite(value))) {
      throw new RangeError(`n is ${value}: must be at least 1 and finite`);
    }
  }
  const limits = n.map(Math.log);
  const coverage = new Float64Array(n.length);
  for (const { prompt, weight } of prompts) {
    const p = responseLogProbabilities(from, prompt);
    const q = responseLogProbabilities(to, prompt);
    for (let i = 0; i < p.length; i++) {
      const reached = p[i]! - q[i]! + 1e-9 * (1 - p[i]!);
      for (let j = 0; j < limits.length; j++) {
        if (reached >= limits[j]!) coverage[j]! += weight * Math.exp(p[i]!);
      }
    }
  }
  return coverage;
}

/**
 * The inherent variance σ⋆² = E Σ_h ‖φ(x, y_≤h) − E[φ | x, y_<h]‖² under a policy (8), exactly. A memoryless class needs no
 * enumeration.
 *
 * @throws RangeError for weights that do not sum to 1, and where there are more than 2²⁴ responses.
 * @example
 * const coins = linearClass<number>({
 *   dimension: 1,
 *   vocabularySize: 2,
 *   horizon: 3,
 *   features: (x, response, length) => [x * response[length - 1]!],
 * });
 * inherentVariance({ class: coins, parameters: [0] }, [{ prompt: 2, weight: 1 }]); // 3
 */
export function inherentVariance<Prompt>(
  policy: LinearPolicy<Prompt>,
  prompts: readonly WeightedPrompt<Prompt>[],
): number {
  checkWeights(prompts);
  const { vocabularySize, dimension, horizon, memoryless } = policy.class;
  const rows = new Float64Array(vocabularySize * dimension);
  const spread = (prompt: Prompt, response: Tokens, length: number, conditional: Float64Array): number => {
    policy.class.nextTokenFeatures(prompt, response, length, rows);
    let total = 0;
    for (let i = 0; i < dimension; i++) {
      let mean = 0;
      for (let token = 0; token < vocabularySize; token++) {
        mean += Math.exp(conditional[token]!) * rows[token * dimension + i]!;
      }
      for (let token = 0; token < vocabularySize; token++) {
        total += Math.exp(conditional[token]!) * (rows[token * dimension + i]! - mean) ** 2;
      }
    }
    return total;
  };
  let variance = 0;
  for (const { prompt, weight } of prompts) {
    if (memoryless) {
      variance += weight * horizon * spread(prompt, [], 0, firstToken(policy, prompt));
      continue;
    }
    enumerationSize(policy.class);
    walk(policy, prompt, (response, length, logProbability, conditional) => {
      variance += weight * Math.exp(logProbability) * spread(prompt, response, length, conditional);
    });
  }
  return variance;
}

/** Calls `visit` for every beginning of a response, shorter than H, in lexicographic order. */
function walk<Prompt>(
  policy: LinearPolicy<Prompt>,
  prompt: Prompt,
  visit: (response: Int32Array, length: number, logProbability: number, conditional: Float64Array) => void,
): void {
  const { vocabularySize, horizon } = policy.class;
  const response = new Int32Array(horizon);
  const given = { parameters: policy.parameters, prompt, response };
  const conditionals = Array.from({ length: horizon }, () => new Float64Array(vocabularySize));
  const descend = (length: number, logProbability: number): void => {
    const conditional = conditionals[length]!;
    policy.class.nextTokenLogProbabilities(given, length, conditional);
    visit(response, length, logProbability, conditional);
    if (length === horizon - 1) return;
    for (let token = 0; token < vocabularySize; token++) {
      response[length] = token;
      descend(length + 1, logProbability + conditional[token]!);
    }
  };
  descend(0, 0);
}

function firstToken<Prompt>(policy: LinearPolicy<Prompt>, prompt: Prompt): Float64Array {
  const given = { parameters: policy.parameters, prompt, response: [] };
  return policy.class.nextTokenLogProbabilities(given, 0);
}

function enumerationSize({ vocabularySize, horizon }: { vocabularySize: number; horizon: number }): number {
  const size = vocabularySize ** horizon;
  if (size <= largestEnumeration) return size;
  throw new RangeError(
    `number of responses is ${vocabularySize}^${horizon}: must be at most 2^24 to be enumerated`,
  );
}

function checkComparable<Prompt>(given: {
  readonly from: LinearPolicy<Prompt>;
  readonly to: LinearPolicy<Prompt>;
  readonly prompts: readonly WeightedPrompt<Prompt>[];
}): void {
  for (const field of ["vocabularySize", "horizon"] as const) {
    const [from, to] = [given.from.class[field], given.to.class[field]];
    if (from !== to) throw new RangeError(`${field} is ${to}: must be ${from}, as in the other class`);
  }
  checkWeights(given.prompts);
}

function checkWeights(prompts: readonly { readonly weight: number }[]): void {
  const total = prompts.reduce((sum, { weight }) => sum + weight, 0);
  const bad = prompts.find(({ weight }) => !(weight >= 0));
  if (bad !== undefined) throw new RangeError(`weight is ${bad.weight}: must be at least 0`);
  if (!(Math.abs(total - 1) <= 1e-9)) {
    throw new RangeError(`sum of the prompts' weights is ${total}: must be 1`);
  }
}
