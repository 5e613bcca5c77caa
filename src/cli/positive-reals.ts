/** Option values for N: real numbers of at least 1. */
import { InvalidArgumentError } from "commander";

export function realsFromOne(text: string): number[] {
  const values = text.split(",").map((part) => Number(part.trim() === "" ? Number.NaN : part));
  if (values.some((value) => !(value >= 1 && value < Number.POSITIVE_INFINITY))) {
    throw new InvalidArgumentError("a comma-separated list of numbers of at least 1.");
  }
  return [...new Set(values)].sort((left, right) => left - right);
}

export function realFromOne(text: string): number {
  const [value, ...rest] = realsFromOne(text);
  if (value === undefined || rest.length > 0) throw new InvalidArgumentError("one number of at least 1.");
  return value;
}
