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

/** Curvature added to the diagonal, relative to its mean, before anything else is tried; it grows tenfold on failure. */
const smallestRidge = 1e-12;
const ridgeAttempts = 12;

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

/** ½ z'Hz − b'z + ½δ‖z − start‖² over the free indices, up to a constant. */
function objective(input: {
  readonly matrix: SymmetricMatrix;
  readonly linear: Float64Array;
  readonly start: Float64Array;
  readonly ridge: number;
  readonly free: Int32Array;
  readonly count: number;
  readonly z: Float64Array;
}): number {
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
 * Sets z to the restricted solution with all its negative parts cut off at once, if that lowers the objective; without
 * it a start of hundreds of points would leave one at a time.
 */
function droppedTogether(input: {
  readonly matrix: SymmetricMatrix;
  readonly linear: Float64Array;
  readonly start: Float64Array;
  readonly ridge: number;
  readonly free: Int32Array;
  readonly count: number;
  readonly solution: Float64Array;
  readonly z: Float64Array;
}): boolean {
  const { free, count, solution, z } = input;
  const cut = new Float64Array(z.length);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.max(0, solution[i]!);
  for (let i = 0; i < count; i++) cut[free[i]!] = Math.max(0, solution[i]!) / sum;
  if (!(objective({ ...input, z: cut }) < objective(input))) return false;
  z.set(cut);
  return true;
}

/**
 * The minimiser, started from the feasible point `start`. A ridge δ acts as the proximal term ½δ‖z − start‖², so a
 * start that is optimal stays so.
 */
export function simplexMinimum(input: {
  readonly matrix: SymmetricMatrix;
  readonly linear: Float64Array;
  readonly start: Float64Array;
}): Float64Array {
  const { matrix, linear, start } = input;
  const { size } = matrix;
  const z = Float64Array.from(start);
  const free = new Int32Array(size);
  let count = 0;
  for (let i = 0; i < size; i++) if (z[i]! > 0) free[count++] = i;
  let trace = 0;
  for (let i = 0; i < size; i++) trace += entry(matrix, i, i);
  let ridge = (smallestRidge * trace) / size;
  const factor = new Float64Array(size * size);
  const rejected = new Uint8Array(size);
  let entered = -1;

  for (let iteration = 0; iteration < 4 * size + 20; iteration++) {
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
      entered = -1;
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
      if (index === entered) rejected[index] = 1;
      free.copyWithin(blocking, blocking + 1, count--);
      if (count === 0) return Float64Array.from(start);
      continue;
    }
    entered = -1;
    let steepest = 1e-13 * (1 + Math.abs(multiplier));
    for (let i = 0, next = 0; i < size; i++) {
      if (next < count && free[next] === i) {
        next++;
        continue;
      }
      if (rejected[i] === 1) continue;
      let slope = linear[i]! - multiplier + ridge * start[i]!;
      for (let j = 0; j < count; j++) slope -= entry(matrix, i, free[j]!) * z[free[j]!]!;
      if (slope > steepest) {
        steepest = slope;
        entered = i;
      }
    }
    if (entered < 0) return z;
    let place = count;
    while (place > 0 && free[place - 1]! > entered) place--;
    free.copyWithin(place + 1, place, count++);
    free[place] = entered;
  }
  return z;
}
