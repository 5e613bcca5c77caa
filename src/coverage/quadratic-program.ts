/**
 * min ½ z'Hz − b'z over the simplex {z ≥ 0, Σz = 1}, by a primal active set.
 *
 * H is positive semidefinite and often nearly banded (far rates share no data), so the Cholesky factor keeps only the
 * envelope: of each row, the part from its first nonzero on.
 */

/** A symmetric matrix: `values[i·size + j]` for j ≤ i; row i is zero before `envelope[i]`. */
export interface SymmetricMatrix {
  readonly size: number;
  readonly values: Float64Array;
  readonly envelope: Int32Array;
}

const ridgeAttempts = 12;
const smallestCutStep = 0.01;
/** A minimiser not found by then is left as it is: z has descended, which is all that a Newton direction needs. */
const largestIterations = 60;

/** Solves (H + ridge) x = each right side in place, H restricted to the ascending indices `free`. */
function solveRestricted(input: {
  readonly matrix: SymmetricMatrix;
  readonly free: Int32Array;
  readonly count: number;
  readonly factor: Float64Array;
  readonly ridge: number;
  readonly rightSides: readonly Float64Array[];
}): boolean {
  const { matrix, free, count, factor, ridge, rightSides } = input;
  const { size, values, envelope } = matrix;
  const begin = new Int32Array(count);
  for (let i = 0, from = 0; i < count; i++) {
    const row = free[i]! * size;
    const reach = envelope[free[i]!]!;
    if (i > 0 && reach < envelope[free[i - 1]!]!) from = 0;
    while (from < i && free[from]! < reach) from++;
    begin[i] = from;
    for (let j = from; j <= i; j++) {
      let sum = values[row + free[j]!]! + (i === j ? ridge : 0);
      for (let k = Math.max(from, begin[j]!); k < j; k++)
        sum -= factor[i * count + k]! * factor[j * count + k]!;
      if (i !== j) factor[i * count + j] = sum / factor[j * count + j]!;
      else if (sum > 0.5 * ridge) factor[i * count + i] = Math.sqrt(sum);
      else return false;
    }
  }
  for (const side of rightSides) {
    for (let i = 0; i < count; i++) {
      let sum = side[i]!;
      for (let k = begin[i]!; k < i; k++) sum -= factor[i * count + k]! * side[k]!;
      side[i] = sum / factor[i * count + i]!;
    }
    for (let i = count - 1; i >= 0; i--) {
      const value = side[i]! / factor[i * count + i]!;
      side[i] = value;
      for (let k = begin[i]!; k < i; k++) side[k]! -= factor[i * count + k]! * value;
    }
  }
  return true;
}

function entry(matrix: SymmetricMatrix, i: number, j: number): number {
  return i >= j ? matrix.values[i * matrix.size + j]! : matrix.values[j * matrix.size + i]!;
}

/** The problem as it stands: z, whose entries at the first `count` indices of `free` may move. */
interface OnFreeIndices {
  readonly matrix: SymmetricMatrix;
  readonly linear: Float64Array;
  readonly start: Float64Array;
  readonly ridge: number;
  readonly free: Int32Array;
  readonly count: number;
  readonly z: Float64Array;
}

/** ½ z'Hz − b'z + ½δ‖z − start‖² over the free indices, up to a constant. */
function objective(input: OnFreeIndices): number {
  const { matrix, linear, start, ridge, free, count, z } = input;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const index = free[i]!;
    const weight = z[index]!;
    if (weight === 0) continue;
    const row = index * matrix.size;
    const reach = matrix.envelope[index]!;
    let product =
      0.5 * (matrix.values[row + index]! + ridge) * weight - linear[index]! - ridge * start[index]!;
    for (let j = i - 1; j >= 0 && free[j]! >= reach; j--)
      product += matrix.values[row + free[j]!]! * z[free[j]!]!;
    sum += weight * product;
  }
  return sum;
}

/**
 * Moves z towards the restricted solution past the boundary, cutting off all negative parts at once, if that lowers the
 * objective; without it a start of hundreds of points would leave one at a time.
 */
function droppedTogether(input: OnFreeIndices & { readonly solution: Float64Array }): boolean {
  const { free, count, solution, z } = input;
  const cut = new Float64Array(z.length);
  const before = objective(input);
  for (let step = 1; step > smallestCutStep; step /= 2) {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const current = z[free[i]!]!;
      const moved = Math.max(0, current + step * (solution[i]! - current));
      cut[free[i]!] = moved;
      sum += moved;
    }
    for (let i = 0; i < count; i++) cut[free[i]!]! /= sum;
    if (!(objective({ ...input, z: cut }) < before)) continue;
    z.set(cut);
    return true;
  }
  return false;
}

