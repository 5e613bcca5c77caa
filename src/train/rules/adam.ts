/** Adam and AdamW, with PyTorch's formula. */
import type { Graph, NamedTensors, Tensor } from "../../tensor/index.ts";
import type { Projection } from "../projection.ts";
import type { UpdateRule } from "../update-rule.ts";
import { mapTensors } from "./norms.ts";
import { composedRule, type Piece } from "./piece.ts";
import { requirePositive, requireShare, type TensorChoice, weightDecay } from "./pieces.ts";

/** Decay rates and ε of Adam's moments. */
export interface AdamOptions {
  /** Decay of the mean of gradients, 0.9 if not given. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients, 0.999 if not given. */
  readonly beta2?: number;
  /** Added to the root of the second moment, 1e-8 if not given. */
  readonly epsilon?: number;
}

/** Options of `adam` and `adamW`. */
export interface AdamRuleOptions extends AdamOptions {
  readonly weightDecay?: number;
  /** Which tensors decay; matrices and embeddings if not given. */
  readonly decays?: TensorChoice;
  readonly projection?: Projection;
}

/**
 * Adam (arXiv 1412.6980) with an L2 penalty: g ← g + weightDecay·θ; m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²;
 * θ ← θ − η·[m/(1−β₁ᵗ)]/(√(v/(1−β₂ᵗ)) + ε), t the step from 1. `weightDecay` is 0 if not given.
 *
 * @throws RangeError for an option outside its limits.
 * @example
 * Object.keys(adam().init({ weight: [2, 3] })); // ["adam.mean.weight", "adam.square.weight"]
 */
export function adam(options: AdamRuleOptions = {}): UpdateRule {
  const { weightDecay: rate = 0, decays, projection } = options;
  const decay = weightDecay({ rate, ...(decays !== undefined && { decays }) });
  return composedRule({ name: "adam", pieces: [decay, adamDirection(options)], projection });
}

/**
 * AdamW (arXiv 1711.05101): Adam with decoupled decay, θ ← θ − η·(Adam's direction + weightDecay·θ). `weightDecay` is
 * 0.01 if not given, PyTorch's and the paper's value; only matrices and embeddings decay if `decays` is not given
 * (PyTorch's default is all tensors).
 *
 * @throws RangeError for an option outside its limits.
 * @example
 * adamW({ weightDecay: 0.1 }).name; // "adamw"
 * adamW({ beta2: 1 }); // throws RangeError: beta2 is 1: must be at least 0 and less than 1
 */
export function adamW(options: AdamRuleOptions = {}): UpdateRule {
  const { weightDecay: rate = 0.01, decays, projection } = options;
  const decay = weightDecay({ rate, ...(decays !== undefined && { decays }) });
  return composedRule({ name: "adamw", pieces: [adamDirection(options), decay], projection });
}

/**
 * The direction of Adam, m̂/(√v̂ + ε). State: two tensors the size of each parameter.
 *
 * @example
 * const rule = composedRule({ name: "clipped adam", pieces: [clipByGlobalNorm(1), adamDirection()] });
 * Object.keys(rule.init({ bias: [2] })); // ["adam.mean.bias", "adam.square.bias"]
 */
export function adamDirection(options: AdamOptions = {}): Piece {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  requireShare("beta1", beta1);
  requireShare("beta2", beta2);
  requirePositive("epsilon", epsilon);
  return {
    name: "adam",
    joinsVectors: true,
    init: (shapes) => {
      const zeros = (kind: string) =>
        Object.entries(shapes).map(([name, shape]) => [`${kind}.${name}`, { shape, fill: 0 }] as const);
      return Object.fromEntries([...zeros("mean"), ...zeros("square")]);
    },
    apply(graph, { directions, state, scalars }) {
      const step = scalars.step!;
      // m̂/(√v̂ + ε) with the corrections moved to scalars, which cost no pass over the parameters.
      const root = graph.sqrt(oneMinusPower(graph, beta2, step));
      const meanScale = graph.divide(root, oneMinusPower(graph, beta1, step));
      const scaledEpsilon = graph.multiply(root, epsilon);
      const nextState: Record<string, Tensor> = {};
      const next: NamedTensors = mapTensors(directions, (direction, name) => {
        const mean = average(graph, state[`mean.${name}`]!, direction, beta1);
        const square = average(graph, state[`square.${name}`]!, graph.square(direction), beta2);
        nextState[`mean.${name}`] = mean;
        nextState[`square.${name}`] = square;
        const spread = graph.add(graph.sqrt(square), scaledEpsilon);
        return graph.divide(graph.multiply(mean, meanScale), spread);
      });
      return { directions: next, state: nextState };
    },
  };
}

function average(graph: Graph, before: Tensor, now: Tensor, decay: number): Tensor {
  return graph.add(graph.multiply(before, decay), graph.multiply(now, 1 - decay));
}

/**
 * 1 − decayᵗ = 2u/(1 + u) with u = tanh(−t·log(decay)/2): written out, float32 would lose half of its digits in the
 * first steps.
 */
function oneMinusPower(graph: Graph, decay: number, step: Tensor): Tensor {
  if (decay === 0) return graph.constant(1);
  const u = graph.tanh(graph.multiply(step, -Math.log(decay) / 2));
  return graph.divide(graph.multiply(u, 2), graph.add(u, 1));
}
