/** Puts the problems of several models side by side: only what all of them hold can be compared in pairs. */

/** One model's values by problem; a value is whatever is compared (a rate, a count of draws). */
export interface ModelProblems<Value> {
  readonly model: string;
  readonly problems: readonly { readonly problem: string; readonly value: Value }[];
}

/** Values of all models for the common problems, in one order. */
export interface AlignedProblems<Value> {
  /** The common problems, in the first model's order. */
  readonly problems: readonly string[];
  /** One entry a model, in the given order; `values[i]` belongs to `problems[i]`, `left` counts the others. */
  readonly models: readonly {
    readonly model: string;
    readonly values: readonly Value[];
    readonly left: number;
  }[];
}

/**
 * The problems that all models hold, and their values aligned. No model or no common problem gives no problems.
 *
 * @throws RangeError if a model occurs twice, or holds a problem twice (then nobody knows which value is meant).
 * @example
 * alignProblems([
 *   { model: "a", problems: [{ problem: "1", value: 0.5 }, { problem: "2", value: 1 }] },
 *   { model: "b", problems: [{ problem: "2", value: 0 }] },
 * ]); // { problems: ["2"], models: [{ model: "a", values: [1], left: 1 }, { model: "b", values: [0], left: 0 }] }
 */
export function alignProblems<Value>(models: readonly ModelProblems<Value>[]): AlignedProblems<Value> {
  const byModel = new Map<string, Map<string, Value>>();
  for (const { model, problems } of models) {
    if (byModel.has(model)) throw new RangeError(`model ${JSON.stringify(model)} occurs twice`);
    const byProblem = new Map<string, Value>();
    for (const { problem, value } of problems) {
      if (byProblem.has(problem)) {
        throw new RangeError(`model ${JSON.stringify(model)} holds problem ${JSON.stringify(problem)} twice`);
      }
      byProblem.set(problem, value);
    }
    byModel.set(model, byProblem);
  }
  const maps = [...byModel.values()];
  const common = [...(maps[0]?.keys() ?? [])].filter((problem) => maps.every((map) => map.has(problem)));
  return {
    problems: common,
    models: [...byModel].map(([model, map]) => ({
      model,
      values: common.map((problem) => map.get(problem) as Value),
      left: map.size - common.length,
    })),
  };
}
