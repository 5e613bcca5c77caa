/** Figure 1's task: the right path hangs on a parity of the prompt that a small model cannot tell (App. C). */
import { randomGenerator } from "../../numeric/index.ts";
import { type GraphTask, graphTask } from "./graph-task.ts";
import { type LayeredGraph, parity, parityOf, shuffled } from "./layered-graph.ts";
import { checkSettings, type GraphSettings } from "./settings.ts";

/** Classes of Figure 1's graphs. */
export type FigureOneClass = "G1" | "G2" | "G3";

/** Figure 1's task, made by `figureOneTask`. */
export interface FigureOneTask extends GraphTask<FigureOneClass> {
  /** The middle layers of V', numbered as in the formulas: the source is layer 1, so these lie in 2 … L + 1. */
  readonly hiddenLayers: readonly number[];
}

/** The paper's shares of the classes: fine-tuning on G1 and G2, pre-training on a uniform mixture. */
export const figureOneWeights = {
  fineTuning: { G1: 0.9, G2: 0.1 },
  preTraining: { G1: 1, G2: 1, G3: 1 },
} as const;

const name = "graph-figure-1";

/**
 * Two random middle layers, I2, have two passable nodes, one even and one odd; the others have one: four valid paths.
 * In the layers i of I2, π_D picks the node with p(v) = p(i) in class G1, p(v) = 1 ⊕ p(i) in class G2, and any of the
 * four paths in class G3. The exclusive or of p(u) over V' is 1 in G1 and 0 in G2, open in G3.
 *
 * Our choice, as the paper leaves V' open and shuffled edges hide a node's place inside its layer: V' is the source
 * and half of the middle layers, whole, fixed by the seed; at L = 8 and width 4 these are the paper's 17 nodes.
 *
 * @throws InputError naming a setting outside its limits.
 * @example
 * const task = figureOneTask({ ...paperGraphSettings, seed: "seed 1" });
 * const problem = task.problem("G1", randomGenerator("first"));
 * task.paths(problem).length; // 4
 * task.logProbability(problem, problem.response); // 0
 * task.hiddenLayers.length; // 4
 */
export function figureOneTask(settings: GraphSettings): FigureOneTask {
  const checked = checkSettings(name, settings);
  const layers = Array.from({ length: checked.middleLayers }, (_, index) => index + 2);
  const hiddenLayers = shuffled(layers, randomGenerator(`${name} ${checked.seed}`).split("hidden layers"))
    .slice(0, Math.floor(layers.length / 2))
    .sort((a, b) => a - b);
  const hiddenParity = (graph: LayeredGraph) =>
    parityOf([1, ...hiddenLayers].flatMap((layer) => graph.layers[layer - 1]!));
  const task = graphTask<FigureOneClass>(name, checked, {
    G1: { branchings: 2, accepts: (graph) => hiddenParity(graph) === 1, picks: (layer) => parity(layer) },
    G2: { branchings: 2, accepts: (graph) => hiddenParity(graph) === 0, picks: (layer) => 1 - parity(layer) },
    G3: { branchings: 2 },
  });
  return { ...task, hiddenLayers };
}
