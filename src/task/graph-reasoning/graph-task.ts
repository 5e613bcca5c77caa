/** What both graph-reasoning tasks share: problems drawn from a class, log π_D and paths. */
import type { RandomGenerator } from "../../numeric/index.ts";
import { InputError } from "../../record/index.ts";
import { drawGraph, edgesByLayer, type LayeredGraph, parity, pathsOf, shuffled } from "./layered-graph.ts";
import { namesOfResponse, promptLength, promptText, responseText } from "./prompt.ts";
import type { GraphSettings } from "./settings.ts";

/** A graph of a class as a prompt, with one response drawn from π_D. */
export interface GraphProblem<Class extends string = string> {
  readonly graph: LayeredGraph;
  readonly class: Class;
  readonly prompt: string;
  /** A draw of π_D(· | prompt), given the class. */
  readonly response: string;
  /** log π_D(response | prompt) in nats, given the class. */
  readonly logProbability: number;
}

/** Weights of the classes; a class that is absent has none. They need not sum to 1. */
export type ClassWeights<Class extends string> = Readonly<Partial<Record<Class, number>>>;

/** A distribution of graphs with an exact π_D over paths. */
export interface GraphTask<Class extends string = string> {
  readonly name: string;
  readonly settings: Required<GraphSettings>;
  readonly classes: readonly Class[];
  /** Tokens of the longest prompt; of every prompt where prompts are padded. */
  readonly promptTokens: number;
  /** Tokens of every valid path: H = L + 2. */
  readonly responseTokens: number;
  /** A graph of a class and a draw of π_D; throws InputError for a class that there is not. */
  problem(graphClass: Class, generator: RandomGenerator): GraphProblem<Class>;
  /** A class in proportion to the weights, then a problem; throws InputError for weights that are none. */
  sample(weights: ClassWeights<Class>, generator: RandomGenerator): GraphProblem<Class>;
  /** log π_D(response | prompt) in nats, given the class; −∞ for what π_D never draws. */
  logProbability(problem: GraphProblem<Class>, response: string): number;
  /** Every valid path as a response: 2 to the number of layers with two passable nodes. */
  paths(problem: GraphProblem<Class>): string[];
  isPath(problem: GraphProblem<Class>, response: string): boolean;
}

/** How one class of graphs is drawn, and what π_D answers. */
export interface ClassRule {
  /** Middle layers with two passable nodes. */
  readonly branchings: number;
  /** Graphs are drawn until one is accepted. */
  readonly accepts?: (graph: LayeredGraph) => boolean;
  /** The parity of the node that π_D picks among the two of layer i; absent where both are equally likely. */
  readonly picks?: (layer: number, graph: LayeredGraph) => number;
}

