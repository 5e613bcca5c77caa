/** A checkpoint, weight file or tokenizer that cannot be used: one clear sentence, exit code 2. */
export class UnusableCheckpointError extends Error {
  // The command line prints errors of this name as one sentence.
  override readonly name = "InputError";
}
