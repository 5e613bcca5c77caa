/** Oracle: the update rules of src/train on the linear class as a graph, in float64, from the same responses. */
import { describe, expect, test } from "vitest";
import { linearClassOf, smallInstances } from "../../test/counted-instances.ts";
import { type Arrays, largestDifference, trajectory } from "../../test/trajectory.ts";
import { linearBatch, linearCoverage, linearDivergence, linearLanguageModel } from "../model/index.ts";
import { randomGenerator } from "../numeric/index.ts";
import { float64Executor } from "../tensor/index.ts";
import {
  type Loss,
  l2Ball,
  normalizedSgd,
  sequenceLoss,
  sgd,
  teacherInput,
  truncatedLoss,
  type UpdateRule,
} from "../train/index.ts";
import { type CountedClass, type CountedInstance, countedClass } from "./counted-class.ts";
import { type CountedRule, iterateAverage } from "./counted-training.ts";

interface Drawn {
  readonly prompt: number;
  readonly response: number[];
}

/** The class, noting what it draws: the tokens of a count stand next to each other, as their order means nothing. */
function noting(counted: CountedClass, drawn: Drawn[]): CountedClass {
  return {
    instance: counted.instance,
    inherentVariance: counted.inherentVariance,
    tokenLogProbabilities: (...given) => counted.tokenLogProbabilities(...given),
    addGradient: (...given) => counted.addGradient(...given),
    tokenDivergence: (...given) => counted.tokenDivergence(...given),
    promptCoverage: (...given) => counted.promptCoverage(...given),
    drawPrompt(generator) {
      const prompt = counted.drawPrompt(generator);
      drawn.push({ prompt, response: [] });
      return prompt;
    },
    drawCounts(prompt, tokens, generator, into) {
      counted.drawCounts(prompt, tokens, generator, into);
      into.forEach((count, token) => {
        for (let i = 0; i < count; i++) drawn.at(-1)?.response.push(token);
      });
    },
  };
}

/** θ¹ … θ^{T+1} under a rule of src/train; tokens that the counted training did not draw are 0 and must not matter. */
async function graphIterates(
  instance: CountedInstance,
  given: {
    readonly drawn: readonly Drawn[];
    readonly loss: Loss;
    readonly rule: UpdateRule;
    readonly stepSize: number;
    /** Whether the loss reads π_D's distributions. */
    readonly taught: boolean;
  },
): Promise<Arrays[]> {
  const { drawn, loss, rule, stepSize, taught } = given;
  const { horizon, vocabularySize, target, start } = instance;
  const linear = linearClassOf(instance);
  const model = linearLanguageModel(linear);
  const shape = { batch: 1, length: horizon };
  const first = { theta: start };
  const steps = await trajectory(float64Executor(), {
    rule,
    steps: drawn.length,
    learningRate: stepSize,
    problem: {
      start: { theta: { shape: [start.length], data: start } },
      loss(graph, parameters) {
        const { logits } = model.forward(graph, parameters, model.inputs(graph, shape));
        const targets = graph.input("targets", [1, horizon], "int");
        const logProbabilities = graph.pick(graph.logSoftmax(logits), targets);
        return loss(graph, { logits, logProbabilities, weights: graph.input("weights", [1, horizon]) });
      },
      feeds(step) {
        const { prompt, response } = drawn[step - 1]!;
        const whole = Array.from({ length: horizon }, (_, position) => response[position] ?? 0);
        const teacher = linear.nextTokenLogProbabilities({ parameters: target, prompt, response: [] }, 0);
        return {
          ...linearBatch(linear, [{ prompt, response: whole }]),
          ...(taught && {
            [teacherInput.logProbabilities]: {
              shape: [1, horizon, vocabularySize],
              data: Float64Array.from(whole.flatMap(() => Array.from(teacher))),
            },
          }),
        };
      },
    },
  });
  return [first, ...steps];
}

const projection = l2Ball(1);
const N = 1.5;
const rules: readonly {
  readonly counted: CountedRule;
  readonly rule: UpdateRule;
  readonly loss: Loss;
}[] = [
  { counted: { name: "sgd", stepSize: 0.05 }, rule: sgd({ projection }), loss: sequenceLoss },
  {
    counted: { name: "normalized", stepSize: 0.1, lambda: 0.3 },
    rule: normalizedSgd({ lambda: 0.3, projection }),
    loss: sequenceLoss,
  },
  {
    counted: { name: "truncated", stepSize: 0.05, logN: Math.log(N) },
    rule: sgd({ projection }),
    loss: truncatedLoss({ N, teacher: "full" }),
  },
];
const steps = 15;
const cases = Object.entries(smallInstances).flatMap(([name, instance]) =>
  rules.map(({ counted, ...graph }) => ({ name, instance, ruleName: counted.name, counted, graph })),
);

describe.each(cases)("$ruleName on $name", ({ name, instance, counted: rule, graph }) => {
  test("ends where the rule on the graph ends, and averages its iterates' coverage and divergence", async () => {
    const drawn: Drawn[] = [];
    const logN = [Math.log(1.2), Math.log(3)];
    const average = iterateAverage({
      instance: noting(countedClass(instance), drawn),
      rule,
      steps,
      logN,
      generator: randomGenerator(`${name}/${rule.name}`),
    });
    const iterates = await graphIterates(instance, {
      ...graph,
      drawn,
      stepSize: rule.stepSize,
      taught: rule.name === "truncated",
    });
    expect(largestDifference([{ theta: average.parameters }], iterates.slice(-1))).toBeLessThan(1e-10);
    // It has moved.
    expect(Math.hypot(...average.parameters.map((value, i) => value - instance.start[i]!))).toBeGreaterThan(
      0.01,
    );

    const linear = linearClassOf(instance);
    const policies = iterates.slice(0, steps).map(({ theta }) => ({
      from: { class: linear, parameters: instance.target },
      to: { class: linear, parameters: theta! },
      prompts: instance.prompts.map(({ weight }, prompt) => ({ prompt, weight })),
    }));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / steps;
    logN.forEach((limit, index) => {
      const exact = policies.map((policy) => linearCoverage({ ...policy, n: [Math.exp(limit)] })[0]!);
      expect(average.coverage[index]).toBeCloseTo(mean(exact), 10);
    });
    expect(average.divergence).toBeCloseTo(mean(policies.map(linearDivergence)), 10);
  });
});

test("truncation counts fewer tokens than there are, one of them in part, and all once the student is near", () => {
  const instance = smallInstances["four tokens"]!;
  const tokensOf = (start: Float64Array) => {
    const drawn: Drawn[] = [];
    iterateAverage({
      instance: noting(countedClass({ ...instance, start }), drawn),
      rule: { name: "truncated", stepSize: 0.05, logN: Math.log(N) },
      steps: 1,
      logN: [0],
      generator: randomGenerator("tokens"),
    });
    return drawn[0]!.response.length;
  };
  expect(tokensOf(instance.start)).toBeLessThan(instance.horizon);
  expect(tokensOf(instance.target)).toBe(instance.horizon);
});
