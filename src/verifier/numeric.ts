/** Is the final number right? Exact rational comparison of the response's final answer with the target's. */
import { InputError } from "../record/index.ts";
import { type FinalStatement, finalStatement, firstSentence, searchedCharacters } from "./final-answer.ts";
import { plainNotation } from "./number-notation.ts";
import { numberOfText, type ScannedNumber, scanNumber } from "./number-text.ts";
import { equalRationals, type Rational, rationalText, withinRelativeTolerance } from "./rational.ts";
import type { Verifier, VerifierInput, VerifierResult } from "./verifier.ts";

/** The final number of a response, or why there is none. */
export type FinalNumber =
  | { readonly number: ScannedNumber }
  | { readonly number: undefined; readonly reason: string; readonly statement?: string };

/**
 * A verifier of final numbers. Equal means equal as rational numbers (0.5 = 1/2, 1,000 = 1e3); a percent sign
 * is dropped on both sides as in GSM8K, so 50% equals 50 and not 0.5. A response without a number is
 * incorrect; a missing target or one that is not a number leaves the response unscored.
 *
 * @param options.tolerance relative tolerance |answer − target| ≤ tolerance · |target| as a written number
 * such as `1e-6`; exact where absent.
 * @throws InputError if the tolerance is not a number of at least 0.
 * @example
 * numericVerifier().verify({ response: "So she makes\nA: $1,000.00", target: "#### 1000" });
 * // { verdict: "correct", answer: "1000" }
 */
export function numericVerifier(options: { readonly tolerance?: string } = {}): Verifier {
  const tolerance = parsedTolerance(options.tolerance);
  const name = options.tolerance === undefined ? "numeric" : `numeric:${options.tolerance}`;
  return { name, verify: (input) => numericVerdict({ input, tolerance }) };
}

function numericVerdict(given: {
  readonly input: VerifierInput;
  readonly tolerance: Rational | undefined;
}): VerifierResult {
  const { input, tolerance } = given;
  const found = finalNumber(input.response);
  const answer = found.number ? rationalText(found.number.value) : found.statement;
  const stated = answer === undefined ? {} : { answer };
  if (input.target === undefined) return { verdict: "unscored", reason: "no target", ...stated };
  const target = targetNumber(input.target);
  if (!target) return { verdict: "unscored", reason: "the target is not a number", ...stated };
  if (!found.number) return { verdict: "incorrect", reason: found.reason, ...stated };
  const value = found.number.value;
  const agree = tolerance
    ? withinRelativeTolerance({ value, target: target.value, tolerance })
    : equalRationals(value, target.value);
  if (agree) return { verdict: "correct", ...stated };
  const percent = found.number.percent !== target.percent;
  const reason = percent ? "another number (a percent sign is not applied)" : "another number";
  return { verdict: "incorrect", reason, ...stated };
}

/**
 * The number in which a response ends: that of its final statement (`finalStatement`), else its last number.
 * A final statement that is not one plain number (`10+x`, `3 or 4`, `1,23`) is an answer, and not a number.
 */
function finalNumber(response: string): FinalNumber {
  const statement = finalStatement(response);
  if (!statement) return lastNumber(response);
  const number = numberOfText(statement.text, { anyUnit: true }) ?? numberOfStatement(statement);
  if (number) return { number };
  // A Markdown heading of level four is no statement of an answer.
  if (statement.marker === "hashes") return lastNumber(response);
  const text = statement.text.slice(0, 200);
  if (text === "") return { number: undefined, reason: "no number found" };
  return { number: undefined, reason: "the final answer is not one number", statement: text };
}

/** The number of a target: its final statement's if it has one, else the whole text must be one number. */
function targetNumber(target: string): ScannedNumber | undefined {
  const statement = finalStatement(target);
  return numberOfText(statement?.text ?? target, { anyUnit: false });
}

