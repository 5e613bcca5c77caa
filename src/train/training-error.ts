/** What can go wrong with a training: an input that cannot be used, and numbers that are no numbers. */

/** A configuration, example or state that cannot be used: one clear sentence, exit code 2. */
export class UnusableTrainingError extends Error {
  // The command line prints errors of this name as one sentence.
  override readonly name = "InputError";
}

/** The loss, a gradient or a parameter stopped being a finite number; the state before the step is intact. */
export class DivergedError extends Error {
  override readonly name = "DivergedError";
  /** The step that failed, from 1. */
  readonly step: number;
  /** `loss`, or the name of the first parameter whose value or gradient is not finite. */
  readonly tensor: string;

  constructor(step: number, tensor: string, value: string) {
    super(`step ${step}: ${value} of ${tensor} is not finite`);
    this.step = step;
    this.tensor = tensor;
  }
}
