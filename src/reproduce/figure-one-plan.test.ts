import { describe, expect, test } from "vitest";
import { figureOneTask, pathsOfPrompt } from "../task/index.ts";
import { trainingCost } from "./cost.ts";
import type { FigureRow, PlannedTraining } from "./figure.ts";
import { figureOneFiles, figureOnePlan } from "./figure-one-plan.ts";
import { figureOneScale } from "./figure-one-scale.ts";

const laptop = figureOnePlan({ scale: "laptop", seeds: [1, 2, 3] });
const paper = figureOnePlan({ scale: "paper", seeds: [1] });

const rowsOf = (path: string): FigureRow[] => [...laptop.files.find((file) => file.path === path)!.rows()];
const configOf = (training: PlannedTraining | undefined) => training?.config as Record<string, unknown>;

describe("the paper's scale", () => {
  const [preTraining, fineTuning] = paper.trainings;

  test("pre-training is App. C's: 6 layers, 4 heads, width 384, context 512, 200,000 steps of 128 at 1e-4 on 512,000 prompts", () => {
    expect(configOf(preTraining)).toMatchObject({
      model: { layers: 6, heads: 4, width: 384, context: 512 },
      rule: { name: "adam", learningRate: 1e-4, weightDecay: 0.01 },
      schedule: { name: "constant" },
      batch: 128,
      steps: 200_000,
      data: {
        generator: "graph-figure-1",
        limit: 512_000,
        options: { middleLayers: 8, width: 4, names: 100, weights: { G1: 1, G2: 1, G3: 1 } },
      },
    });
    expect(configOf(preTraining)).not.toHaveProperty("clip");
  });

  test("fine-tuning is 50,000 steps at 5e-6 on fresh samples of .9 G1 and .1 G2", () => {
    expect(configOf(fineTuning)).toMatchObject({
      from: "seed-1/pre-training/checkpoints/step-00200000",
      rule: { learningRate: 5e-6 },
      steps: 50_000,
      batch: 128,
      data: { generator: "graph-figure-1", options: { weights: { G1: 0.9, G2: 0.1 } } },
    });
    expect((configOf(fineTuning).data as { limit?: number }).limit).toBeUndefined();
  });

  test("its cost is 6 operations a parameter and token, and attention's", () => {
    const cost = trainingCost(preTraining!.sizes);
    const layers = 6 * (12 * 384 ** 2 + 13 * 384);
    expect(cost.parameters).toBe(layers + 2 * 104 * 384 + 512 * 384 + 2 * 384);
    expect(cost.tokens).toBe(200_000 * 128 * 135);
    expect(cost.operations / (cost.tokens * 6 * cost.parameters)).toBeGreaterThan(0.95);
    expect(cost.operations / (cost.tokens * 6 * cost.parameters)).toBeLessThan(1.1);
  });
});

describe("the laptop's scale", () => {
  test("every checkpoint of every seed is scored on all sets, the pre-trained model first", () => {
    expect(laptop.scorings.length).toBe(3 * 41);
    expect(laptop.scorings[0]).toMatchObject({
      seed: 1,
      step: 0,
      checkpoint: "seed-1/pre-training/checkpoints/step-00002000",
      files: Object.values(figureOneFiles),
    });
    expect(laptop.scorings.at(-1)).toMatchObject({ seed: 3, step: 400 });
  });

  test("evaluation has as many prompts of either class, apart from those of selection", () => {
    const evaluation = rowsOf(figureOneFiles.evaluation);
    const selection = rowsOf(figureOneFiles.selection);
    const { evaluationPrompts, selectionPrompts } = figureOneScale("laptop");
    expect(evaluation.filter((row) => row.class === "G1").length).toBe(evaluationPrompts);
    expect(evaluation.filter((row) => row.class === "G2").length).toBe(evaluationPrompts);
    expect(selection.length).toBe(selectionPrompts);
    // A binomial share of .1: four standard errors.
    const rare = selection.filter((row) => row.class === "G2").length / selectionPrompts;
    expect(Math.abs(rare - 0.1)).toBeLessThan(4 * Math.sqrt(0.09 / selectionPrompts));
    const prompts = new Set(evaluation.map(({ prompt }) => prompt));
    expect(selection.filter(({ prompt }) => prompts.has(prompt))).toEqual([]);
    expect([...evaluation, ...selection].every(({ logProbability }) => logProbability === 0)).toBe(true);
  });

  test("own and other paths are the four of the prompt, the other class's path first", () => {
    const evaluation = new Map(rowsOf(figureOneFiles.evaluation).map((row) => [row.problem, row]));
    const others = rowsOf(figureOneFiles.otherPaths);
    const task = figureOneTask(figureOneScale("laptop").task);
    for (let first = 0; first < others.length; first += 3) {
      const { problem, prompt, class: name } = others[first]!;
      const own = evaluation.get(problem)!;
      expect(own.prompt).toBe(prompt);
      const paths = [own.response, ...others.slice(first, first + 3).map(({ response }) => response)];
      expect([...paths].sort()).toEqual(pathsOfPrompt(prompt).sort());
      // In a layer with two passable nodes one class takes the even, the other the odd one.
      const nodes = paths.map((path) => path.split(" ").map(Number));
      const branching = nodes[0]!.flatMap((node, layer) =>
        nodes.some((path) => path[layer] !== node) ? [layer] : [],
      );
      const offset = name === "G1" ? 0 : 1;
      // Layers are numbered from 1.
      for (const layer of branching) {
        expect(nodes[0]![layer]! % 2).toBe((layer + 1 + offset) % 2);
        expect(nodes[1]![layer]! % 2).toBe((layer + 2 + offset) % 2);
      }
    }
    expect(task.hiddenLayers.length).toBe(2);
  });
});

test("a scale that there is not is refused", () => {
  expect(() => figureOnePlan({ scale: "planet", seeds: [1] })).toThrow(RangeError);
});
