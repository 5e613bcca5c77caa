/** A graph-reasoning task from untyped options: those of a training's configuration or of the command line. */
import { InputError } from "../record/index.ts";
import {
  type ClassWeights,
  classWeights,
  figureOneTask,
  figureOneWeights,
  figureTwoTask,
  figureTwoWeights,
  type GraphExamples,
  type GraphSettings,
  type GraphTask,
  graphExamples,
  paperGraphSettings,
} from "../task/index.ts";

const tasks: Readonly<
  Record<
    string,
    { readonly make: (settings: GraphSettings) => GraphTask; readonly weights: ClassWeights<string> }
  >
> = {
  "graph-figure-1": {
    make: figureOneTask as (settings: GraphSettings) => GraphTask,
    weights: figureOneWeights.fineTuning,
  },
  "graph-figure-2": {
    make: figureTwoTask as (settings: GraphSettings) => GraphTask,
    weights: figureTwoWeights,
  },
};

export const graphTaskNames = Object.keys(tasks);
export type GraphOptions = Readonly<Record<string, unknown>>;

const settingNames = Object.keys(paperGraphSettings);

export interface WeightedTask {
  readonly task: GraphTask;
  readonly weights: ClassWeights<string>;
}

/**
 * A task by its name; options that are absent are the paper's.
 *
 * @throws InputError naming an unknown task or option, and an option or weight outside its limits.
 */
export function weightedGraphTask(name: string, options: GraphOptions): WeightedTask {
  const entry = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (entry === undefined)
    throw new InputError(`${name}: no such task (known: ${graphTaskNames.join(", ")})`);
  const { weights = entry.weights, seed = paperGraphSettings.seed, ...settings } = options;
  const unknown = Object.keys(settings).find((key) => !settingNames.includes(key));
  if (unknown !== undefined) {
    throw new InputError(
      `${name}: ${unknown}: unknown option (known: ${[...settingNames, "weights"].join(", ")})`,
    );
  }
  if (typeof weights !== "object" || weights === null || Array.isArray(weights)) {
    throw new InputError(
      `${name}: weights is ${JSON.stringify(weights)}: must name classes with their weights`,
    );
  }
  const task = entry.make({
    ...paperGraphSettings,
    ...settings,
    seed: typeof seed === "number" ? String(seed) : seed,
  } as GraphSettings);
  const named = weights as ClassWeights<string>;
  classWeights(name, task.classes, named);
  return { task, weights: named };
}

/** Fresh samples of a task for training. */
export function graphExampleGenerator(name: string, options: GraphOptions): GraphExamples {
  const { task, weights } = weightedGraphTask(name, options);
  return graphExamples(task, weights);
}
