/** The autoregressive linear class (3) with made-up features, as a model for graphs and in plain numbers, for tests. */
import type { LanguageModel } from "../src/model/index.ts";
import { randomGenerator } from "../src/numeric/index.ts";
import type { TensorValue } from "../src/tensor/index.ts";

export const linearSizes = { vocabulary: 4, features: 5, length: 6 };
const { vocabulary, features, length } = linearSizes;

/** Log-odds ⟨θ, φ⟩; the features φ(x, y_<h, token) [batch, length, vocabulary, features] are an input. */
export const linearClass: LanguageModel = {
  parameterShapes: { theta: [features, 1] },
  inputs: (graph, { batch, length: steps }) => ({
    features: graph.input("features", [batch, steps, vocabulary, features]),
  }),
  forward(graph, { theta }, { features: phi }) {
    const [batch, steps] = phi!.shape as [number, number];
    const rows = graph.reshape(phi!, [-1, features]);
    const logits = graph.reshape(graph.matmul(rows, theta!), [batch, steps, vocabulary]);
    return { logits, hidden: logits };
  },
};

/** One sequence: its features by step and token, and its tokens. */
export interface LinearSequence {
  /** [length][vocabulary][features]. */
  readonly phi: readonly (readonly (readonly number[])[])[];
  readonly tokens: readonly number[];
}

/** Sequences of at most `length` tokens; a pure function of the key. */
export function linearSequences(key: string, count: number): LinearSequence[] {
  const random = randomGenerator(`linear class/${key}`);
  return Array.from({ length: count }, (_, index) => {
    const tokens = Array.from({ length: length - (index % 3) }, () => random.integer(vocabulary));
    const phi = tokens.map(() =>
      Array.from({ length: vocabulary }, () => Array.from({ length: features }, () => random.normal())),
    );
    return { phi, tokens };
  });
}

/** Arrays of a batch under the names of the training graph, padded with zeros. */
export function linearBatch(sequences: readonly LinearSequence[]): Record<string, TensorValue> {
  const batch = sequences.length;
  const phi = new Float64Array(batch * length * vocabulary * features);
  const targets = new Int32Array(batch * length);
  const weights = new Float64Array(batch * length);
  sequences.forEach((sequence, row) => {
    phi.set(sequence.phi.flat(2), row * length * vocabulary * features);
    targets.set(sequence.tokens, row * length);
    weights.fill(1, row * length, row * length + sequence.tokens.length);
  });
  return {
    features: { shape: [batch, length, vocabulary, features], data: phi },
    targets: { shape: [batch, length], data: targets },
    weights: { shape: [batch, length], data: weights },
  };
}

/** π_θ(· | x, y_<h) in plain numbers. */
export function linearProbabilities(
  theta: ArrayLike<number>,
  phi: readonly (readonly number[])[],
): readonly number[] {
  const logits = phi.map((row) => row.reduce((sum, value, index) => sum + value * theta[index]!, 0));
  const largest = Math.max(...logits);
  const powers = logits.map((value) => Math.exp(value - largest));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

/** ∇ log π_θ(y_h | x, y_<h) = φ(x, y_≤h) − E[φ], in plain numbers. */
export function linearTokenGradient(
  theta: ArrayLike<number>,
  sequence: LinearSequence,
  step: number,
): number[] {
  const phi = sequence.phi[step]!;
  const probabilities = linearProbabilities(theta, phi);
  const seen = phi[sequence.tokens[step]!]!;
  return seen.map(
    (value, index) => value - phi.reduce((sum, row, token) => sum + probabilities[token]! * row[index]!, 0),
  );
}
