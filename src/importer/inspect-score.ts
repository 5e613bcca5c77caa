/** Verdicts from Inspect's score values: numbers, the letters C, I, P, N, and lists or objects of them. */
import type { Outcome } from "../record/index.ts";
import { shown } from "./draws.ts";
import { asRecord } from "./json-text.ts";

export type InspectVerdict = Pick<Outcome, "verdict" | "reason" | "score">;

/** The verdicts in a scorer's value, each with its verifier's name: a list or an object gives one an entry. */
export function inspectVerdicts(
  scorer: string,
  value: unknown,
): [verifier: string, verdict: InspectVerdict][] {
  if (Array.isArray(value)) {
    return value.map((item, index) => [`${scorer}[${index}]`, inspectVerdict(item)]);
  }
  const record = asRecord(value);
  if (record !== undefined) {
    return Object.entries(record).map(([name, item]) => [`${scorer}.${name}`, inspectVerdict(item)]);
  }
  return [[scorer, inspectVerdict(value)]];
}

/** C and 1 are correct; I, N and anything from 0 to below 1 (P is one half) are not; the rest is unscored. */
function inspectVerdict(value: unknown): InspectVerdict {
  if (value === "C" || value === true) return { verdict: "correct" };
  if (value === "I" || value === "N" || value === false) return { verdict: "incorrect" };
  if (value === "P") return { verdict: "incorrect", score: 0.5 };
  const number = typeof value === "string" && /^[+-]?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof number !== "number") return { verdict: "unscored", reason: `the score is ${shown(value)}` };
  if (number === 1) return { verdict: "correct" };
  if (number === 0) return { verdict: "incorrect" };
  if (Number.isNaN(number)) return { verdict: "unscored", reason: "the score is NaN" };
  if (number > 0 && number < 1) return { verdict: "incorrect", score: number };
  const reason = "the score is not within [0, 1]";
  return Number.isFinite(number)
    ? { verdict: "unscored", reason, score: number }
    : { verdict: "unscored", reason };
}
