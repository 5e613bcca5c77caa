/** Exact rational numbers of written decimals and fractions. */

/** numerator / denominator in lowest terms, denominator > 0. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * The fraction numerator / denominator in lowest terms, or undefined where the denominator is 0.
 *
 * @example
 * rational({ numerator: 6n, denominator: -8n }); // { numerator: -3n, denominator: 4n }
 */
export function rational(fraction: Rational): Rational | undefined {
  const { numerator, denominator } = fraction;
  if (denominator === 0n) return undefined;
  const divisor = greatestCommonDivisor(magnitude(numerator), magnitude(denominator));
  const sign = denominator < 0n ? -1n : 1n;
  return { numerator: (sign * numerator) / divisor, denominator: (sign * denominator) / divisor };
}

/** True if two rational numbers are equal. */
export function equalRationals(left: Rational, right: Rational): boolean {
  return left.numerator * right.denominator === right.numerator * left.denominator;
}

/**
 * True if |value − target| ≤ tolerance · |target|, decided exactly; a target of 0 admits only 0.
 */
export function withinRelativeTolerance(input: {
  readonly value: Rational;
  readonly target: Rational;
  readonly tolerance: Rational;
}): boolean {
  const { value, target, tolerance } = input;
  const difference = magnitude(value.numerator * target.denominator - target.numerator * value.denominator);
  // Both sides multiplied by value.denominator · target.denominator · tolerance.denominator > 0.
  return (
    difference * tolerance.denominator <=
    magnitude(tolerance.numerator * target.numerator) * value.denominator
  );
}

/** Canonical text: an integer such as `-12`, or a fraction in lowest terms such as `3/4`. */
export function rationalText(value: Rational): string {
  return value.denominator === 1n ? `${value.numerator}` : `${value.numerator}/${value.denominator}`;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  let [a, b] = [left, right];
  while (b !== 0n) [a, b] = [b, a % b];
  return a === 0n ? 1n : a;
}