/** What follows a number and makes it part of an expression, a list, a choice or a compound such as 3 hours 20 minutes. */
const continues = new RegExp(
  [
    String.raw`[A-Za-z_\\^({[:]`,
    String.raw`\s*[*/×÷^<>\\±+]`,
    String.raw`\s*-\s*[\d(\\]`,
    String.raw`\s+[b-hj-z](?![A-Za-z'’])`,
    String.raw`\s*(?:[,;]|,?\s(?:or|and|to))\s+[-+]?[\d.\\]`,
    String.raw`;\d`,
    String.raw`\s*['′]\s*\d`,
    String.raw`\s+\d`,
    String.raw`\s*[A-Za-z]+(?:\s[A-Za-z]+)?(?:,|,?\s(?:and|or))\s+\d`,
    String.raw`\s*(?:hours?|hrs?|minutes?|mins?|days?|weeks?|months?|years?|feet|foot|ft|pounds?|lbs?)\s+\d`,
  ]
    .map((part) => `^(?:${part})`)
    .join("|"),
);

/** Several variables get values: `x = 5, y = 3`. */
const severalVariables = /=[^=]*(?:[,;]|\band)\s*[A-Za-z](?:_\{?\w+\}?)?\s*=[^=]*$/;

/** One number in a sentence, such as `she makes $18 every day.` or `3 · 6 = 18 eggs`. */
function numberOfStatement(statement: FinalStatement): ScannedNumber | undefined {
  if (statement.marker !== "answer") {
    const value = /^[^=]{0,200}=([^=]*)$/.exec(statement.text)?.[1];
    return value === undefined ? undefined : numberOfText(value, { anyUnit: true });
  }
  const line = plainNotation(statement.text);
  const sentence = firstSentence(line);
  const text = /\d/.test(sentence) ? sentence : line;
  if (severalVariables.test(text)) return undefined;
  const clause = text.slice(Math.max(text.lastIndexOf("="), text.lastIndexOf("≈")) + 1);
  const start = clause.search(/(?:(?<![\w)])-)?(?:\\frac|\.?\d)/);
  if (start < 0 || /(?:[A-Za-z_\\^(]|[-+*/×÷^]\s*)$/.test(clause.slice(0, start).replace(/\($/, " "))) {
    return undefined;
  }
  const found = scanNumber(clause, { start, delimited: false });
  if (!found) return undefined;
  const tail = clause.slice(found.end);
  const unit =
    /^(?:mm|cm|km|ml|mL|kg|mg|lbs?|oz|ft|in|hrs?|mph|am|pm|g|m|s|h|L)(?![A-Za-z])/.exec(tail)?.[0] ?? "";
  return continues.test(tail.slice(unit.length)) && tail !== unit ? undefined : found;
}

function lastNumber(response: string): FinalNumber {
  const text = plainNotation(response.slice(-searchedCharacters).replace(/<<[^<>]{0,500}>>/g, ""));
  const candidate = /\\frac|\.?\d/g;
  let last: ScannedNumber | undefined;
  for (let match = candidate.exec(text); match; match = candidate.exec(text)) {
    const signed = text[match.index - 1] === "-" && !/[\w)\]}]/.test(text[match.index - 2] ?? " ");
    const found = scanNumber(text, { start: signed ? match.index - 1 : match.index, delimited: false });
    const attached = /[A-Za-z_^]/.test(text[match.index - 1] ?? " ");
    if (!found) {
      candidate.lastIndex = endOfToken(text, match.index);
      continue;
    }
    candidate.lastIndex = found.end;
    if (!attached && !/^(?:st|nd|rd|th)(?![A-Za-z])/.test(text.slice(found.end, found.end + 3))) last = found;
  }
  return last ? { number: last } : { number: undefined, reason: "no number found" };
}

/** The end of a malformed number such as `1.2.3` or `1,23`, so that its pieces are not read as numbers. */
function endOfToken(text: string, start: number): number {
  const token = /\\?[\w.,/]+/y;
  token.lastIndex = start;
  return start + Math.max(1, token.exec(text)?.[0].length ?? 1);
}

function parsedTolerance(text: string | undefined): Rational | undefined {
  if (text === undefined) return undefined;
  const value = numberOfText(text, { anyUnit: false })?.value;
  if (!value || value.numerator < 0n) {
    throw new InputError(`The tolerance "${text}" of the numeric verifier is not a number of at least 0.`);
  }
  return value;
}
