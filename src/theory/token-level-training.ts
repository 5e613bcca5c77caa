/** Token-level SGD (21) on a counted class, judged by test-time training (22), (23) from each of its iterates. */
import type { RandomGenerator } from "../numeric/index.ts";
import { type CountedInstance, countedClass } from "./counted-class.ts";

export interface TokenLevelAverage {
  /** Mean of Cov_N(π_D ‖ π^TTT_{θ^t}) over t = 1 … T, an upper end: all but `unscored` of π_D is scored exactly. */
  readonly coverage: number;
  /** π_D's probability of the responses that are not scored but counted as uncovered. */
  readonly unscored: number;
  /** θ^{T+1}. */
  readonly parameters: Float64Array;
}

/**
 * T responses of π_D, a projected step after every token. It is for App. I.4's instances (d = 2, three tokens), whose π_D
 * gives each prompt all but surely one response, its likeliest token H times: that response is scored, all others count
 * as uncovered.
 *
 * @throws RangeError for an instance of other sizes, and for a step size above 1/B², up to which steps along one token
 * never raise its loss.
 */
export function tokenLevelAverage(given: {
  readonly instance: CountedInstance;
  readonly stepSize: number;
  readonly steps: number;
  readonly logN: number;
  readonly generator: RandomGenerator;
}): TokenLevelAverage {
  const { instance, stepSize, steps, logN, generator } = given;
  const counted = countedClass(instance);
  for (const field of ["dimension", "vocabularySize"] as const) {
    const value = field === "dimension" ? 2 : 3;
    if (instance[field] !== value) throw new RangeError(`${field} is ${instance[field]}: must be ${value}`);
  }
  const limit = 1 / largestFeature(instance) ** 2;
  if (!(stepSize <= limit)) throw new RangeError(`stepSize is ${stepSize}: must be at most 1/B², ${limit}`);
  const target = instance.prompts.map((_, prompt) =>
    counted.tokenLogProbabilities(instance.target, prompt, new Float64Array(instance.vocabularySize)),
  );
  const likeliest = target.map((values) => values.indexOf(Math.max(...values)));
  const single = target.map((values, prompt) => Math.exp(instance.horizon * values[likeliest[prompt]!]!));
  const stepper = new TokenStepper(instance, stepSize);
  const parameters = instance.start.slice();
  const copy = parameters.slice();
  let coverage = 0;
  for (let step = 0; step < steps; step++) {
    instance.prompts.forEach(({ weight }, prompt) => {
      copy.set(parameters);
      const token = likeliest[prompt]!;
      const reached = stepper.reaches(copy, {
        prompt,
        token,
        logRatio: logN,
        logProbability: target[prompt]![token]!,
      });
      coverage += weight * (reached ? 1 : 1 - single[prompt]!);
    });
    const prompt = counted.drawPrompt(generator);
    stepper.train(parameters, prompt, responseTokens(target[prompt]!, instance.horizon, generator));
  }
  const unscored = instance.prompts.reduce(
    (sum, { weight }, prompt) => sum + weight * (1 - single[prompt]!),
    0,
  );
  return { coverage: coverage / steps, unscored, parameters };
}

/** Tokens of a response by their runs: `token` up to position `end`. */
export interface TokenRun {
  readonly token: number;
  readonly end: number;
}

/** A response of independent tokens; runs of the likeliest one are skipped by their geometric lengths. */
export function* responseTokens(
  logProbabilities: Float64Array,
  H: number,
  generator: RandomGenerator,
): Generator<TokenRun> {
  const likeliest = logProbabilities.indexOf(Math.max(...logProbabilities));
  const others = logProbabilities.reduce(
    (sum, value, token) => (token === likeliest ? sum : sum + Math.exp(value)),
    0,
  );
  const logStay = Math.log1p(-others);
  for (let position = 0; position < H; ) {
    const run = Math.floor(Math.log(generator.uniform()) / logStay);
    const end = Math.min(H, position + run);
    if (end > position) yield { token: likeliest, end };
    if (end === H) return;
    let rest = generator.uniform() * others;
    let other = likeliest;
    logProbabilities.forEach((value, token) => {
      if (token === likeliest || rest < 0) return;
      rest -= Math.exp(value);
      other = token;
    });
    position = end + 1;
    yield { token: other, end: position };
  }
}

/** Steps θ ← Proj(θ + η·(φ(x, y_h) − E_{π_θ} φ(x, ·))) along runs of one token. */
class TokenStepper {
  readonly #instance: CountedInstance;
  readonly #stepSize: number;
  /** φ(x, token) − φ(x, a) of the two others a, by prompt and token. */
  readonly #differences: readonly (readonly Float64Array[])[];

  constructor(instance: CountedInstance, stepSize: number) {
    this.#instance = instance;
    this.#stepSize = stepSize;
    this.#differences = instance.prompts.map(({ features }) =>
      [0, 1, 2].map((token) =>
        Float64Array.from(
          [(token + 1) % 3, (token + 2) % 3].flatMap((other) =>
            [0, 1].map((i) => features[2 * token + i]! - features[2 * other + i]!),
          ),
        ),
      ),
    );
  }

  train(parameters: Float64Array, prompt: number, runs: Iterable<TokenRun>): void {
    let position = 0;
    for (const { token, end } of runs) {
      this.#repeat(parameters, this.#differences[prompt]![token]!, end - position);
      position = end;
    }
  }

  /**
   * Whether H times `token` has log π_D − log π^TTT ≥ logRatio, stepping the parameters. The loss of a repeated token
   * never rises, so that a sum that must fall short, or already exceeds, ends early.
   */
  reaches(
    parameters: Float64Array,
    given: {
      readonly prompt: number;
      readonly token: number;
      readonly logRatio: number;
      /** log π_D of one token. */
      readonly logProbability: number;
    },
  ): boolean {
    const { prompt, token, logRatio, logProbability } = given;
    const H = this.#instance.horizon;
    const difference = this.#differences[prompt]![token]!;
    const needed = logRatio - H * logProbability - 1e-9 * (1 - H * logProbability);
    let loss = 0;
    for (let position = 0; position < H; position++) {
      const now = this.#repeat(parameters, difference, 1);
      if (loss + now * (H - position) < needed) return false;
      loss += now;
      if (loss >= needed) return true;
    }
    return false;
  }

  /** So many steps along one token; returns −log π_θ(token | x) before the last of them. */
  #repeat(parameters: Float64Array, difference: Float64Array, times: number): number {
    const [a, b, c, d] = difference as unknown as readonly [number, number, number, number];
    const stepSize = this.#stepSize;
    let x = parameters[0]!;
    let y = parameters[1]!;
    // Odds of the two others against the token: their sum is exact where the token is all but certain.
    let others = 0;
    for (let step = 0; step < times; step++) {
      const first = Math.exp(-(x * a + y * b));
      const second = Math.exp(-(x * c + y * d));
      others = first + second;
      const scale = stepSize / (1 + others);
      x += scale * (first * a + second * c);
      y += scale * (first * b + second * d);
      const square = x * x + y * y;
      if (square <= 1) continue;
      const norm = Math.sqrt(square);
      x /= norm;
      y /= norm;
    }
    parameters[0] = x;
    parameters[1] = y;
    return Math.log1p(others);
  }
}

/** B, the largest norm of a feature. */
export function largestFeature({ prompts, dimension }: CountedInstance): number {
  let largest = 0;
  for (const { features } of prompts) {
    for (let start = 0; start < features.length; start += dimension) {
      largest = Math.max(largest, Math.hypot(...features.subarray(start, start + dimension)));
    }
  }
  return largest;
}
