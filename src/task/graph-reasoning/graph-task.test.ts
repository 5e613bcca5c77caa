import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { namesOf, p, pairsOf } from "../../../test/graph-problems.ts";
import { randomGenerator } from "../../numeric/index.ts";
import { graphExamples } from "./examples.ts";
import { type FigureOneClass, figureOneTask } from "./figure-one.ts";
import { type FigureTwoClass, figureTwoTask } from "./figure-two.ts";
import type { GraphProblem } from "./graph-task.ts";
import { pathsOfPrompt } from "./path-oracle.ts";
import { graphOfPrompt } from "./prompt.ts";
import { type GraphSettings, paperGraphSettings } from "./settings.ts";

const settingsOf = fc
  .record({
    middleLayers: fc.integer({ min: 2, max: 10 }),
    width: fc.integer({ min: 2, max: 6 }),
    extraNames: fc.integer({ min: 0, max: 60 }),
    edgeOrder: fc.constantFrom("shuffled" as const, "layered" as const),
    padded: fc.boolean(),
    seed: fc.string({ maxLength: 8 }),
  })
  .map(
    ({ extraNames, ...settings }): GraphSettings => ({
      ...settings,
      names: 2 + settings.middleLayers * settings.width + extraNames,
    }),
  );

const anyFigureOne = fc.record({
  settings: settingsOf,
  graphClass: fc.constantFrom<FigureOneClass>("G1", "G2", "G3"),
  key: fc.string({ maxLength: 8 }),
});
const anyFigureTwo = fc.record({
  settings: settingsOf,
  graphClass: fc.constantFrom<FigureTwoClass>("G_H1", "G_H2", "G_H3"),
  key: fc.string({ maxLength: 8 }),
});

/** What every problem of both tasks satisfies. */
function expectSound(problem: GraphProblem, settings: GraphSettings): void {
  const { layers, passable } = problem.graph;
  expect(layers.map((layer) => layer.length)).toEqual([
    1,
    ...Array.from({ length: settings.middleLayers }, () => settings.width),
    1,
  ]);
  const names = layers.flat();
  expect(new Set(names).size).toBe(names.length);
  expect(names.every((name) => Number.isInteger(name) && name >= 1 && name <= settings.names)).toBe(true);
  for (const [index, nodes] of passable.entries()) {
    expect(layers[index]!.filter((name) => nodes.includes(name))).toEqual(nodes);
    if (nodes.length !== 1) expect(nodes.map(p).sort()).toEqual([0, 1]);
  }
}

