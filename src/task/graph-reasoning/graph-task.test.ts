import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomGenerator } from "../../numeric/index.ts";
import { graphExamples } from "./examples.ts";
import { type FigureOneClass, figureOneTask } from "./figure-one.ts";
import { type FigureTwoClass, figureTwoTask } from "./figure-two.ts";
import type { GraphProblem } from "./graph-task.ts";
import { pathsOfPrompt } from "./path-oracle.ts";
import { graphOfPrompt } from "./prompt.ts";
import { type GraphSettings, paperGraphSettings } from "./settings.ts";

const p = (value: number) => value % 2;
const namesOf = (text: string) => text.split(" ").map(Number);

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

const pairsOf = ({ graph }: GraphProblem) =>
  graph.passable.flatMap((nodes, index) => (nodes.length === 2 ? [{ layer: index + 1, nodes }] : []));

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
