/** Learning rates over the steps of a training, as pure functions of the step. */

export type ScheduleName = "constant" | "linear" | "cosine";

/** Options of `scheduleFactor`. */
export interface ScheduleOptions {
  readonly name: ScheduleName;
  /** Steps of the training. */
  readonly steps: number;
  /** Steps over which the factor rises linearly; 0 if not given. */
  readonly warmup?: number;
  /** The factor at the last step; 0 if not given. `constant` has none. */
  readonly final?: number;
}

/**
 * The factor of the learning rate at a step from 1: step/warmup up to the warm-up's last step, where it is 1; from there
 * (from step 1 without warm-up) constant, or falling to `final` at the last step, linearly or as half a cosine.
 * Steps beyond the last keep its factor.
 *
 * @throws RangeError for steps that are no positive integer, a warm-up that is longer or a final factor outside [0, 1].
 * @example
 * const factor = scheduleFactor({ name: "cosine", steps: 101, final: 0.1 });
 * [factor(1), factor(51), factor(101)]; // [1, 0.55, 0.1]
 * scheduleFactor({ name: "linear", steps: 10, warmup: 4 })(1); // 0.25
 */
export function scheduleFactor(options: ScheduleOptions): (step: number) => number {
  const { name, steps, warmup = 0, final = 0 } = options;
  if (!(Number.isInteger(steps) && steps >= 1)) {
    throw new RangeError(`steps is ${steps}: must be an integer of at least 1`);
  }
  if (!(Number.isInteger(warmup) && warmup >= 0 && warmup <= steps)) {
    throw new RangeError(`warmup is ${warmup}: must be an integer in 0 … ${steps}`);
  }
  if (!(final >= 0 && final <= 1)) throw new RangeError(`final is ${final}: must be in 0 … 1`);
  const peak = Math.max(warmup, 1);
  return (step) => {
    if (step < peak) return step / peak;
    if (name === "constant") return 1;
    const progress = steps === peak ? 0 : Math.min(1, (step - peak) / (steps - peak));
    const left = name === "linear" ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
    return final + (1 - final) * left;
  };
}
