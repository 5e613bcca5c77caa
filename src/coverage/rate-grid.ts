/** The success rates on which a mixing distribution may put mass. */

const pointsPerDecade = 6;
const largestRelativeStep = 0.08;

/**
 * Rates from 0 to 1, ascending, fine enough that neither the likelihood nor pass@k can tell them from a continuum:
 * {0}; six points a decade from 0.01/largestK up to 0.1/n; from there to 1 steps of min(0.08·p, ½·√(p(1−p)/n)), half a
 * standard error; {1}. A coarser grid breaks the coverage of the intervals and the solver.
 *
 * `include` adds rates of one's own, so that a threshold is a point of the grid.
 *
 * @throws RangeError unless largestDraws and largestK are finite and at least 1 and every included rate is in [0, 1].
 */
export function rateGrid(input: {
  readonly largestDraws: number;
  readonly largestK: number;
  readonly include?: readonly number[];
}): Float64Array {
  const { largestDraws, largestK, include = [] } = input;
  for (const [name, value] of Object.entries({ largestDraws, largestK })) {
    if (value >= 1 && value < Number.POSITIVE_INFINITY) continue;
    throw new RangeError(`${name} is ${value}: must be finite and at least 1`);
  }
  for (const rate of include) {
    if (!(rate >= 0 && rate <= 1)) throw new RangeError(`a rate is ${rate}: must be between 0 and 1`);
  }
  const lowest = 0.01 / Math.max(largestK, largestDraws);
  const turning = 0.1 / largestDraws;
  const rates = [0];
  const points = Math.ceil(pointsPerDecade * Math.log10(turning / lowest));
  for (let index = 0; index < points; index++) rates.push(lowest * (turning / lowest) ** (index / points));
  for (let rate = turning; 1 - rate > 0.1 / largestDraws; ) {
    rates.push(rate);
    rate += Math.min(largestRelativeStep * rate, 0.5 * Math.sqrt((rate * (1 - rate)) / largestDraws));
  }
  rates.push(1);
  if (include.length === 0) return Float64Array.from(rates);
  return Float64Array.from(new Set([...rates, ...include])).sort();
}
