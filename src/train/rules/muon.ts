/** Muon: the matrix form of gradient normalization, with Adam for everything that is no hidden matrix. */
import type { Graph, Tensor } from "../../tensor/index.ts";
import type { UpdateRule } from "../update-rule.ts";
import { type AdamOptions, adamDirection } from "./adam.ts";
import { mapTensors } from "./norms.ts";
import { chain, choice, composedRule, type Piece, statelessPiece } from "./piece.ts";
import { matrices, momentum, requirePositive, scaleBy, type TensorChoice, weightDecay } from "./pieces.ts";

/** Coefficients of the quintic iteration of the reference implementation (Keller Jordan, 2024). */
export const newtonSchulzCoefficients = [3.4445, -4.775, 2.0315] as const;

/**
 * About U·Vᵀ of a matrix M = U·Σ·Vᵀ: from X = M/max(‖M‖_F, 1e-7), so many steps X ← aX + b(XXᵀ)X + c(XXᵀ)²X. After five
 * steps a singular value that was at least 1/100 of ‖M‖_F lies in
 * [0.68, 1.14]: the coefficients trade accuracy for speed near 0.
 *
 * @throws RangeError for a tensor that is no matrix or for fewer than one step.
 * @example
 * const graph = new Graph();
 * graph.output("o", orthogonalized(graph, graph.input("m", [2, 2])));
 * const program = await float64Executor().compile(graph);
 * const { o } = await program.run({ m: { shape: [2, 2], data: Float64Array.of(5, 0, 0, 1) } });
 * o?.data.every((entry, i) => (i % 3 === 0 ? entry > 0.68 && entry < 1.14 : entry === 0)); // true
 */
export function orthogonalized(graph: Graph, matrix: Tensor, steps = 5): Tensor {
  const [rows, columns, ...more] = matrix.shape;
  if (rows === undefined || columns === undefined || more.length > 0) {
    throw new RangeError(`shape of ${matrix.name} is [${matrix.shape.join(", ")}]: must be a matrix's`);
  }
  if (!(Number.isInteger(steps) && steps >= 1)) {
    throw new RangeError(`steps is ${steps}: must be an integer of at least 1`);
  }
  const [a, b, c] = newtonSchulzCoefficients;
  const norm = graph.maximum(graph.sqrt(graph.sum(graph.square(matrix))), 1e-7);
  let x = graph.divide(matrix, norm);
  // The smaller of the two Gram matrices.
  const wide = rows <= columns;
  for (let step = 0; step < steps; step++) {
    const gram = graph.matmul(x, x, wide ? { transposeB: true } : { transposeA: true });
    const polynomial = graph.add(graph.multiply(gram, b), graph.matmul(gram, gram, { scale: c }));
    const product = wide ? graph.matmul(polynomial, x) : graph.matmul(x, polynomial);
    x = graph.add(graph.multiply(x, a), product);
  }
  return x;
}

/** Matrices inside the blocks: of rank 2, and no embedding or output head by name. */
export const hiddenMatrices: TensorChoice = (name, shape) =>
  shape.length === 2 && !/(^|\.)(wte|wpe|lm_head|head|\w*embed\w*)(\.|$)/.test(name);

/** Options of `muon`. */
export interface MuonOptions {
  /** Decay of the average of gradients, with Nesterov's look-ahead; 0.95 if not given. */
  readonly momentum?: number;
  /** Newton–Schulz steps, 5 if not given. */
  readonly iterations?: number;
  /** Decoupled, on matrices and embeddings; 0 if not given. */
  readonly weightDecay?: number;
  /** The tensors to orthogonalise; `hiddenMatrices` if not given. */
  readonly hidden?: TensorChoice;
  /** Learning rate of Adam for the rest, as a share of the rule's; 0.015 if not given: 3e-4 beside 0.02. */
  readonly adamShare?: number;
  readonly adam?: AdamOptions;
}

/**
 * m ← μm + (1−μ)g; θ ← θ − η·√max(1, out/in)·O((1−μ)g + μm) for hidden matrices [in, out], O as `orthogonalized`; Adam
 * with η·adamShare for the rest. Beyond the paper (Keller Jordan, "Muon", 2024); steepest descent in the spectral norm.
 *
 * @throws RangeError for an option outside its limits.
 * @example
 * Object.keys(muon().init({ "h.0.weight": [2, 2], "h.0.bias": [2] }));
 * // ["muon.matrix.momentum.h.0.weight", "muon.rest.adam.mean.h.0.bias", "muon.rest.adam.square.h.0.bias"]
 */
export function muon(options: MuonOptions = {}): UpdateRule {
  const {
    momentum: decay = 0.95,
    iterations = 5,
    weightDecay: rate = 0,
    hidden = hiddenMatrices,
    adamShare = 0.015,
  } = options;
  requirePositive("adamShare", adamShare);
  const chosen = chain("matrix", [
    momentum({ decay, nesterov: true, average: true }),
    orthogonalPiece(iterations),
    weightDecay({ rate }),
  ]);
  const rest = chain("rest", [
    adamDirection(options.adam),
    weightDecay({ rate, decays: matrices }),
    scaleBy(adamShare),
  ]);
  return composedRule({ name: "muon", pieces: [choice("muon", { choose: hidden, chosen, rest })] });
}

function orthogonalPiece(iterations: number): Piece {
  return statelessPiece("orthogonal", (graph, { directions }) =>
    mapTensors(directions, (direction) => {
      const [rows, columns] = direction.shape as [number, number];
      const aspect = Math.sqrt(Math.max(1, columns / rows));
      return graph.multiply(orthogonalized(graph, direction, iterations), aspect);
    }),
  );
}