/** Rate at which the objective falls as each index outside the free set grows; 0 for free indices. */
function slopesOutside(input: OnFreeIndices & { readonly multiplier: number }): Float64Array {
  const { matrix, linear, start, ridge, free, count, z, multiplier } = input;
  const slopes = linear.map((value, i) => value - multiplier + ridge * start[i]!);
  for (let i = 0; i < matrix.size; i++) {
    for (let j = 0; j < count; j++) slopes[i]! -= entry(matrix, i, free[j]!) * z[free[j]!]!;
  }
  for (let j = 0; j < count; j++) slopes[free[j]!] = 0;
  return slopes;
}

/**
 * The minimiser (or a better point, where the active set does not settle in time), started from the feasible `start`. A ridge δ acts as the proximal term ½δ‖z − start‖², so a
 * start that is optimal stays so.
 */
export function simplexMinimum(input: {
  readonly matrix: SymmetricMatrix;
  readonly linear: Float64Array;
  readonly start: Float64Array;
  /** Curvature added to the diagonal, relative to its mean; it grows tenfold where the factorisation fails. */
  readonly ridge: number;
}): Float64Array {
  const { matrix, linear, start } = input;
  const { size } = matrix;
  const z = Float64Array.from(start);
  const free = new Int32Array(size);
  let count = 0;
  for (let i = 0; i < size; i++) if (z[i]! > 0) free[count++] = i;
  let trace = 0;
  for (let i = 0; i < size; i++) trace += entry(matrix, i, i);
  let ridge = (input.ridge * trace) / size;
  const factor = new Float64Array(size * size);
  const rejected = new Uint8Array(size);
  const entered = new Uint8Array(size);

  for (let iteration = 0; iteration < largestIterations; iteration++) {
    const solution = new Float64Array(count);
    const ones = new Float64Array(count);
    const fill = (): readonly Float64Array[] => {
      for (let i = 0; i < count; i++) solution[i] = linear[free[i]!]! + ridge * start[free[i]!]!;
      ones.fill(1);
      return [solution, ones];
    };
    let attempt = 0;
    while (!solveRestricted({ matrix, free, count, factor, ridge, rightSides: fill() })) {
      if (++attempt > ridgeAttempts) return z;
      ridge *= 10;
    }
    let sumOfSolution = 0;
    let sumOfOnes = 0;
    for (let i = 0; i < count; i++) {
      sumOfSolution += solution[i]!;
      sumOfOnes += ones[i]!;
    }
    const multiplier = (sumOfSolution - 1) / sumOfOnes;
    let step = 1;
    let blocking = -1;
    for (let i = 0; i < count; i++) {
      const target = solution[i]! - multiplier * ones[i]!;
      solution[i] = target;
      if (target >= 0) continue;
      const current = z[free[i]!]!;
      const limit = current / (current - target);
      if (limit < step) {
        step = limit;
        blocking = i;
      }
    }
    if (blocking >= 0 && droppedTogether({ matrix, linear, start, ridge, free, count, solution, z })) {
      entered.fill(0);
      let kept = 0;
      for (let i = 0; i < count; i++) if (z[free[i]!]! > 0) free[kept++] = free[i]!;
      count = kept;
      continue;
    }
    for (let i = 0; i < count; i++) {
      const index = free[i]!;
      z[index] = Math.max(0, z[index]! + step * (solution[i]! - z[index]!));
    }
    if (blocking >= 0) {
      const index = free[blocking]!;
      z[index] = 0;
      if (step === 0 && entered[index] === 1) rejected[index] = 1;
      free.copyWithin(blocking, blocking + 1, count--);
      if (count === 0) return Float64Array.from(start);
      continue;
    }
    entered.fill(0);
    const slopes = slopesOutside({ matrix, linear, start, ridge, free, count, z, multiplier });
    const tolerance = 1e-13 * (1 + Math.abs(multiplier));
    let added = 0;
    for (let i = 0; i < size; i++) {
      if (rejected[i] === 1 || !(slopes[i]! > tolerance)) continue;
      if (slopes[i]! < (slopes[i - 1] ?? 0) || slopes[i]! < (slopes[i + 1] ?? 0)) continue;
      entered[i] = 1;
      added++;
    }
    if (added === 0) return z;
    for (let i = 0; i < count; i++) entered[free[i]!] = 2;
    count = 0;
    for (let i = 0; i < size; i++) {
      if (entered[i] !== 0) free[count++] = i;
      if (entered[i] === 2) entered[i] = 0;
    }
  }
  return z;
}
