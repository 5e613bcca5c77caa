/** What an update rule is: a pure pair, extra state and the update of parameters and state, emitted into a graph. */
import type { Graph, NamedShapes, NamedTensors, Shape } from "../tensor/index.ts";

/** How parameters change given gradients, as graph operations: a pure pair of `init` and `update`. */
export interface UpdateRule {
  readonly name: string;
  /** Extra state beside the parameters: name to shape and initial value. */
  init(
    parameterShapes: NamedShapes,
  ): Readonly<Record<string, { readonly shape: Shape; readonly fill: number }>>;
  /**
   * Emits the update into the graph. `gradients` are of the loss (to be descended). `scalars` are 0-d float tensors fed
   * at every step: learningRate and step (from 1).
   */
  update(
    graph: Graph,
    given: {
      readonly gradients: NamedTensors;
      readonly state: NamedTensors;
      readonly parameters: NamedTensors;
      readonly scalars: NamedTensors;
    },
  ): { readonly parameters: NamedTensors; readonly state: NamedTensors };
}
