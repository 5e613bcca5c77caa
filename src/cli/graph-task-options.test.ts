import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { graphExampleGenerator, graphTaskNames, weightedGraphTask } from "./graph-task-options.ts";

const small = { middleLayers: 2, width: 2, names: 8 };

describe("a task from a configuration's options", () => {
  test("is the paper's where none are given", () => {
    for (const name of graphTaskNames) {
      const { task, weights } = weightedGraphTask(name, {});
      expect(task.name).toBe(name);
      expect(task.settings).toMatchObject({ middleLayers: 8, width: 4, names: 100, edgeOrder: "shuffled" });
      const total = Object.values(weights).reduce<number>((sum, weight) => sum + (weight ?? 0), 0);
      expect(total).toBeCloseTo(1, 12);
    }
  });

  test("takes a number for a seed, as YAML gives one", () => {
    expect(weightedGraphTask("graph-figure-1", { seed: 7 }).task.settings.seed).toBe("7");
  });

  test("draws examples of the classes that have weight", () => {
    const generator = graphExampleGenerator("graph-figure-2", { ...small, weights: { G_H3: 2 } });
    const { logProbability } = generator.example(randomGenerator("a"));
    // Two middle layers, both with two passable nodes.
    expect(logProbability).toBeCloseTo(-Math.log(4), 14);
    expect(generator.longestTokens).toBe(3 * (2 + 2 * 2 + 2) + 3 + 4);
  });

  test.each([
    ["graph-figure-2", { weights: { G1: 1 } }, 'no class is called "G1" (known: G_H1, G_H2, G_H3)'],
    ["graph-figure-2", { weights: { G_H1: 0 } }, "weights are all 0"],
    ["graph-figure-1", { weights: { G1: "1" } }, "weights.G1 is 1: must be a finite number"],
    ["graph-figure-1", { weights: "G1" }, 'weights is "G1": must name classes'],
    ["graph-figure-1", { weights: null }, "weights is null: must name classes"],
    ["graph-figure-1", { layers: 3 }, "layers: unknown option (known: middleLayers, width, names"],
    ["graph-figure-1", { names: 9.5 }, "names is 9.5: must be"],
    ["graph-figure-1", { middleLayers: "4" }, 'middleLayers is "4": must be'],
    ["graph-figure-3", {}, "no such task (known: graph-figure-1, graph-figure-2)"],
    ["toString", {}, "no such task"],
  ])("%s with %j is refused", (name, options, message) => {
    expect(() => weightedGraphTask(name, { ...small, ...options })).toThrow(message);
  });
});
