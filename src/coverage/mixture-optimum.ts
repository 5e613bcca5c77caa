/**
 * The constrained Newton method for mixture weights (Wang, JRSSB 69:185, 2007): maximises
 * F(x) = Σ_j w_j log (Lx)_j + λ·h·x over the simplex, with a certificate.
 *
 * With g the gradient, F⋆ − F(x) ≤ max g − x·g, because F is concave: the gap is what a caller checks.
 */
import type { LikelihoodRows } from "./likelihood-rows.ts";
import { type SymmetricMatrix, simplexMinimum } from "./quadratic-program.ts";

export interface MixtureOptimum {
  readonly weights: Float64Array;
  /** Σ_j w_j log (Lx)_j with rows scaled to maximum 1: mean log-likelihood up to a constant of the data. */
  readonly meanLogLikelihood: number;
  /** Upper bound of F⋆ − F. */
  readonly gap: number;
  readonly iterations: number;
}

/** λ·h, the linear functional that pulls the optimum to one side. */
export interface Tilt {
  readonly multiplier: number;
  readonly functional: Float64Array;
}

const emSteps = 4;
/** Neighbours gathered into one starting point: 4, more on a large grid, always within a row's band. */
const smallestCell = 4;
const largestCell = 6;
const startingPoints = 300;
const largestIterations = 200;
const sufficientAscent = 1e-4;
const smallestStep = 1e-9;
/** Proximal terms of the quadratic model, relative to its mean curvature: the second for when the model is degenerate. */
const ridges = [1e-12, 1e-6];
const smallestWeight = 1e-14;
/** Below this the objective cannot show an ascent, but the gap still can: Newton steps are then taken unseen. */
const roundingAscent = 1e-13;
const unseenSteps = 5;

interface Support {
  readonly points: Int32Array;
  /** Number of support points before each grid point. */
  readonly before: Int32Array;
}

function supportOf(included: (point: number) => boolean, size: number): Support {
  const before = new Int32Array(size + 1);
  const points: number[] = [];
  for (let point = 0; point < size; point++) {
    before[point] = points.length;
    if (included(point)) points.push(point);
  }
  before[size] = points.length;
  return { points: Int32Array.from(points), before };
}

/** (Lx)_j into `mixture`; returns Σ w_j log (Lx)_j, −∞ where a row has no mass. */
function mixtureLikelihood(rows: LikelihoodRows, weights: Float64Array, mixture: Float64Array): number {
  const { points, before } = supportOf((point) => weights[point]! > 0, weights.length);
  let sum = 0;
  for (let row = 0; row < rows.rows; row++) {
    const shift = rows.start[row]! - rows.first[row]!;
    const to = before[rows.end[row]!]!;
    let value = 0;
    for (let index = before[rows.first[row]!]!; index < to; index++) {
      const point = points[index]!;
      value += rows.values[shift + point]! * weights[point]!;
    }
    mixture[row] = value;
    sum += rows.weights[row]! * Math.log(value);
  }
  return sum;
}

/** Σ_j w_j L_jk/(Lx)_j into `gradient`. */
function likelihoodGradient(rows: LikelihoodRows, mixture: Float64Array, gradient: Float64Array): void {
  gradient.fill(0);
  for (let row = 0; row < rows.rows; row++) {
    const factor = rows.weights[row]! / mixture[row]!;
    const shift = rows.start[row]! - rows.first[row]!;
    for (let point = rows.first[row]!; point < rows.end[row]!; point++) {
      gradient[point]! += factor * rows.values[shift + point]!;
    }
  }
}

