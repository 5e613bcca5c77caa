/** Reads one written number, exactly: decimals, groups of thousands, fractions, mixed numbers, powers of ten, units. */
import { plainNotation } from "./number-notation.ts";
import { type Rational, rational } from "./rational.ts";

/** A number found in a text: its exact value, where it ends, and whether a percent sign followed it. */
export interface ScannedNumber {
  readonly value: Rational;
  readonly end: number;
  readonly percent: boolean;
}

const longestNumber = 2000;
const largestExponent = 4000;

const magnitudes: Readonly<Record<string, bigint>> = {
  hundred: 100n,
  thousand: 1000n,
  million: 1_000_000n,
  billion: 1_000_000_000n,
  trillion: 1_000_000_000_000n,
};

const sign = /([-+]?)\s*(?:[€£¥₹₩]|(?:US|USD|EUR|GBP|CAD|AUD|INR|Rs\.?)(?![A-Za-z]))?\s*([-+]?)/y;
const groupedBySpace = /[1-9]\d{0,2}(?: \d{3})+(?![\d])(?:\.\d*)?/y;
const decimal = /(?:[1-9]\d{0,2}(?:,\d{3})+(?!\d)|[1-9]\d{0,2}(?:_\d{3})+(?!\d)|\d+)(?:\.\d*)?|\.\d+/y;
const repeating = /\\overline\s*\{\s*(\d{1,50})\s*\}/y;
const exponent = /[eE]([-+]?\d{1,9})(?!\w)/y;
const timesPowerOfTen =
  /\s*(?:\\times|\\cdot|×|·|\*|x)\s*10\s*(?:\^|\*\*)\s*(?:\{\s*([-+]?\d{1,9})\s*\}|([-+]?\d{1,9})(?![\d.]))/y;
const powerOfTen = /10\s*(?:\^|\*\*)\s*(?:\{\s*([-+]?\d{1,9})\s*\}|([-+]?\d{1,9})(?![\d.]))/y;
const latexFraction =
  /\\frac\s*(?:\{\s*([-+]?[\d.,_]{1,2000})\s*\}|(\d))\s*(?:\{\s*([-+]?[\d.,_]{1,2000})\s*\}|(\d))/y;
const slash = /\s*[/\u2044\u2215]\s*(?=[\d.])/y;
const mixedInline = /(?:\s+and\s+|\s+)(\d{1,2})\s*[/\u2044\u2215]\s*(\d{1,9})(?![\d/]|\.\d)/y;
const mixedLatex = /\s*(?=\\frac)/y;
const magnitudeWord = /\s+(hundred|thousand|million|billion|trillion)(?![A-Za-z])/iy;
const percentSign = /\s*(?:%|percent(?![A-Za-z])|per cent(?![A-Za-z]))/iy;

/** Words that stand after a number in mathematics without being a unit. */
const notUnits =
  "pi|sqrt|sin|cos|tan|log|ln|exp|infinity|infty|inf|mod|base|and|or|to|plus|minus|times|over|if";
const shortUnits =
  "(?:mm|cm|dm|km|ml|mL|cl|dl|kg|mg|lb|oz|ft|in|yd|mi|hr|ms|kW|am|pm|of|by|at|on)(?![A-Za-z])";
const unitWord = `(?!(?:${notUnits})(?![A-Za-z]))(?:${shortUnits}|[A-Za-zµ'’]{3,30})(?:\\s*\\^\\s*\\{?\\s*-?[1-9]\\s*\\}?)?`;
const words = new RegExp(`^(?:\\s*[-/]?\\s*(?:${unitWord}|[€£¥₹₩])(?:\\.(?=\\s*$))?){0,6}\\s*[.;,]?\\s*$`);
const singleLetterUnit =
  /^\s*[mgshlLJNWVAKCF](?:\s*\^\s*\{?\s*[23]\s*\}?)?(?:\s*\/\s*[msh](?:\s*\^\s*\{?\s*2\s*\}?)?)?\s*[.;,]?\s*$/;