export function graphTask<Class extends string>(
  name: string,
  settings: Required<GraphSettings>,
  rules: Readonly<Record<Class, ClassRule>>,
): GraphTask<Class> {
  const { middleLayers, width, edgeOrder, padded } = settings;
  const classes = Object.keys(rules) as Class[];
  const ruleOf = (graphClass: Class): ClassRule => {
    if (Object.hasOwn(rules, graphClass)) return rules[graphClass];
    throw new InputError(`${name}: class is ${JSON.stringify(graphClass)}: must be ${classes.join(", ")}`);
  };
  const branchings = Object.values<ClassRule>(rules).map((rule) => rule.branchings);
  const promptTokens = promptLength(mostEdges({ middleLayers, width, branchings: Math.max(...branchings) }));
  const middle = Array.from({ length: middleLayers }, (_, index) => index);

  const graphOf = (rule: ClassRule, generator: RandomGenerator): LayeredGraph => {
    const branching = new Set(shuffled(middle, generator).slice(0, rule.branchings));
    for (;;) {
      const graph = drawGraph({ ...settings, branching }, generator);
      if (rule.accepts?.(graph) !== false) return graph;
    }
  };

  const logProbability = ({ graph, class: graphClass }: GraphProblem<Class>, response: string): number => {
    const names = pathIn(graph, response);
    if (names === undefined) return Number.NEGATIVE_INFINITY;
    const { picks, branchings: pairs } = ruleOf(graphClass);
    if (picks === undefined) return -pairs * Math.LN2;
    const picked = graph.passable.every(
      (nodes, index) => nodes.length < 2 || parity(names[index]!) === picks(index + 1, graph),
    );
    return picked ? 0 : Number.NEGATIVE_INFINITY;
  };

  const problem = (graphClass: Class, generator: RandomGenerator): GraphProblem<Class> => {
    const rule = ruleOf(graphClass);
    const graph = graphOf(rule, generator);
    const byLayer = edgesByLayer(graph);
    const edges =
      edgeOrder === "layered"
        ? byLayer.flatMap((layer) => shuffled(layer, generator))
        : shuffled(byLayer.flat(), generator);
    const [source, target] = [graph.layers[0]![0]!, graph.layers.at(-1)![0]!];
    const path = graph.passable.map((nodes, index) => {
      if (nodes.length === 1) return nodes[0]!;
      if (rule.picks === undefined) return nodes[generator.integer(nodes.length)]!;
      const wanted = rule.picks(index + 1, graph);
      return nodes.find((node) => parity(node) === wanted)!;
    });
    return {
      graph,
      class: graphClass,
      prompt: promptText({ edges, source, target }, padded ? promptTokens : 0),
      response: responseText(path),
      logProbability: rule.picks === undefined ? -rule.branchings * Math.LN2 : 0,
    };
  };

  return {
    name,
    settings,
    classes,
    promptTokens,
    responseTokens: middleLayers + 2,
    problem,
    sample: (weights, generator) => problem(drawClass(name, { classes, weights }, generator), generator),
    logProbability,
    paths: ({ graph }) => pathsOf(graph).map(responseText),
    isPath: ({ graph }, response) => pathIn(graph, response) !== undefined,
  };
}

/** The names of a response that goes through one passable node a layer. */
function pathIn({ passable }: LayeredGraph, response: string): number[] | undefined {
  const names = namesOfResponse(response);
  if (names?.length !== passable.length) return undefined;
  return passable.every((nodes, index) => nodes.includes(names[index]!)) ? names : undefined;
}

/** The last middle layer adds one edge a passable node, the others `width`: the most edges branch before it. */
function mostEdges(given: { middleLayers: number; width: number; branchings: number }): number {
  const { middleLayers, width, branchings } = given;
  const before = Math.min(branchings, middleLayers - 1);
  return width * (middleLayers + before) + 1 + (branchings - before);
}

function drawClass<Class extends string>(
  name: string,
  { classes, weights }: { readonly classes: readonly Class[]; readonly weights: ClassWeights<Class> },
  generator: RandomGenerator,
): Class {
  const shares = classWeights(name, classes, weights);
  let left = generator.uniform() * shares.reduce((sum, share) => sum + share, 0);
  let last = classes[0]!;
  for (const [index, graphClass] of classes.entries()) {
    const share = shares[index]!;
    if (share === 0) continue;
    if (left < share) return graphClass;
    left -= share;
    last = graphClass;
  }
  return last;
}

/**
 * The weights in the order of the classes, 0 where one is absent.
 *
 * @throws InputError for a class that there is not, a weight that is negative or not finite, and weights that are all 0.
 * @example
 * classWeights("graph-figure-1", ["G1", "G2", "G3"], { G1: 0.9, G2: 0.1 }); // [0.9, 0.1, 0]
 */
export function classWeights<Class extends string>(
  name: string,
  classes: readonly Class[],
  weights: ClassWeights<Class>,
): number[] {
  const unknown = Object.keys(weights).find((key) => !(classes as readonly string[]).includes(key));
  if (unknown !== undefined) {
    throw new InputError(
      `${name}: weights: no class is called ${JSON.stringify(unknown)} (known: ${classes.join(", ")})`,
    );
  }
  const shares = classes.map((graphClass) => weights[graphClass] ?? 0);
  for (const [index, share] of shares.entries()) {
    if (Number.isFinite(share) && share >= 0) continue;
    throw new InputError(
      `${name}: weights.${classes[index]} is ${share}: must be a finite number of at least 0`,
    );
  }
  if (shares.some((share) => share > 0)) return shares;
  throw new InputError(`${name}: weights are all 0: at least one of ${classes.join(", ")} must be positive`);
}
