/** Do checkpoints rank by one measure as they rank by another? */

export type RankCorrelationKind = "spearman" | "kendall";

/**
 * Rank correlation of two lists: Spearman's ρ with mean ranks for ties (the default), or Kendall's τ-b. undefined with
 * fewer than two entries or where one list is constant. ±∞ are legal and rank at the ends.
 *
 * @throws RangeError for unequal lengths or NaN.
 * @example
 * rankCorrelation({ left: [1, 2, 3, 4], right: [10, 30, 20, 40] }); // 0.8
 */
export function rankCorrelation(
  lists: { readonly left: ArrayLike<number>; readonly right: ArrayLike<number> },
  options: { readonly kind?: RankCorrelationKind } = {},
): number | undefined {
  const { left, right } = lists;
  if (left.length !== right.length) {
    throw new RangeError(`right has length ${right.length}: must have the length of left, ${left.length}`);
  }
  for (const [name, list] of Object.entries({ left, right })) {
    for (let index = 0; index < list.length; index++) {
      if (Number.isNaN(list[index])) throw new RangeError(`${name}[${index}] is NaN: must be a number`);
    }
  }
  if (options.kind === "kendall") return kendall(left, right);
  return productMoment(meanRanks(left), meanRanks(right));
}

/** Ranks from 1, equal values sharing the mean of theirs. */
function meanRanks(values: ArrayLike<number>): Float64Array {
  const order = Array.from(values, (_, index) => index).sort((a, b) =>
    values[a]! < values[b]! ? -1 : +(values[a]! > values[b]!),
  );
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let place = start; place < end; place++) ranks[order[place]!] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

function productMoment(left: Float64Array, right: Float64Array): number | undefined {
  const mean = (left.length + 1) / 2;
  let both = 0;
  let leftSquares = 0;
  let rightSquares = 0;
  for (let index = 0; index < left.length; index++) {
    const a = left[index]! - mean;
    const b = right[index]! - mean;
    both += a * b;
    leftSquares += a * a;
    rightSquares += b * b;
  }
  if (leftSquares === 0 || rightSquares === 0) return undefined;
  return Math.max(-1, Math.min(1, both / Math.sqrt(leftSquares * rightSquares)));
}

/** (concordant − discordant)/√((pairs − ties in left)(pairs − ties in right)). */
function kendall(left: ArrayLike<number>, right: ArrayLike<number>): number | undefined {
  const order = (list: ArrayLike<number>, i: number, j: number): number =>
    +(list[i]! > list[j]!) - +(list[i]! < list[j]!);
  let agreement = 0;
  let leftPairs = 0;
  let rightPairs = 0;
  for (let i = 0; i < left.length; i++) {
    for (let j = 0; j < i; j++) {
      const a = order(left, i, j);
      const b = order(right, i, j);
      agreement += a * b;
      leftPairs += a * a;
      rightPairs += b * b;
    }
  }
  if (leftPairs === 0 || rightPairs === 0) return undefined;
  return agreement / Math.sqrt(leftPairs * rightPairs);
}
