import { describe, expect, test } from "vitest";
import { namesOf, p, pairsOf } from "../../../test/graph-problems.ts";
import { chiSquareQuantile, randomGenerator } from "../../numeric/index.ts";
import { figureOneTask } from "./figure-one.ts";
import { figureTwoTask } from "./figure-two.ts";
import { graphOfPrompt } from "./prompt.ts";
import { paperGraphSettings } from "./settings.ts";

/** Pearson's statistic stays below the quantile that one fit in a thousand exceeds. */
function expectFit(observed: readonly number[], shares: readonly number[]): void {
  const draws = observed.reduce((sum, count) => sum + count, 0);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const statistic = observed.reduce((sum, count, index) => {
    const expected = (draws * shares[index]!) / total;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
  expect(statistic).toBeLessThan(
    chiSquareQuantile({ probability: 0.999, degreesOfFreedom: shares.length - 1 }),
  );
}
const uniform = (size: number) => new Array<number>(size).fill(1);

describe("draws", () => {
  test("fit π_D over the paths of the classes in which it is uniform", () => {
    const one = figureOneTask(paperGraphSettings);
    const two = figureTwoTask(paperGraphSettings);
    for (const [task, graphClass, paths] of [
      [one, "G3", 4],
      [two, "G_H3", 16],
    ] as const) {
      const counts = new Map<string, number>();
      for (let index = 0; index < 4000; index++) {
        const problem = task.problem(graphClass as never, randomGenerator(`fit ${graphClass} ${index}`));
        const path = namesOf(problem.response);
        const choices = pairsOf(problem).map(({ layer }) => p(path[layer - 1]!));
        counts.set(choices.join(""), (counts.get(choices.join("")) ?? 0) + 1);
      }
      expect(counts.size).toBe(paths);
      expectFit([...counts.values()], uniform(paths));
    }
  });

  test("fit the weights of the classes, whatever their sum", () => {
    const task = figureTwoTask(paperGraphSettings);
    const counts = { G_H1: 0, G_H2: 0, G_H3: 0 };
    const weights = { G_H1: 3, G_H3: 1 };
    for (let index = 0; index < 2000; index++) {
      counts[task.sample(weights, randomGenerator(`weights ${index}`)).class] += 1;
    }
    expect(counts.G_H2).toBe(0);
    expectFit([counts.G_H1, counts.G_H3], [3, 1]);
  });

  test("branch in every pair of layers alike, and take every name alike", () => {
    const task = figureOneTask(paperGraphSettings);
    const pairs = new Map<string, number>();
    const names = new Array<number>(100).fill(0);
    const draws = 5600;
    for (let index = 0; index < draws; index++) {
      const problem = task.problem("G3", randomGenerator(`branch ${index}`));
      const layers = pairsOf(problem).map(({ layer }) => layer);
      pairs.set(layers.join(), (pairs.get(layers.join()) ?? 0) + 1);
      names[problem.graph.layers[0]![0]! - 1]! += 1;
    }
    expect(pairs.size).toBe(28);
    expectFit([...pairs.values()], uniform(28));
    expectFit(names, uniform(100));
  });

  test("do not tell passable nodes by their place in a layer, nor by the order of a layer's edges", () => {
    const task = figureOneTask({ ...paperGraphSettings, edgeOrder: "layered" });
    const places = [0, 0, 0, 0];
    const orders = [0, 0];
    for (let index = 0; index < 2000; index++) {
      const { graph, prompt } = task.problem("G3", randomGenerator(`place ${index}`));
      const single = graph.passable.findIndex((nodes, layer) => layer > 0 && nodes.length === 1);
      places[graph.layers[single]!.indexOf(graph.passable[single]![0]!)]! += 1;
      const pair = graph.passable.find((nodes) => nodes.length === 2)!;
      const first = graphOfPrompt(prompt)!.edges.find(({ from }) => pair.includes(from))!.from;
      orders[first % 2]! += 1;
    }
    expectFit(places, uniform(4));
    expectFit(orders, uniform(2));
  });
});
