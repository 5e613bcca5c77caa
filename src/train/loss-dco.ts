/** The loss of Direct Coverage Optimization: minus the log-probability that N draws hold the response. */
import type { Graph, Tensor } from "../tensor/index.ts";
import type { Loss } from "./step-graph.ts";

/** Below it a series replaces a function whose argument e^x has left float32's digits. */
const smallLogarithm = -20;

/** For ℓ = 0 exactly, where 1 − p would be 0. */
const leastComplement = 1e-30;

/**
 * −log(1 − (1 − p)^N) averaged over the sequences of a batch, p = π(y|x) the whole response's probability (arXiv
 * 2502.07154; beyond the paper). Its gradient is that of −log p times N·p(1−p)^{N−1}/(1 − (1−p)^N): a response that N
 * draws find anyway is left alone. All in log space: log p may be −1000. N = 1 is the loss at sequence level.
 *
 * @throws RangeError for an N below 1.
 * @example
 * const graph = new Graph();
 * const logProbabilities = graph.input("l", [1, 1]);
 * const weights = graph.full([1, 1], 1);
 * graph.output("loss", dcoLoss(2)(graph, { logProbabilities, logits: logProbabilities, weights }));
 * const program = await float64Executor().compile(graph);
 * const { loss } = await program.run({ l: { shape: [1, 1], data: Float64Array.of(Math.log(0.5)) } });
 * loss?.data[0]; // -Math.log(1 - 0.5 ** 2)
 */
export function dcoLoss(N: number): Loss {
  if (!(N >= 1 && Number.isFinite(N))) throw new RangeError(`N is ${N}: must be at least 1 and finite`);
  return (graph, { logProbabilities, weights }) => {
    const sequence = graph.sum(graph.multiply(logProbabilities, weights), { axes: [1] });
    const { value, weight } = dcoTerms(graph, graph.stopGradient(sequence), N);
    // The weight is the derivative's closed form; differentiating the value would divide 0 by 0 near p = 0 and 1.
    const change = graph.subtract(graph.stopGradient(sequence), sequence);
    return graph.mean(graph.add(value, graph.multiply(weight, change)));
  };
}

/**
 * The loss and the factor of −∇log p for each log-probability ℓ = log p ≤ 0. With s = −log(1−p) = softplus(logit p),
 * q = N·s and E = log(e^q − 1): loss = softplus(−E), factor = N·p/(1−p)/(e^q − 1).
 */
function dcoTerms(graph: Graph, logProbability: Tensor, N: number): { value: Tensor; weight: Tensor } {
  const l = graph.minimum(logProbability, -leastComplement);
  const logOdds = graph.subtract(l, logComplementOfExp(graph, l));
  const tiny = graph.less(logOdds, smallLogarithm);
  // log softplus(x) = x − e^x/2 + … far below 0.
  const series = graph.subtract(logOdds, graph.multiply(graph.exp(logOdds), 0.5));
  const logS = graph.where(tiny, series, graph.log(graph.softplus(graph.maximum(logOdds, smallLogarithm))));
  const logQ = graph.add(logS, Math.log(N));
  const q = graph.exp(logQ);
  // log(e^q − 1) = q + log(1 − e^−q), or log q + q/2 + … for small q.
  const large = graph.exp(graph.maximum(logQ, smallLogarithm));
  const excess = graph.where(
    graph.less(logQ, smallLogarithm),
    graph.add(logQ, graph.multiply(q, 0.5)),
    graph.add(large, logComplementOfExp(graph, graph.negate(large))),
  );
  return {
    value: graph.softplus(graph.negate(excess)),
    weight: graph.exp(graph.subtract(graph.add(logOdds, Math.log(N)), excess)),
  };
}

/** log(1 − e^x) for x < 0: 1 − e^x = 2u/(1 + u) with u = tanh(−x/2), exact to rounding for every x. */
function logComplementOfExp(graph: Graph, x: Tensor): Tensor {
  const u = graph.tanh(graph.multiply(x, -0.5));
  return graph.log(graph.divide(graph.multiply(u, 2), graph.add(u, 1)));
}