/** Lᵀ diag(w/f²) L restricted to the support. */
function curvature(rows: LikelihoodRows, mixture: Float64Array, support: Support): SymmetricMatrix {
  const { points, before } = support;
  const size = points.length;
  const values = new Float64Array(size * size);
  const envelope = Int32Array.from(points, (_, index) => index);
  const scaled = new Float64Array(size);
  for (let row = 0; row < rows.rows; row++) {
    const factor = Math.sqrt(rows.weights[row]!) / mixture[row]!;
    const shift = rows.start[row]! - rows.first[row]!;
    const from = before[rows.first[row]!]!;
    const to = before[rows.end[row]!]!;
    for (let i = from; i < to; i++) {
      const value = factor * rows.values[shift + points[i]!]!;
      scaled[i] = value;
      if (envelope[i]! > from) envelope[i] = from;
      for (let j = from; j <= i; j++) values[i * size + j]! += value * scaled[j]!;
    }
  }
  return { size, values, envelope };
}

function normalise(weights: Float64Array): void {
  let sum = 0;
  for (const weight of weights) sum += weight;
  for (let point = 0; point < weights.length; point++) weights[point]! /= sum;
}

/**
 * Four EM steps from uniform weights; then each cell of neighbouring points gives its mass to its largest one, and each
 * row its weight to the most probable of these, which leaves no more points than rows.
 */
function startingWeights(rows: LikelihoodRows): Float64Array {
  const size = rows.rates.length;
  const weights = new Float64Array(size).fill(1 / size);
  const mixture = new Float64Array(rows.rows);
  const gradient = new Float64Array(size);
  for (let step = 0; step < emSteps; step++) {
    mixtureLikelihood(rows, weights, mixture);
    likelihoodGradient(rows, mixture, gradient);
    for (let point = 0; point < size; point++) weights[point]! *= gradient[point]!;
  }
  const cellSize = Math.min(largestCell, Math.max(smallestCell, Math.ceil(size / startingPoints)));
  const gathered = new Float64Array(size);
  for (let cell = 0; cell < size; cell += cellSize) {
    let sum = 0;
    let largest = cell;
    for (let point = cell; point < Math.min(size, cell + cellSize); point++) {
      sum += weights[point]!;
      if (weights[point]! > weights[largest]!) largest = point;
    }
    gathered[largest] = sum;
  }
  const assigned = new Float64Array(size);
  for (let row = 0; row < rows.rows; row++) {
    const shift = rows.start[row]! - rows.first[row]!;
    let likeliest = rows.first[row]!;
    for (let point = likeliest + 1; point < rows.end[row]!; point++) {
      const ahead = gathered[point]! * rows.values[shift + point]!;
      if (ahead > gathered[likeliest]! * rows.values[shift + likeliest]!) likeliest = point;
    }
    assigned[likeliest]! += rows.weights[row]!;
  }
  normalise(assigned);
  return assigned;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}

/** The share t of a point that, mixed into the weights, raises F most: F is concave along the way, its slope bisected. */
function vertexShare(input: {
  readonly rows: LikelihoodRows;
  readonly mixture: Float64Array;
  readonly point: number;
  /** Slope of λ·h·x along the way. */
  readonly tiltSlope: number;
}): number {
  const { rows, mixture, point, tiltSlope } = input;
  const change = mixture.map((value, row) => {
    const inBand = point >= rows.first[row]! && point < rows.end[row]!;
    return (inBand ? rows.values[rows.start[row]! - rows.first[row]! + point]! : 0) - value;
  });
  const slopeAt = (share: number): number => {
    let slope = tiltSlope;
    for (let row = 0; row < rows.rows; row++) {
      slope += (rows.weights[row]! * change[row]!) / (mixture[row]! + share * change[row]!);
    }
    return slope;
  };
  if (slopeAt(1) >= 0) return 1;
  let low = 0;
  let high = 1;
  for (let halving = 0; halving < 50; halving++) {
    const middle = (low + high) / 2;
    if (slopeAt(middle) > 0) low = middle;
    else high = middle;
  }
  return low;
}

