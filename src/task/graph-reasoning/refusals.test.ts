import { describe, expect, test } from "vitest";
import { namesOf } from "../../../test/graph-problems.ts";
import { randomGenerator } from "../../numeric/index.ts";
import { graphExamples } from "./examples.ts";
import { figureOneTask } from "./figure-one.ts";
import { figureTwoTask } from "./figure-two.ts";
import { pathsOfPrompt } from "./path-oracle.ts";
import { graphOfPrompt } from "./prompt.ts";
import { type GraphSettings, paperGraphSettings } from "./settings.ts";

describe("refused", () => {
  test.each([
    [{ middleLayers: 1 }, "graph-figure-1: middleLayers is 1: must be an integer between 2 and 32"],
    [{ middleLayers: 8.5 }, "graph-figure-1: middleLayers is 8.5: must be an integer between 2 and 32"],
    [{ width: 1 }, "graph-figure-1: width is 1: must be an integer between 2 and 64"],
    [
      { names: 33 },
      "graph-figure-1: names is 33: must be an integer between 34, the nodes of a graph, and 1048576",
    ],
    [{ edgeOrder: "sorted" }, 'graph-figure-1: edgeOrder is "sorted": must be shuffled or layered'],
    [{ padded: "yes" }, 'graph-figure-1: padded is "yes": must be true or false'],
    [{ seed: 3 }, "graph-figure-1: seed is 3: must be text"],
    [{ names: Number.NaN }, "graph-figure-1: names is NaN: must be an integer between 34"],
  ])("a setting outside its limits, by name: %j", (setting, message) => {
    expect(() => figureOneTask({ ...paperGraphSettings, ...setting } as GraphSettings)).toThrow(message);
  });

  test.each([
    [{}, "graph-figure-2: weights are all 0: at least one of G_H1, G_H2, G_H3 must be positive"],
    [{ G_H1: -1 }, "graph-figure-2: weights.G_H1 is -1: must be a finite number of at least 0"],
    [{ G_H2: Number.NaN }, "graph-figure-2: weights.G_H2 is NaN: must be"],
    [{ G1: 1 }, 'graph-figure-2: weights: no class is called "G1" (known: G_H1, G_H2, G_H3)'],
  ])("weights that are none: %j", (weights, message) => {
    const task = figureTwoTask(paperGraphSettings);
    expect(() => task.sample(weights as never, randomGenerator("a"))).toThrow(message);
    expect(() => graphExamples(task, weights as never)).toThrow(message);
  });

  test("a class that there is not", () => {
    const task = figureTwoTask(paperGraphSettings);
    expect(() => task.problem("G1" as never, randomGenerator("a"))).toThrow(
      'graph-figure-2: class is "G1": must be G_H1, G_H2, G_H3',
    );
  });

  test.each([
    "",
    "1 2",
    "1 2 / 1 2",
    "1 2 | / 1 2 =",
    "1 2 3 / 1 2 =",
    "01 2 / 1 2 =",
    "1 2 / 1 2 = 3",
    "_",
    "a b / a b =",
  ])("a text that is no prompt: %j", (text) => {
    expect(graphOfPrompt(text)).toBeUndefined();
    expect(() => pathsOfPrompt(text)).toThrow("prompt: is no graph-reasoning prompt");
  });

  test.each(["", "12", "x", "1 2 3", "-1", "1.0 2"])("no path, so log π_D is −∞: %j", (response) => {
    const task = figureOneTask(paperGraphSettings);
    const problem = task.problem("G3", randomGenerator("a"));
    expect(task.isPath(problem, response)).toBe(false);
    expect(task.logProbability(problem, response)).toBe(Number.NEGATIVE_INFINITY);
  });

  test("a path of another class, or one through a dead end", () => {
    const task = figureOneTask(paperGraphSettings);
    const problem = task.problem("G1", randomGenerator("a"));
    const likely = task
      .paths(problem)
      .filter((path) => task.logProbability(problem, path) > Number.NEGATIVE_INFINITY);
    expect(likely).toEqual([problem.response]);
    const path = namesOf(problem.response);
    const deadEnd = problem.graph.layers[1]!.find((name) => !problem.graph.passable[1]!.includes(name))!;
    expect(task.isPath(problem, [path[0], deadEnd, ...path.slice(2)].join(" "))).toBe(false);
    expect(task.isPath(problem, `  ${path.join("\n")} `)).toBe(true);
  });

  test("a search that would find too many paths, or only dead ends", () => {
    const ladder = (layers: number) =>
      Array.from({ length: layers }, (_, index) =>
        [1, 2].flatMap((from) => [1, 2].map((to) => `${10 * index + 10 + from} ${10 * index + 20 + to}`)),
      ).flat();
    const open = ["1 11", "1 12", ...ladder(12)];
    expect(() => pathsOfPrompt(`${[...open, "131 2", "132 2"].join(" | ")} / 1 2 =`, 100)).toThrow(
      "prompt: has more than 100 paths",
    );
    expect(() => pathsOfPrompt(`${open.join(" | ")} / 1 2 =`, 10)).toThrow("prompt: has too many dead ends");
  });
});
