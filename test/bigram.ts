/** The smallest language model, update rule with state and loss, for tests of the training loop. */
import type { LanguageModel } from "../src/model/index.ts";
import type { Loss, UpdateRule } from "../src/train/index.ts";

export const bigramVocabulary = 5;

/** The log-odds of the next token are a row of a table. */
export const bigram: LanguageModel = {
  parameterShapes: { table: [bigramVocabulary, bigramVocabulary], bias: [bigramVocabulary] },
  inputs: (graph, { batch, length }) => ({ tokens: graph.input("tokens", [batch, length], "int") }),
  forward(graph, { table, bias }, { tokens }) {
    const logits = graph.add(graph.gather(table!, tokens!), bias!);
    return { logits, hidden: logits };
  },
};

/** Descent with momentum, so that there is state. */
export const momentum: UpdateRule = {
  name: "momentum",
  init: (shapes) =>
    Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [`velocity.${name}`, { shape, fill: 0 }]),
    ),
  update(graph, { gradients, state, parameters, scalars }) {
    const next: { parameters: Record<string, never>; state: Record<string, never> } = {
      parameters: {},
      state: {},
    };
    for (const [name, parameter] of Object.entries(parameters)) {
      const velocity = graph.add(graph.multiply(state[`velocity.${name}`]!, 0.5), gradients[name]!);
      next.state[`velocity.${name}`] = velocity as never;
      next.parameters[name] = graph.subtract(
        parameter,
        graph.multiply(scalars.learningRate!, velocity),
      ) as never;
    }
    return next;
  },
};

export const sequenceLoss: Loss = (graph, { logProbabilities, weights }) =>
  graph.multiply(graph.sum(graph.multiply(weights, logProbabilities)), -1 / (weights.shape[0] ?? 1));
