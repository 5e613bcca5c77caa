/** Checks of what the bounds take; N is real. */

export function checkAbove(name: string, value: number, limit: number): void {
  if (value > limit && value < Number.POSITIVE_INFINITY) return;
  throw new RangeError(`${name} is ${value}: must be finite and above ${limit}`);
}

export function checkAtLeast(name: string, value: number, limit: number): void {
  if (value >= limit) return;
  throw new RangeError(`${name} is ${value}: must be at least ${limit}`);
}

export function checkProbability(name: string, value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new RangeError(`${name} is ${value}: must be between 0 and 1`);
}
