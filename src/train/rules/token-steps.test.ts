/** Token-level SGD (21): a step after every token. */
import { describe, expect, test } from "vitest";
import {
  linearBatch,
  linearClass,
  linearSequences,
  linearSizes,
  linearTokenGradient,
} from "../../../test/linear-class.ts";
import { type Arrays, largestDifference, trajectory } from "../../../test/trajectory.ts";
import {
  float64Executor,
  type NamedValues,
  onnxruntimeExecutor,
  type TensorValue,
} from "../../tensor/index.ts";
import { sequenceLoss } from "../loss.ts";
import { ruleByName } from "./rule-by-name.ts";
import { tokenSteps } from "./token-steps.ts";

const start = [-0.2, 0.1, -0.4, 0.3, 0.2];
const rate = 0.15;
const radius = 0.9;

/** (21) word for word; a batch takes the mean gradient of its h-th tokens. */
function literal(sequences: readonly ReturnType<typeof linearSequences>[]): Arrays[] {
  let theta = [...start];
  const passed: Arrays[] = [];
  for (const batch of sequences) {
    const longest = Math.max(...batch.map(({ tokens }) => tokens.length));
    for (let h = 0; h < longest; h++) {
      const there = batch.filter(({ tokens }) => tokens.length > h);
      const gradients = there.map((sequence) => linearTokenGradient(theta, sequence, h));
      theta = theta.map(
        (value, i) => value + (rate * gradients.reduce((sum, g) => sum + g[i]!, 0)) / there.length,
      );
      const norm = Math.hypot(...theta);
      if (norm > radius) theta = theta.map((value) => (value * radius) / norm);
      passed.push({ theta: Float64Array.from(theta) });
    }
  }
  return passed;
}

describe("token-level SGD on the linear class", () => {
  test.each([
    ["one sequence at a time", 1],
    ["batches with responses of several lengths", 4],
  ])("%s: every step is the literal recursion's", async (_, batch) => {
    const batches = Array.from({ length: 12 }, (_, index) => linearSequences(`token ${index}`, batch));
    const feeds: NamedValues[] = batches.flatMap((sequences) => {
      const { weights, ...rest } = linearBatch(sequences);
      return tokenSteps(weights as TensorValue).map(
        (picked) => ({ ...rest, weights: picked }) as NamedValues,
      );
    });
    const rule = ruleByName("token-sgd", { learningRate: rate, radius });
    expect(rule.stepAfter).toBe("token");
    const onnxruntime = await onnxruntimeExecutor();
    for (const executor of [float64Executor(), onnxruntime]) {
      const actual = await trajectory(executor, {
        rule: rule.update,
        problem: {
          start: { theta: { shape: [5, 1], data: Float64Array.from(start) } },
          loss(graph, parameters) {
            const shape = { batch, length: linearSizes.length };
            const { logits } = linearClass.forward(graph, parameters, linearClass.inputs(graph, shape));
            const targets = graph.input("targets", [batch, shape.length], "int");
            const weights = graph.input("weights", [batch, shape.length]);
            const logProbabilities = graph.pick(graph.logSoftmax(logits), targets);
            return sequenceLoss(graph, { logProbabilities, logits, weights });
          },
          feeds: (step) => feeds[step - 1]!,
        },
        steps: feeds.length,
        learningRate: rate,
      });
      expect(feeds.length).toBeGreaterThanOrEqual(50);
      expect(largestDifference(actual, literal(batches))).toBeLessThan(
        executor === onnxruntime ? 1e-5 : 1e-12,
      );
    }
    await onnxruntime.release();
  });
});

describe("the weights of token steps", () => {
  test("pick the h-th response token of every row that has one, as a mean", () => {
    const weights = { shape: [3, 4], data: Float32Array.of(0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0) };
    expect(tokenSteps(weights).map(({ data }) => [...data])).toEqual([
      [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0],
      [0, 0, 1.5, 0, 0, 1.5, 0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0],
    ]);
    expect(tokenSteps(weights)[0]!.data).toBeInstanceOf(Float32Array);
  });

  test("a batch without response tokens has no step", () => {
    expect(tokenSteps({ shape: [1, 2], data: new Float64Array(2) })).toEqual([]);
  });
});
