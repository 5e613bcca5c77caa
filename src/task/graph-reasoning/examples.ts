/** A task's problems as the endless stream of examples that training draws from. */
import type { RandomGenerator } from "../../numeric/index.ts";
import { type ClassWeights, classWeights, type GraphTask } from "./graph-task.ts";

/** An example generator of `lmcov/train`. */
export interface GraphExamples {
  readonly name: string;
  /** The most tokens of a prompt and its response together. */
  readonly longestTokens: number;
  example(generator: RandomGenerator): {
    readonly prompt: string;
    readonly response: string;
    readonly logProbability: number;
  };
}

/**
 * Fresh samples of a task: a class in proportion to the weights, a graph, a draw of π_D.
 *
 * @throws InputError for weights that are none.
 * @example
 * const examples = graphExamples(figureOneTask(paperGraphSettings), figureOneWeights.fineTuning);
 * examples.longestTokens; // 136
 * examples.example(randomGenerator("first")).prompt.endsWith("="); // true
 */
export function graphExamples<Class extends string>(
  task: GraphTask<Class>,
  weights: ClassWeights<Class>,
): GraphExamples {
  classWeights(task.name, task.classes, weights);
  return {
    name: task.name,
    longestTokens: task.promptTokens + task.responseTokens,
    example(generator) {
      const { prompt, response, logProbability } = task.sample(weights, generator);
      return { prompt, response, logProbability };
    },
  };
}
