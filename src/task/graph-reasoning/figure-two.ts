/** Figure 2's task: a mixture of an easy class and two hard ones, with horizon H (App. C). */
import { type GraphTask, graphTask } from "./graph-task.ts";
import { parity, parityOf } from "./layered-graph.ts";
import { checkSettings, type GraphSettings } from "./settings.ts";

/** Classes of Figure 2's graphs. */
export type FigureTwoClass = "G_H1" | "G_H2" | "G_H3";

/** The paper's mixture. */
export const figureTwoWeights = { G_H1: 0.94, G_H2: 0.05, G_H3: 0.01 } as const;

const name = "graph-figure-2";
const uniformBranchings = 4;

/**
 * H middle layers. Class G_{H,1} has one passable node a layer: π_D is deterministic. In G_{H,2}, H/2 random layers
 * (rounded down) have an even and an odd one, and π_D picks in layer i the node with p(v) = p(i) ⊕ (exclusive or of
 * p(u) over all passable middle nodes). In G_{H,3}, 4 random layers have two, and π_D is uniform over the 16 paths.
 *
 * @throws InputError naming a setting outside its limits.
 * @example
 * const task = figureTwoTask({ ...paperGraphSettings, middleLayers: 16 });
 * const problem = task.problem("G_H3", randomGenerator("first"));
 * task.paths(problem).length; // 16
 * Math.exp(problem.logProbability); // 0.0625
 * task.responseTokens; // 18
 */
export function figureTwoTask(settings: GraphSettings): GraphTask<FigureTwoClass> {
  const checked = checkSettings(name, settings);
  const { middleLayers } = checked;
  return graphTask<FigureTwoClass>(name, checked, {
    G_H1: { branchings: 0, picks: parity },
    G_H2: {
      branchings: Math.floor(middleLayers / 2),
      picks: (layer, { passable }) => parity(layer + parityOf(passable.slice(1, -1).flat())),
    },
    G_H3: { branchings: Math.min(uniformBranchings, middleLayers) },
  });
}
