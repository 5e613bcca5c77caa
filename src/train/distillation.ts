/** Truncated distillation (24)–(26): tokens count in full until the divergences of the steps have added up to log N. */
import type { Graph, Tensor } from "../tensor/index.ts";
import type { Loss } from "./step-graph.ts";

/** How the teacher's next-token distributions reach the loss; `top`: that many likely tokens and what remains. */
export type TeacherForm = "full" | { readonly top: number };

/** Graph inputs that a teacher feeds at every batch, for its positions from `from` on. */
export const teacherInput = {
  /** log π_T of every token [batch, positions, vocabulary]; −∞ is legal. */
  logProbabilities: "teacher.logProbabilities",
  /** Token ids of the likely tokens, int [batch, positions, top]; where fewer are known, any id with probability 0. */
  ids: "teacher.ids",
  /** Their probabilities [batch, positions, top]. */
  probabilities: "teacher.probabilities",
  /** Probability of all other tokens [batch, positions]; 0 where the list is complete. */
  remainder: "teacher.remainder",
} as const;

/**
 * The weights α_h of (26), Lemma I.4, [batch, length] from the divergences a_h = KL(teacher ‖ student) of the steps
 * [batch, length], nats, 0 where no response token is: with S_h = a_1 + … + a_h, α_h = 1 while S_h ≤ limit, 0 once
 * S_{h−1} > limit, else (limit − S_{h−1})/a_h. So Σ α_h·a_h = min(limit, Σ a_h). The paper's limit is log N. Nothing is
 * differentiated through them.
 *
 * @example
 * const graph = new Graph();
 * graph.output("alpha", truncationWeights(graph, graph.input("a", [1, 3]), 2));
 * const program = await float64Executor().compile(graph);
 * const { alpha } = await program.run({ a: { shape: [1, 3], data: Float64Array.of(1, 4, 1) } });
 * alpha?.data; // [1, 0.25, 0]
 */
export function truncationWeights(graph: Graph, divergences: Tensor, limit: number): Tensor {
  if (!(limit > 0 && Number.isFinite(limit))) {
    throw new RangeError(`limit is ${limit}: must be positive and finite`);
  }
  // Rounding can leave a divergence just below 0.
  const a = graph.maximum(graph.stopGradient(divergences), 0);
  const left = graph.subtract(limit, graph.cumulativeSum(a, { axis: 1, exclusive: true }));
  const some = graph.greater(a, 0);
  const share = graph.minimum(graph.divide(graph.maximum(left, 0), graph.where(some, a, 1)), 1);
  return graph.where(some, share, graph.subtract(1, graph.less(left, 0)));
}

/** KL(teacher ‖ student) of each step [batch, length], nats, from log-probabilities [batch, length, vocabulary]. */
export function stepDivergence(
  graph: Graph,
  given: { readonly teacher: Tensor; readonly student: Tensor },
): Tensor {
  const probabilities = graph.exp(given.teacher);
  const terms = graph.multiply(probabilities, graph.subtract(given.teacher, given.student));
  return graph.sum(graph.where(graph.greater(probabilities, 0), terms, 0), { axes: [2] });
}

/**
 * The same where the teacher is known by its likely tokens and the probability of all others, which count as one
 * token: by the data-processing inequality a lower bound of the step's KL, equal to it where the remainder is 0.
 */
export function stepDivergenceLowerBound(
  graph: Graph,
  given: {
    readonly ids: Tensor;
    readonly probabilities: Tensor;
    readonly remainder: Tensor;
    /** Log-probabilities [batch, length, vocabulary]. */
    readonly student: Tensor;
  },
): Tensor {
  const { student, remainder } = given;
  const probabilities = scattered(graph, given.probabilities, given.ids, student);
  const known = graph.greater(probabilities, 0);
  const ratio = graph.subtract(graph.log(graph.where(known, probabilities, 1)), student);
  const listed = graph.sum(graph.where(known, graph.multiply(probabilities, ratio), 0), { axes: [2] });
  // A finite mask: the others may be none at all.
  const others = graph.logSumExp(graph.where(known, -1e30, student), { axes: [2] });
  const some = graph.greater(remainder, 0);
  const other = graph.multiply(remainder, graph.subtract(graph.log(graph.where(some, remainder, 1)), others));
  return graph.add(listed, graph.where(some, other, 0));
}

/**
 * −(1/batch)·Σ_sequences Σ_h α_h·log π_θ(y_h | x, y_<h), (24)–(26): the likelihood of the teacher's own responses, each
 * token weighted by `truncationWeights` with limit log N. With a teacher known by its likely tokens the divergences are
 * lower bounds, so tokens are truncated later than the paper's rule would. The graph gains the inputs of `teacherInput`.
 *
 * @throws RangeError for an N that is not above 1.
 * @example
 * truncatedLoss({ N: 1, teacher: "full" }); // throws RangeError: N is 1: must be above 1 and finite
 */
export function truncatedLoss(given: { readonly N: number; readonly teacher: TeacherForm }): Loss {
  const { N, teacher } = given;
  if (!(N > 1 && Number.isFinite(N))) throw new RangeError(`N is ${N}: must be above 1 and finite`);
  return (graph, { logProbabilities, logits, weights }) => {
    const student = graph.stopGradient(graph.logSoftmax(logits));
    const divergences = teacherDivergence(graph, teacher, student);
    const alpha = truncationWeights(
      graph,
      graph.where(graph.greater(weights, 0), divergences, 0),
      Math.log(N),
    );
    const batch = weights.shape[0] ?? 1;
    const weighted = graph.multiply(graph.multiply(alpha, weights), logProbabilities);
    return graph.multiply(graph.sum(weighted), -1 / batch);
  };
}

function teacherDivergence(graph: Graph, form: TeacherForm, student: Tensor): Tensor {
  if (form === "full") {
    return stepDivergence(graph, {
      teacher: graph.input(teacherInput.logProbabilities, student.shape),
      student,
    });
  }
  const [batch, length, vocabulary] = student.shape as [number, number, number];
  if (!(Number.isInteger(form.top) && form.top >= 1 && form.top <= vocabulary)) {
    throw new RangeError(
      `top is ${form.top}: must be an integer in 1 … ${vocabulary}, the vocabulary's size`,
    );
  }
  return stepDivergenceLowerBound(graph, {
    ids: graph.input(teacherInput.ids, [batch, length, form.top], "int"),
    probabilities: graph.input(teacherInput.probabilities, [batch, length, form.top]),
    remainder: graph.input(teacherInput.remainder, [batch, length]),
    student,
  });
}

/** Entries [batch, length, top] at their ids, zeros elsewhere, in the shape of `like` [batch, length, vocabulary]. */
function scattered(graph: Graph, entries: Tensor, ids: Tensor, like: Tensor): Tensor {
  const [batch, length, vocabulary] = like.shape as [number, number, number];
  const rows = batch * length;
  const starts = Int32Array.from({ length: rows }, (_, row) => row * vocabulary);
  const places = graph.add(ids, graph.constant(starts, [batch, length, 1], "int"));
  const flat = graph.scatterAdd(
    graph.reshape(entries, [-1, 1]),
    graph.reshape(places, [-1]),
    rows * vocabulary,
  );
  return graph.reshape(flat, like.shape);
}
