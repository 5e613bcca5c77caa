/** What the values of a column look like, and so which roles it can have. */
import { verdictOf } from "./draws.ts";

/** True if rows of one problem have different values: then they speak of draws and not of the problem. */
export function variesWithin(problems: readonly unknown[], values: readonly unknown[]): boolean {
  const first = new Map<unknown, unknown>();
  return problems.some((problem, row) => {
    if (!first.has(problem)) first.set(problem, values[row]);
    return first.get(problem) !== values[row];
  });
}

/** True if there is a value and at least this share of those that are present fit: the rest are bad rows. */
export function mostly(
  fits: (value: unknown) => boolean,
  share = 0.5,
): (values: readonly unknown[]) => boolean {
  return (values) => {
    const present = values.filter((value) => value !== undefined && value !== null && value !== "");
    return present.length > 0 && present.filter(fits).length >= share * present.length;
  };
}

export function isCountLike(value: unknown): boolean {
  if (typeof value === "string") return /^\s*\d+(?:\.0*)?\s*$/.test(value);
  return typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
}

export function isNumberLike(value: unknown): boolean {
  if (typeof value === "string") return value.trim() !== "" && !Number.isNaN(Number(value));
  return typeof value === "number" || typeof value === "bigint";
}

/** A number, or a text such as `step-100`, `global_step_100` or `checkpoint 100`, as its number. */
export function stepNumber(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const named =
    /^\s*(?:(?:global|train|training)[ _-]?)?(?:step|checkpoint|ckpt|iter|iteration)[ _=-]?(\d+)\s*$/i;
  return named.exec(value)?.[1] ?? value;
}

export const isStepLike = (value: unknown): boolean => isNumberLike(stepNumber(value));

export function isVerdictLike(value: unknown): boolean {
  if (!Array.isArray(value)) return verdictOf(value) !== undefined;
  return value.every((item) => item === null || verdictOf(item) !== undefined);
}

export function isRewardLike(value: unknown): boolean {
  return Array.isArray(value)
    ? value.every((item) => item === null || isNumberLike(Array.isArray(item) ? item[0] : item))
    : isNumberLike(value);
}

export const isText = (value: unknown): boolean => typeof value === "string";

export function isTextOrTexts(value: unknown): boolean {
  return isText(value) || (Array.isArray(value) && value.every(isText));
}
