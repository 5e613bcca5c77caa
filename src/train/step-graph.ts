/** The graphs of a training step: loss and gradients of a micro-batch, and the update of parameters and state. */
import { forwardFrom, type LanguageModel } from "../model/index.ts";
import { Graph, type NamedShapes, type NamedTensors, type Tensor } from "../tensor/index.ts";
import { stepNorms } from "./rules/norms.ts";
import { clipByGlobalNorm } from "./rules/pieces.ts";
import type { UpdateRule } from "./update-rule.ts";

/**
 * A scalar to be descended, from log π(target) [batch, positions], the log-odds [batch, positions, vocabulary] and the
 * weights of the targets [batch, positions]; the positions are those of the batch from `from` on.
 */
export type Loss = (
  graph: Graph,
  given: { readonly logProbabilities: Tensor; readonly logits: Tensor; readonly weights: Tensor },
) => Tensor;

export interface StepGraphs {
  readonly model: LanguageModel;
  readonly rule: UpdateRule;
  readonly loss: Loss;
  /** Largest norm of the whole gradient. */
  readonly clip?: number | undefined;
}

export interface BatchShape {
  readonly batch: number;
  readonly length: number;
  /** The first position whose target may be a response token, 0 if not given. */
  readonly from?: number | undefined;
}

const targetShape = ({ batch, length, from = 0 }: BatchShape) => [batch, length - from];

/** Names of inputs and outputs; an output that replaces an input begins with `next.`. */
export const inputName = {
  parameter: (name: string) => `parameter.${name}`,
  state: (name: string) => `state.${name}`,
  gradient: (name: string) => `gradient.${name}`,
} as const;
export const nextName = (name: string) => `next.${name}`;

/** Fed at every update. */
export const scalarNames = ["learningRate", "step"] as const;

/** One micro-batch is the whole batch: loss, gradients and update in one run. */
export function fusedGraph(graphs: StepGraphs, shape: BatchShape): Graph {
  const graph = new Graph();
  const parameters = namedInputs(graph, inputName.parameter, graphs.model.parameterShapes);
  const { loss, logLoss } = lossTensors(graph, graphs, parameters, shape);
  const gradients = graph.gradients(loss, parameters);
  emitUpdate(graph, graphs, parameters, gradients);
  graph.output("loss", loss);
  graph.output("logLoss", logLoss);
  return graph;
}

/** One micro-batch of several: its share of the gradients is added to those of the ones before. */
export function gradientGraph(graphs: StepGraphs, shape: BatchShape, microBatches: number): Graph {
  const graph = new Graph();
  const { parameterShapes } = graphs.model;
  const parameters = namedInputs(graph, inputName.parameter, parameterShapes);
  const accumulated = namedInputs(graph, inputName.gradient, parameterShapes);
  const { loss, logLoss } = lossTensors(graph, graphs, parameters, shape);
  const share = graph.multiply(loss, 1 / microBatches);
  for (const [name, gradient] of Object.entries(graph.gradients(share, parameters))) {
    graph.output(nextName(inputName.gradient(name)), graph.add(accumulated[name]!, gradient));
  }
  graph.output("loss", loss);
  graph.output("logLoss", logLoss);
  return graph;
}

/** The update from the gradients that the micro-batches added up. */
export function updateGraph(graphs: StepGraphs): Graph {
  const graph = new Graph();
  const { parameterShapes } = graphs.model;
  const parameters = namedInputs(graph, inputName.parameter, parameterShapes);
  emitUpdate(graph, graphs, parameters, namedInputs(graph, inputName.gradient, parameterShapes));
  return graph;
}

/** log π of each target [batch, length − from], without gradients. */
export function scoreGraph(model: LanguageModel, shape: BatchShape): Graph {
  const graph = new Graph();
  const parameters = namedInputs(graph, inputName.parameter, model.parameterShapes);
  const { logProbabilities } = targetLogProbabilities(graph, model, parameters, shape);
  graph.output("logProbabilities", logProbabilities);
  return graph;
}

function lossTensors(graph: Graph, graphs: StepGraphs, parameters: NamedTensors, shape: BatchShape) {
  const { logProbabilities, logits } = targetLogProbabilities(graph, graphs.model, parameters, shape);
  const weights = graph.input("weights", targetShape(shape));
  const loss = graphs.loss(graph, { logProbabilities, logits, weights });
  return { loss, logLoss: graph.negate(graph.sum(graph.multiply(weights, logProbabilities))) };
}

function targetLogProbabilities(
  graph: Graph,
  model: LanguageModel,
  parameters: NamedTensors,
  shape: BatchShape,
) {
  const { logits } = forwardFrom(graph, { model, parameters, ...shape });
  const targets = graph.input("targets", targetShape(shape), "int");
  return { logits, logProbabilities: graph.pick(graph.logSoftmax(logits), targets) };
}

function emitUpdate(graph: Graph, graphs: StepGraphs, parameters: NamedTensors, gradients: NamedTensors) {
  const { model, rule, clip } = graphs;
  const scalars = Object.fromEntries(scalarNames.map((name) => [name, graph.input(name, [])]));
  const stateShapes = Object.fromEntries(
    Object.entries(rule.init(model.parameterShapes)).map(([name, { shape }]) => [name, shape]),
  );
  const updated = rule.update(graph, {
    gradients: clip === undefined ? gradients : clipped(graph, gradients, clip),
    state: namedInputs(graph, inputName.state, stateShapes),
    parameters,
    scalars,
  });
  for (const [name, tensor] of Object.entries(updated.parameters)) {
    graph.output(nextName(inputName.parameter(name)), tensor);
  }
  for (const [name, tensor] of Object.entries(updated.state)) {
    graph.output(nextName(inputName.state(name)), tensor);
  }
  const norms = stepNorms(graph, { gradients, before: parameters, after: updated.parameters });
  for (const [name, norm] of Object.entries(norms)) graph.output(name, norm);
}

function clipped(graph: Graph, directions: NamedTensors, limit: number): NamedTensors {
  const none = { state: {}, parameters: {}, scalars: {} };
  return clipByGlobalNorm(limit).apply(graph, { directions, ...none }).directions;
}

function namedInputs(graph: Graph, inputOf: (name: string) => string, shapes: NamedShapes): NamedTensors {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, graph.input(inputOf(name), shape)]),
  );
}
