/** What is descended: a scalar from the log-probabilities of a batch's targets. */
import type { Loss } from "./step-graph.ts";

/**
 * −(1/batch)·Σ_sequences Σ_tokens weight·log π(token), nats: the negative mean log-probability of the responses, the
 * loss of SGD at sequence level (14).
 */
export const sequenceLoss: Loss = (graph, { logProbabilities, weights }) => {
  const batch = weights.shape[0] ?? 1;
  return graph.multiply(graph.sum(graph.multiply(weights, logProbabilities)), -1 / batch);
};