/** Weights that maximise F to within `tolerance`; `start` continues from a neighbouring problem's optimum. */
export function mixtureOptimum(input: {
  readonly rows: LikelihoodRows;
  readonly tolerance: number;
  readonly tilt?: Tilt;
  readonly start?: Float64Array;
}): MixtureOptimum {
  const { rows, tolerance, tilt } = input;
  const size = rows.rates.length;
  const multiplier = tilt?.multiplier ?? 0;
  const slopeOf = (point: number): number => (tilt === undefined ? 0 : multiplier * tilt.functional[point]!);
  const mixture = new Float64Array(rows.rows);
  const trialMixture = new Float64Array(rows.rows);
  const likelihoodPart = new Float64Array(size);
  const gradient = new Float64Array(size);
  const objective = (at: Float64Array, into: Float64Array): number =>
    mixtureLikelihood(rows, at, into) + (tilt === undefined ? 0 : multiplier * dot(tilt.functional, at));

  let weights = input.start === undefined ? startingWeights(rows) : Float64Array.from(input.start);
  let value = objective(weights, mixture);
  if (!Number.isFinite(value)) {
    for (let point = 0; point < size; point++) weights[point] = 0.9 * weights[point]! + 0.1 / size;
    value = objective(weights, mixture);
  }
  let unseen = 0;

  /** Goes to the quadratic model's optimum, or as far as F ascends; false if it cannot. */
  const newtonStep = (level: number, ridge: number): boolean => {
    const support = supportOf((point) => {
      const slope = gradient[point]!;
      if (weights[point]! > 0) return true;
      // Of a plateau the first point: where a rate is so high that only the tilt is left, all are alike.
      const rises = slope > (gradient[point - 1] ?? Number.NEGATIVE_INFINITY);
      return rises && slope >= (gradient[point + 1] ?? slope) && slope > level;
    }, size);
    const { points } = support;
    const from = Float64Array.from(points, (point) => weights[point]!);
    const target = simplexMinimum({
      matrix: curvature(rows, mixture, support),
      linear: Float64Array.from(points, (point) => 2 * likelihoodPart[point]! + slopeOf(point)),
      start: from,
      ridge,
    });
    let ascent = 0;
    for (let i = 0; i < points.length; i++) ascent += (target[i]! - from[i]!) * gradient[points[i]!]!;
    const belowRounding = Math.abs(ascent) < roundingAscent;
    if (belowRounding ? ++unseen > unseenSteps : !(ascent > 0)) return false;
    const trial = new Float64Array(size);
    for (let step = 1; step > smallestStep; step /= 2) {
      trial.fill(0);
      for (let i = 0; i < points.length; i++) {
        const moved = from[i]! + step * (target[i]! - from[i]!);
        trial[points[i]!] = moved > smallestWeight ? moved : 0;
      }
      normalise(trial);
      const trialValue = objective(trial, trialMixture);
      if (!belowRounding && !(trialValue >= value + sufficientAscent * step * ascent)) continue;
      weights = trial;
      value = trialValue;
      mixture.set(trialMixture);
      return true;
    }
    return false;
  };

  /** Mixes in the point of steepest ascent: slow, but it always ascends. */
  const vertexStep = (point: number): boolean => {
    const functionalAt = tilt === undefined ? 0 : dot(tilt.functional, weights);
    const tiltSlope = slopeOf(point) - multiplier * functionalAt;
    const share = vertexShare({ rows, mixture, point, tiltSlope });
    const trial = weights.map((weight) => (1 - share) * weight);
    trial[point]! += share;
    const trialValue = objective(trial, trialMixture);
    if (!(trialValue > value)) return false;
    weights = trial;
    value = trialValue;
    mixture.set(trialMixture);
    return true;
  };

  for (let iterations = 0; ; iterations++) {
    likelihoodGradient(rows, mixture, likelihoodPart);
    let steepest = 0;
    for (let point = 0; point < size; point++) {
      gradient[point] = likelihoodPart[point]! + slopeOf(point);
      if (gradient[point]! > gradient[steepest]!) steepest = point;
    }
    const level = dot(weights, gradient);
    const gap = gradient[steepest]! - level;
    const advanced =
      gap >= tolerance &&
      iterations < largestIterations &&
      (ridges.some((ridge) => newtonStep(level, ridge)) || vertexStep(steepest));
    if (advanced) continue;
    return { weights, meanLogLikelihood: mixtureLikelihood(rows, weights, mixture), gap, iterations };
  }
}