describe("Figure 1's task", () => {
  test("follows the rules of its classes", () => {
    fc.assert(
      fc.property(anyFigureOne, ({ settings, graphClass, key }) => {
        const task = figureOneTask(settings);
        const problem = task.problem(graphClass, randomGenerator(key));
        expectSound(problem, settings);
        const pairs = pairsOf(problem);
        expect(pairs).toHaveLength(2);
        const path = namesOf(problem.response);
        const hidden = [1, ...task.hiddenLayers].flatMap((layer) => problem.graph.layers[layer - 1]!);
        const parity = hidden.reduce((sum, name) => sum ^ p(name), 0);
        if (graphClass === "G1") {
          expect(parity).toBe(1);
          for (const { layer } of pairs) expect(p(path[layer - 1]!)).toBe(p(layer));
        }
        if (graphClass === "G2") {
          expect(parity).toBe(0);
          for (const { layer } of pairs) expect(p(path[layer - 1]!)).toBe(1 - p(layer));
        }
        expect(task.paths(problem)).toHaveLength(4);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe("Figure 2's task", () => {
  test("follows the rules of its classes", () => {
    fc.assert(
      fc.property(anyFigureTwo, ({ settings, graphClass, key }) => {
        const task = figureTwoTask(settings);
        const problem = task.problem(graphClass, randomGenerator(key));
        expectSound(problem, settings);
        const pairs = pairsOf(problem);
        const { middleLayers } = settings;
        const expected = { G_H1: 0, G_H2: Math.floor(middleLayers / 2), G_H3: Math.min(4, middleLayers) };
        expect(pairs).toHaveLength(expected[graphClass]);
        expect(task.paths(problem)).toHaveLength(2 ** expected[graphClass]);
        if (graphClass !== "G_H2") return;
        const all = problem.graph.passable.slice(1, -1).flat();
        const exclusiveOr = all.reduce((sum, name) => sum ^ p(name), 0);
        const path = namesOf(problem.response);
        for (const { layer } of pairs) expect(p(path[layer - 1]!)).toBe(p(layer) ^ exclusiveOr);
      }),
      { seed: 2, numRuns: 300 },
    );
  });
});

describe("both tasks", () => {
  const drawn = (given: {
    settings: GraphSettings;
    graphClass: FigureOneClass | FigureTwoClass;
    key: string;
  }) => {
    const { settings, graphClass, key } = given;
    const task = graphClass.startsWith("G_") ? figureTwoTask(settings) : figureOneTask(settings);
    return { task, problem: task.problem(graphClass as never, randomGenerator(key)) };
  };
  const any = fc.oneof(anyFigureOne, anyFigureTwo);

  test("a search over the prompt's edges finds the generator's paths, and π_D sums to 1 over them", () => {
    fc.assert(
      fc.property(any, (given) => {
        const { task, problem } = drawn(given);
        const paths = pathsOfPrompt(problem.prompt);
        expect([...paths].sort()).toEqual([...task.paths(problem as never)].sort());
        const total = paths.reduce(
          (sum, path) => sum + Math.exp(task.logProbability(problem as never, path)),
          0,
        );
        expect(total).toBeCloseTo(1, 12);
        expect(task.logProbability(problem as never, problem.response)).toBe(problem.logProbability);
        expect(problem.logProbability).toBeGreaterThan(Number.NEGATIVE_INFINITY);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  test("prompts have three tokens an edge and three more, or the longest prompt's where they are padded", () => {
    fc.assert(
      fc.property(any, (given) => {
        const { task, problem } = drawn(given);
        const tokens = problem.prompt.split(" ").length;
        const edges = graphOfPrompt(problem.prompt)!.edges.length;
        expect(tokens).toBe(given.settings.padded ? task.promptTokens : 3 * edges + 3);
        expect(tokens).toBeLessThanOrEqual(task.promptTokens);
        expect(namesOf(problem.response)).toHaveLength(task.responseTokens);
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  test("the same seed and stream give the same problem, whatever was drawn before", () => {
    const one = figureOneTask(paperGraphSettings).sample({ G1: 1, G2: 1 }, randomGenerator("a"));
    const task = figureOneTask(paperGraphSettings);
    task.problem("G3", randomGenerator("b"));
    expect(task.sample({ G1: 1, G2: 1 }, randomGenerator("a"))).toEqual(one);
  });

  test("examples carry prompt, response and log π_D", () => {
    const task = figureTwoTask(paperGraphSettings);
    const { prompt, response, logProbability } = graphExamples(task, { G_H3: 1 }).example(
      randomGenerator("a"),
    );
    expect(pathsOfPrompt(prompt)).toContain(response);
    expect(logProbability).toBeCloseTo(-Math.log(16), 14);
  });
});

/** Layers from the prompt's text alone: distance from the source along edges. */
function layersOfPrompt(prompt: string): number[][] {
  const [, list = "", ends = ""] = /^[_ ]*([^/]*)\/(.*)=$/.exec(prompt) ?? [];
  const edges = list.split("|").map((edge) => namesOf(edge.trim()));
  let layer = [namesOf(ends.trim())[0]!];
  const layers: number[][] = [];
  while (layer.length > 0) {
    layers.push(layer);
    const next = edges.filter(([from]) => layer.includes(from!)).map(([, to]) => to!);
    layer = [...new Set(next)];
  }
  return layers;
}

describe("a prompt's text", () => {
  test("tells Figure 1's classes apart by V' alone, also where edges are shuffled", () => {
    fc.assert(
      fc.property(
        anyFigureOne,
        fc.constantFrom<FigureOneClass>("G1", "G2"),
        ({ settings, key }, graphClass) => {
          const task = figureOneTask(settings);
          const { prompt, response } = task.problem(graphClass, randomGenerator(key));
          const layers = layersOfPrompt(prompt);
          const hidden = [1, ...task.hiddenLayers].flatMap((layer) => layers[layer - 1]!);
          const found = hidden.filter((name) => p(name) === 1).length % 2 === 1 ? "G1" : "G2";
          expect(found).toBe(graphClass);
          // And so π_D's answer: in a layer with two nodes that edges leave, the one of the class's parity.
          const path = namesOf(response);
          const leaving = new Set(graphOfPrompt(prompt)!.edges.map(({ from }) => from));
          const answer = layers.map((layer, index) => {
            const open = layer.filter((name) => leaving.has(name) || layer.length === 1);
            return open.length === 1
              ? open[0]
              : open.find((name) => p(name) === p(index + 1 + (found === "G1" ? 0 : 1)));
          });
          expect(path).toEqual(answer);
        },
      ),
      { seed: 5, numRuns: 300 },
    );
  });

  test("has edges layer by layer where they are layered, and mostly not where they are shuffled", () => {
    const inOrder = (edgeOrder: GraphSettings["edgeOrder"]) => {
      const task = figureOneTask({ ...paperGraphSettings, edgeOrder });
      const { graph, prompt } = task.problem("G3", randomGenerator(edgeOrder));
      const place = new Map(
        graph.layers.flatMap((layer, index) => layer.map((name) => [name, index] as const)),
      );
      const places = graphOfPrompt(prompt)!.edges.map(({ from }) => place.get(from)!);
      return places.every((value, index) => index === 0 || places[index - 1]! <= value);
    };
    expect(inOrder("layered")).toBe(true);
    expect(inOrder("shuffled")).toBe(false);
  });
});

describe("at the paper's settings", () => {
  const figureTwo = (middleLayers: number) => figureTwoTask({ ...paperGraphSettings, middleLayers });
  const lengths = (task: { problem(name: never, random: never): GraphProblem }, graphClass: string) =>
    Array.from(
      { length: 300 },
      (_, index) =>
        task.problem(graphClass as never, randomGenerator(`length ${index}`) as never).prompt.split(" ")
          .length,
    );

  test("Figure 1's prompts have 126 tokens, or 117 where the last middle layer branches", () => {
    const task = figureOneTask(paperGraphSettings);
    const seen = lengths(task, "G3");
    // 4 + 7·4 edges between layers and 1 to the target; a branching adds 4, or 1 before the target.
    expect([...new Set(seen)].sort()).toEqual([117, 126]);
    expect(task.promptTokens).toBe(126);
    expect(seen.reduce((sum, length) => sum + length, 0) / 300).toBeCloseTo(126 - 9 / 4, 0);
    expect(task.responseTokens).toBe(10);
    expect(task.hiddenLayers).toHaveLength(4);
  });

  test("Figure 2's longest prompts have 438 tokens at H = 24, and fit a context of 512 with the response", () => {
    const task = figureTwo(24);
    expect([...new Set(lengths(task, "G_H2"))].sort()).toEqual([429, 438]);
    expect([...new Set(lengths(task, "G_H1"))]).toEqual([3 * (24 * 4 + 1) + 3]);
    expect(task.promptTokens + task.responseTokens).toBe(464);
    expect([figureTwo(8).promptTokens, figureTwo(16).promptTokens]).toEqual([150, 294]);
  });

  test("the floor of §7 comes out: a model uniform over the passable nodes", () => {
    const weights = { G_H1: 0.94, G_H2: 0.05, G_H3: 0.01 };
    for (const [middleLayers, kl] of [
      [8, 0.139],
      [16, 0.277],
      [24, 0.416],
    ] as const) {
      const task = figureTwo(middleLayers);
      let divergence = 0;
      let [atLeast, above] = [0, 0];
      for (const graphClass of task.classes) {
        const problem = task.problem(graphClass, randomGenerator("floor"));
        const ratio = Math.exp(problem.logProbability) * pathsOfPrompt(problem.prompt).length;
        divergence += weights[graphClass] * Math.log(ratio);
        if (ratio > 16 - 1e-9) atLeast += weights[graphClass];
        if (ratio > 16 + 1e-9) above += weights[graphClass];
      }
      expect(divergence).toBeCloseTo(kl, 3);
      // At H = 8 the hard class's ratio is exactly 16.
      expect([atLeast, above]).toEqual([0.05, middleLayers === 8 ? 0 : 0.05]);
    }
  });
});
