/** The small pieces of update rules: clipping, normalisation, signs, scales, momentum, decay. */
import type { NamedTensors, Shape, Tensor } from "../../tensor/index.ts";
import { globalNorm, mapTensors } from "./norms.ts";
import { type Piece, statelessPiece } from "./piece.ts";

/** Below every norm that a gradient in float32 has, so that a gradient of zeros is divided by more than nothing. */
const leastNorm = 1e-30;

/** direction·factor. */
export function scaleBy(factor: number): Piece {
  requireFinite("factor", factor);
  return statelessPiece(
    "scale",
    (graph, { directions }) => mapTensors(directions, (direction) => graph.multiply(direction, factor)),
    true,
  );
}

/** direction·limit/max(‖direction‖, limit): no longer than the limit, the norm over all parameters jointly. */
export function clipByGlobalNorm(limit: number): Piece {
  requirePositive("limit", limit);
  return statelessPiece(
    "clip",
    (graph, { directions }) => {
      const scale = graph.divide(limit, graph.maximum(globalNorm(graph, directions), limit));
      return mapTensors(directions, (direction) => graph.multiply(direction, scale));
    },
    true,
  );
}

/** direction/(λ + ‖direction‖), (18), the norm over all parameters jointly. A direction of zeros stays zeros, also at λ = 0. */
export function normalizeByGlobalNorm(lambda: number): Piece {
  requireNonnegative("lambda", lambda);
  return statelessPiece(
    "normalize",
    (graph, { directions }) => {
      const norm = graph.maximum(graph.add(lambda, globalNorm(graph, directions)), leastNorm);
      return mapTensors(directions, (direction) => graph.divide(direction, norm));
    },
    true,
  );
}

/** −1, 0 or 1 for each entry, (20); sign(0) = 0. */
export function signOfDirection(): Piece {
  return statelessPiece(
    "sign",
    (graph, { directions }) => mapTensors(directions, (direction) => graph.sign(direction)),
    true,
  );
}

/** Which tensors a piece is for. */
export type TensorChoice = (name: string, shape: Shape) => boolean;

/** Matrices and embeddings, not gains and biases. */
export const matrices: TensorChoice = (_, shape) => shape.length >= 2;
/** Every tensor. */
export const allTensors: TensorChoice = () => true;

/**
 * direction + rate·θ for the chosen tensors. Before the moments of Adam it is the L2 penalty ½·rate·‖θ‖² (Adam's own
 * weight decay); after them it is decoupled (AdamW).
 */
export function weightDecay(given: { readonly rate: number; readonly decays?: TensorChoice }): Piece {
  const { rate, decays = matrices } = given;
  requireNonnegative("rate", rate);
  return statelessPiece(
    "decay",
    (graph, { directions, parameters }) =>
      mapTensors(directions, (direction, name) => {
        const parameter = parameters[name]!;
        if (rate === 0 || !decays(name, parameter.shape)) return direction;
        return graph.add(direction, graph.multiply(parameter, rate));
      }),
    // Another choice may tell them apart by name.
    rate === 0 || decays === matrices || decays === allTensors,
  );
}

/**
 * Heavy ball: v ← decay·v + share·direction, and the direction becomes v, or share·direction + decay·v with Nesterov's
 * look-ahead. The share is 1 as in PyTorch's SGD, or 1 − decay with `average`, as in Muon.
 */
export function momentum(given: {
  readonly decay: number;
  readonly nesterov?: boolean;
  readonly average?: boolean;
}): Piece {
  const { decay, nesterov = false, average = false } = given;
  requireShare("decay", decay);
  const share = average ? 1 - decay : 1;
  return {
    name: "momentum",
    joinsVectors: true,
    init: (shapes) =>
      Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape, fill: 0 }])),
    apply(graph, { directions, state }) {
      const shared = mapTensors(directions, (direction) =>
        share === 1 ? direction : graph.multiply(direction, share),
      );
      const velocity = mapTensors(shared, (direction, name) =>
        graph.add(graph.multiply(state[name]!, decay), direction),
      );
      const ahead = (): NamedTensors =>
        mapTensors(shared, (direction, name) =>
          graph.add(direction, graph.multiply(velocity[name] as Tensor, decay)),
        );
      return { directions: nesterov ? ahead() : velocity, state: velocity };
    },
  };
}

export function requireFinite(name: string, value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`${name} is ${value}: must be finite`);
}

export function requirePositive(name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new RangeError(`${name} is ${value}: must be positive and finite`);
  }
}

export function requireNonnegative(name: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new RangeError(`${name} is ${value}: must be finite and not negative`);
  }
}

export function requireShare(name: string, value: number): void {
  if (!(value >= 0 && value < 1))
    throw new RangeError(`${name} is ${value}: must be at least 0 and less than 1`);
}
