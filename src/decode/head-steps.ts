/**
 * Test-time training (22), (23) of the output head alone, for one sequence and without a copy of the head: after tokens
 * y_1 … y_t with hidden states h_j and the distributions p_j that were met on the way,
 * W_t = W + η·Σ_j (e_{y_j} − p_j) h_jᵀ, so the stepped log-odds are W·h + η·Σ_j (h_j·h)(e_{y_j} − p_j).
 */
import type { FloatArray } from "../tensor/index.ts";
import { logSoftmax } from "./filters.ts";

/** Projection of the head onto a ball after every step, as (22) has it; transformers are trained without one. */
export interface HeadProjection {
  /** Largest Frobenius norm of the head. */
  readonly radius: number;
  /** ‖W‖² of the head that is started from. */
  readonly squaredNorm: number;
}

/** Options of test-time training of the output head. */
export interface HeadStepsOptions {
  /** η, the step size used in training. */
  readonly stepSize: number;
  readonly projection?: HeadProjection | undefined;
}

interface Step {
  /** e_y − p, [vocabulary]. */
  readonly direction: Float64Array;
  readonly hidden: Float64Array;
  coefficient: number;
}

/**
 * The steps taken on one sequence. With a projection the squared norm is kept up to date from
 * ⟨W, (e_y − p)hᵀ⟩ = (e_y − p)·(W·h) and ‖(e_y − p)hᵀ‖² = ‖e_y − p‖²·‖h‖², so that nothing of the head's size is
 * touched: time and memory grow as (tokens)·(vocabulary + width).
 *
 * @throws RangeError for a step size or radius that is not positive and finite.
 */
export class HeadSteps {
  readonly #stepSize: number;
  readonly #projection: HeadProjection | undefined;
  readonly #steps: Step[] = [];
  #squaredNorm: number;
  /** Product of all projections' factors: what is left of W itself. */
  #scale = 1;

  constructor(options: HeadStepsOptions) {
    const { stepSize, projection } = options;
    checkStepSize(stepSize);
    if (
      projection !== undefined &&
      !(projection.radius > 0 && projection.radius < Number.POSITIVE_INFINITY)
    ) {
      throw new RangeError(`radius is ${projection.radius}: must be positive and finite`);
    }
    this.#stepSize = stepSize;
    this.#projection = projection;
    this.#squaredNorm = projection?.squaredNorm ?? Number.NaN;
  }

  /** Log-odds of the stepped head from `logits` = W·`hidden`. */
  logits(logits: FloatArray, hidden: FloatArray): Float64Array {
    const stepped = Float64Array.from(logits);
    if (this.#scale !== 1)
      for (let token = 0; token < stepped.length; token++) stepped[token]! *= this.#scale;
    for (const step of this.#steps) {
      const weight = step.coefficient * innerProduct(step.hidden, hidden);
      const { direction } = step;
      for (let token = 0; token < stepped.length; token++) stepped[token]! += weight * direction[token]!;
    }
    return stepped;
  }

  /** Steps on `token`, drawn or given where the stepped head said `logits` (the result of `logits`) at `hidden`. */
  step(token: number, logits: FloatArray, hidden: FloatArray): void {
    const direction = logSoftmax(logits);
    for (let other = 0; other < direction.length; other++) direction[other] = -Math.exp(direction[other]!);
    direction[token]! += 1;
    const kept = Float64Array.from(hidden);
    this.#steps.push({ direction, hidden: kept, coefficient: this.#stepSize });
    if (this.#projection === undefined) return;
    this.#squaredNorm +=
      2 * this.#stepSize * innerProduct(direction, logits) +
      this.#stepSize ** 2 * innerProduct(direction, direction) * innerProduct(kept, kept);
    const factor = this.#projection.radius / Math.sqrt(this.#squaredNorm);
    if (!(factor < 1)) return;
    this.#scale *= factor;
    for (const step of this.#steps) step.coefficient *= factor;
    this.#squaredNorm = this.#projection.radius ** 2;
  }
}

/** Throws RangeError unless the step size of test-time training is positive and finite. */
export function checkStepSize(stepSize: number): void {
  if (stepSize > 0 && stepSize < Number.POSITIVE_INFINITY) return;
  throw new RangeError(`step size is ${stepSize}: must be positive and finite, the one used in training`);
}

function innerProduct(left: FloatArray, right: FloatArray): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += left[index]! * right[index]!;
  return sum;
}
