/** Stochastic gradient descent at sequence level, normalized, and by signs: the paper's rules (14), (17), (20). */
import type { Projection } from "../projection.ts";
import type { UpdateRule } from "../update-rule.ts";
import { composedRule } from "./piece.ts";
import {
  momentum,
  normalizeByGlobalNorm,
  signOfDirection,
  type TensorChoice,
  weightDecay,
} from "./pieces.ts";

/** Options of `sgd`. */
export interface SgdOptions {
  /** Decay of the velocity; 0, no momentum, if not given. */
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly decays?: TensorChoice;
  readonly projection?: Projection;
}

/**
 * (14): θ ← Proj(θ + η ∇log π_θ(y|x)), which with the gradient of the loss is θ ← Proj(θ − η·g); a batch takes its mean.
 * With momentum, v ← momentum·v + g in place of g, as in PyTorch (beyond the paper). No projection if none is given.
 *
 * @throws RangeError for an option outside its limits.
 * @example
 * sgd({ projection: l2Ball(1) }).init({ theta: [3] }); // {}
 */
export function sgd(options: SgdOptions = {}): UpdateRule {
  const { momentum: decay = 0, weightDecay: rate = 0, decays, projection } = options;
  const pieces = [
    ...(rate === 0 ? [] : [weightDecay({ rate, ...(decays !== undefined && { decays }) })]),
    ...(decay === 0 ? [] : [momentum({ decay })]),
  ];
  return composedRule({ name: "sgd", pieces, projection });
}

/**
 * (17), (18): θ ← Proj(θ − η·ĝ/(λ + ‖ĝ‖)), ĝ the mean gradient of the K fresh samples of a batch, the norm over all
 * parameters jointly. `lambda` is 0.1 if not given (our choice; the proof's value is `normalizedLambda`).
 *
 * @throws RangeError for a lambda that is negative or not finite.
 * @example
 * normalizedSgd({ lambda: 0.01, projection: l2Ball(1) }).init({ theta: [3] }); // {}
 * normalizedSgd({ lambda: -1 }); // throws RangeError: lambda is -1: must be finite and not negative
 */
export function normalizedSgd(
  options: { readonly lambda?: number; readonly projection?: Projection } = {},
): UpdateRule {
  const { lambda = 0.1, projection } = options;
  return composedRule({ name: "normalized-sgd", pieces: [normalizeByGlobalNorm(lambda)], projection });
}

/**
 * (20): θ ← θ − η·sign(ĝ) for each coordinate, sign(0) = 0; without projection, as in the paper.
 *
 * @example
 * signSgd().init({ theta: [3] }); // {}
 */
export function signSgd(): UpdateRule {
  return composedRule({ name: "sign-sgd", pieces: [signOfDirection()] });
}