/**
 * The exact value of a text that is one number and nothing else, up to notation, currency, percent and unit.
 *
 * Read as numbers: `-1,234.50`, `1 234`, `.5`, `5.`, `3/4`, `\frac{3}{4}`, `1 1/2`, `1\frac12`, `1e3`,
 * `2.5 \times 10^{-3}`, `0.\overline{3}`, `2 million`, `$18`, `18 dollars per day`, `30^\circ`, `50%`, `(−5)`.
 * Not numbers: `1,23`, `1.2.3`, `0.33…`, `5!`, `3, 4`, `4t`, `7\pi`, `4:30`, `x+5`, `3/0`. A comma before exactly three
 * digits separates thousands; a comma is never a decimal sign. The numerator of an inline mixed number has at
 * most two digits, as `1 100/200` could be 1100/200. A percent sign is reported, not applied.
 * With `anyUnit`, one letter of m, g, s, h, l, L and the like is a unit too; without it `4m` is algebra.
 */
export function numberOfText(
  text: string,
  options: { readonly anyUnit: boolean },
): ScannedNumber | undefined {
  if (text.length > longestNumber) return undefined;
  let plain = withoutParentheses(plainNotation(text).trim());
  const assignment = /^(?:[A-Za-z](?:_\{?\w\}?)?\s*=|\\approx(?![A-Za-z])|≈)\s*/.exec(plain);
  if (assignment) plain = plain.slice(assignment[0].length);
  const found = scanNumber(plain, { start: 0, delimited: true });
  if (!found) return undefined;
  const tail = plain.slice(found.end).replace(/\s+/g, " ");
  if (/^[A-Za-z]{1,3}(?![A-Za-z])/.test(tail) && !attachedUnit.test(tail)) {
    if (!(options.anyUnit && singleLetterUnit.test(tail))) return undefined;
  }
  if (words.test(tail)) return found;
  return options.anyUnit && singleLetterUnit.test(tail) ? found : undefined;
}

/** Units that are written without a space after the number. */
const attachedUnit =
  /^(?:mm|cm|dm|km|ml|mL|cl|dl|kg|mg|lb|lbs|oz|ft|in|yd|mi|hr|hrs|min|sec|ms|kW|mph|kph|am|pm)(?![A-Za-z])/;

/**
 * The number that begins at `start` of a text in plain notation, or undefined if none does or it is malformed
 * (`1,23`, `1.2.3`, `3/4/5`, `3/0`). `delimited` says that the text is an answer and nothing else: then a space
 * may group thousands and stand after the sign.
 */
export function scanNumber(
  text: string,
  options: { readonly start: number; readonly delimited: boolean },
): ScannedNumber | undefined {
  let position = options.start;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (!match) return undefined;
    position += match[0].length;
    return match;
  };
  const signs = options.delimited ? take(sign) : take(/([-+]?)([-+]?)(?=[\d.\\])/y);
  if (signs?.[1] && signs[2]) return undefined;
  const negative = signs?.[1] === "-" || signs?.[2] === "-";

  const fraction = take(latexFraction);
  const power = fraction ? undefined : take(powerOfTen);
  let value = fraction ? fractionOfLatex(fraction) : power && powerOfTenValue(power);
  if (!fraction && !power) {
    const body = (options.delimited && take(groupedBySpace)) || take(decimal);
    if (!body || body[0].length > longestNumber) return undefined;
    if (/^[,.]\d/.test(text.slice(position, position + 2))) return undefined;
    if (/\.\d/.test(body[0]) && /^\s*(?:\.\.|…|\\[lcd]?dots)/.test(text.slice(position, position + 8)))
      return undefined;
    value = decimalValue(body[0]);
    const cycle = body[0].includes(".") ? take(repeating) : undefined;
    if (cycle?.[1]) value = withCycle({ start: body[0], cycle: cycle[1] });
    const scale = take(exponent) ?? take(timesPowerOfTen);
    if (scale) value = multiplied(value, powerOfTenValue(scale));
    if (!value) return undefined;
    const whole = /^[\d,_ ]+$/.test(body[0]) && !scale;
    const mixed = whole ? mixedPart(take) : undefined;
    if (mixed === "malformed") return undefined;
    if (mixed) value = sum(value, mixed);
    else if (take(slash)) {
      if (body[0].includes(" ")) return undefined;
      const denominator = take(decimal);
      if (!denominator || /^\s*[/,.]\d/.test(text.slice(position, position + 3))) return undefined;
      value = quotient(value, decimalValue(denominator[0]));
      if (!value) return undefined;
    }
  }
  const word = take(magnitudeWord)?.[1];
  if (word) value = multiplied(value, { numerator: magnitudes[word.toLowerCase()] ?? 1n, denominator: 1n });
  const percent = take(percentSign) !== undefined;
  const signed = value && negative ? { ...value, numerator: -value.numerator } : value;
  return signed && { value: signed, end: position, percent };
}

