/** The paper's tasks: problems with an exact data distribution. */
export { type GraphExamples, graphExamples } from "./graph-reasoning/examples.ts";
export {
  type FigureOneClass,
  type FigureOneTask,
  figureOneTask,
  figureOneWeights,
} from "./graph-reasoning/figure-one.ts";
export { type FigureTwoClass, figureTwoTask, figureTwoWeights } from "./graph-reasoning/figure-two.ts";
export { type GraphDrawing, type GraphMark, graphDrawing } from "./graph-reasoning/graph-drawing.ts";
export { type GraphLayout, graphLayout } from "./graph-reasoning/graph-layout.ts";
export {
  type ClassWeights,
  classWeights,
  type GraphProblem,
  type GraphTask,
} from "./graph-reasoning/graph-task.ts";
export type { Edge, LayeredGraph } from "./graph-reasoning/layered-graph.ts";
export { pathsOfPrompt } from "./graph-reasoning/path-oracle.ts";
export { graphOfPrompt, type PromptGraph } from "./graph-reasoning/prompt.ts";
export {
  type KnownGraph,
  knownGraph,
  pathFaults,
  wordsOfResponse,
} from "./graph-reasoning/response-path.ts";
export { type GraphSettings, paperGraphSettings } from "./graph-reasoning/settings.ts";
