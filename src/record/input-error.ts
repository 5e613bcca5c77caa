/** An input that cannot be used, or a usage error: one clear sentence for the user, exit code 2. */
export class InputError extends Error {
  override readonly name = "InputError";
}