function mixedPart(
  take: (pattern: RegExp) => RegExpExecArray | undefined,
): Rational | "malformed" | undefined {
  const inline = take(mixedInline);
  const latex = inline ? undefined : take(mixedLatex) && take(latexFraction);
  if (!inline && !latex) return undefined;
  const fraction = inline
    ? rational({ numerator: BigInt(inline[1] ?? ""), denominator: BigInt(inline[2] ?? "") })
    : fractionOfLatex(latex);
  const proper = fraction && fraction.numerator >= 0n && fraction.numerator < fraction.denominator;
  return proper ? fraction : "malformed";
}

function decimalValue(text: string): Rational | undefined {
  const [whole = "", decimals = ""] = text.replace(/[,_ ]/g, "").split(".");
  return rational({
    numerator: BigInt(whole + decimals || "0"),
    denominator: 10n ** BigInt(decimals.length),
  });
}

/** 0.1\overline{6} = 0.1 + 6 / (9 · 10). */
function withCycle(input: { readonly start: string; readonly cycle: string }): Rational | undefined {
  const decimals = input.start.split(".")[1]?.length ?? 0;
  const denominator = (10n ** BigInt(input.cycle.length) - 1n) * 10n ** BigInt(decimals);
  const start = decimalValue(input.start);
  const tail = rational({ numerator: BigInt(input.cycle), denominator });
  return start && tail && sum(start, tail);
}

function powerOfTenValue(match: RegExpExecArray | undefined): Rational | undefined {
  const power = Number(match?.[1] ?? match?.[2]);
  if (!match || Math.abs(power) > largestExponent) return undefined;
  const scale = 10n ** BigInt(Math.abs(power));
  return power < 0 ? { numerator: 1n, denominator: scale } : { numerator: scale, denominator: 1n };
}

function fractionOfLatex(match: RegExpExecArray | undefined): Rational | undefined {
  if (!match) return undefined;
  return quotient(wholeText(match[1] ?? match[2]), wholeText(match[3] ?? match[4]));
}

function wholeText(text = ""): Rational | undefined {
  const found = scanNumber(text, { start: 0, delimited: true });
  return found?.end === text.length ? found.value : undefined;
}

function sum(left: Rational, right: Rational): Rational | undefined {
  return rational({
    numerator: left.numerator * right.denominator + right.numerator * left.denominator,
    denominator: left.denominator * right.denominator,
  });
}

function multiplied(left: Rational | undefined, right: Rational | undefined): Rational | undefined {
  if (!left || !right) return undefined;
  return rational({
    numerator: left.numerator * right.numerator,
    denominator: left.denominator * right.denominator,
  });
}

function quotient(left: Rational | undefined, right: Rational | undefined): Rational | undefined {
  if (!left || !right) return undefined;
  return rational({
    numerator: left.numerator * right.denominator,
    denominator: left.denominator * right.numerator,
  });
}

function withoutParentheses(text: string): string {
  // A comma in parentheses makes a point or an interval: (1,234) is no number.
  return /^(?:\(([^(),]*)\)|\{([^{},]*)\})[.\s]*$/.exec(text)?.slice(1).join("").trim() ?? text;
}
