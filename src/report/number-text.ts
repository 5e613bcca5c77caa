/** Numbers for people: rates, counts, intervals. JSON carries full precision instead. */

/**
 * A rate in [0, 1], or a difference of two, as a decimal with as many digits as small rates need, such as `0.222`, `0.00042`, `0`.
 *
 * @example
 * [0.2222, 0.00042, 0, -0.068].map(rateText); // ["0.222", "0.00042", "0", "−0.068"]
 */
export function rateText(rate: number): string {
  if (rate === 0) return "0";
  if (rate < 0) return `−${rateText(-rate)}`;
  // Nearer to 1 than any estimate here is accurate.
  if (rate > 1 - 1e-12) return "1";
  if (rate > 0.9995 && rate < 1) return `1 − ${magnitudeText(1 - rate)}`;
  if (rate < 0.0995) return magnitudeText(rate);
  return steady(rate).toFixed(3);
}

/** Six digits, as the page holds: float noise decides no last digit, and every place shows the same one. */
const steady = (value: number): number => Number(value.toPrecision(6));

function magnitudeText(value: number): string {
  if (value < 1e-6) return steady(value).toExponential(1);
  return steady(value).toPrecision(2);
}

/**
 * A number of any size and sign, such as a reward, in four digits.
 *
 * @example
 * realText(-249.375); // "−249.4"
 */
export function realText(value: number): string {
  const text = String(Number(steady(value).toPrecision(4)));
  return text.replace(/^-/, "−");
}

/**
 * An integer with thousands separators, or the sign of infinity.
 *
 * @example
 * countText(16400); // "16,400"
 */
export function countText(count: number): string {
  if (count === Number.POSITIVE_INFINITY) return "∞";
  if (count === Number.NEGATIVE_INFINITY) return "−∞";
  // toLocaleString takes microseconds, which charts and tables have many of.
  return String(Math.round(count)).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/**
 * `0.222 [0.180, 0.268]`
 *
 * @example
 * intervalText({ estimate: 0.2222, lower: 0.18, upper: 0.268 }); // "0.222 [0.180, 0.268]"
 */
export function intervalText(value: { estimate: number; lower: number; upper: number }): string {
  return `${rateText(value.estimate)} ${rangeText(value)}`;
}

/** Both ends of an interval of rates, such as `[0.180, 0.268]`. */
export function rangeText({ lower, upper }: { lower: number; upper: number }): string {
  return `[${rateText(lower)}, ${rateText(upper)}]`;
}

/**
 * True if an interval of a rate says nothing worth a reader's time.
 *
 * @example
 * isVacuous({ lower: 0.01, upper: 0.97 }); // true
 */
export function isVacuous({ lower, upper }: { lower: number; upper: number }): boolean {
  return upper - lower > 0.9;
}

/**
 * A few names for a sentence: `a, b, c and 4 others`; names with commas in them are parted by semicolons.
 *
 * @example
 * listText(["a", "b", "c", "d", "e"]); // "a, b, c and 2 others"
 */
export function listText(names: readonly string[], shown = 3): string {
  const between = names.some((name) => name.includes(", ")) ? "; " : ", ";
  if (names.length <= shown + 1) {
    const last = names.at(-1) ?? "";
    return names.length < 2 ? last : `${names.slice(0, -1).join(between)} and ${last}`;
  }
  return `${names.slice(0, shown).join(between)} and ${names.length - shown} others`;
}

/**
 * `1 draw`, `1,000 draws`: a count with its noun.
 *
 * @example
 * plural(1000, "draw"); // "1,000 draws"
 */
export function plural(count: number, word: string, words = `${word}s`): string {
  return `${countText(count)} ${count === 1 ? word : words}`;
}
