/** Oracle: token-level steps of src/train on the linear class as a graph, and its decoder with test-time training. */
import { describe, expect, test } from "vitest";
import { linearClassOf } from "../../test/counted-instances.ts";
import { type Arrays, largestDifference, trajectory } from "../../test/trajectory.ts";
import { linearDecoder, scoreByReading } from "../decode/index.ts";
import { linearBatch, linearLanguageModel, responseAt, responseLogProbabilities } from "../model/index.ts";
import { randomGenerator } from "../numeric/index.ts";
import { float64Executor } from "../tensor/index.ts";
import { l2Ball, sequenceLoss, sgd, tokenSteps } from "../train/index.ts";
import { type CountedInstance, countedClass } from "./counted-class.ts";
import { largeStepInstance, smallStepInstance } from "./step-size-instances.ts";
import { largestFeature, responseTokens, tokenLevelAverage } from "./token-level-training.ts";

const sizes = { H: 6, T: 20 };
const sharp = smallStepInstance({ ...sizes, N: 3, rare: 0.3 });
const instances: Readonly<Record<string, CountedInstance>> = {
  "small step": sharp,
  "large step": largeStepInstance({ ...sizes, step: 8 }),
  // Features a tenth as long: every token occurs.
  blunt: {
    ...sharp,
    prompts: sharp.prompts.map((prompt) => ({
      ...prompt,
      features: prompt.features.map((value) => value / 10),
    })),
  },
};
const steps = 12;
const logN = Math.log(1.5);

/** log π_D of each token of a prompt. */
const targetOf = (instance: CountedInstance, prompt: number) =>
  countedClass(instance).tokenLogProbabilities(instance.target, prompt, new Float64Array(3));

const tokensOf = (runs: Iterable<{ readonly token: number; readonly end: number }>): number[] => {
  const tokens: number[] = [];
  for (const { token, end } of runs) while (tokens.length < end) tokens.push(token);
  return tokens;
};

/** The responses that `tokenLevelAverage` trains on with the same generator. */
function drawnResponses(instance: CountedInstance, key: string) {
  const generator = randomGenerator(key);
  const counted = countedClass(instance);
  return Array.from({ length: steps }, () => {
    const prompt = counted.drawPrompt(generator);
    const runs = responseTokens(targetOf(instance, prompt), instance.horizon, generator);
    return { prompt, response: tokensOf(runs) };
  });
}

/** θ¹ … θ^{T+1}: a step of SGD on the graph after every token. */
async function graphIterates(
  instance: CountedInstance,
  given: { readonly drawn: ReturnType<typeof drawnResponses>; readonly stepSize: number },
): Promise<Arrays[]> {
  const { drawn, stepSize } = given;
  const { horizon, start } = instance;
  const linear = linearClassOf(instance);
  const model = linearLanguageModel(linear);
  const feeds = drawn.flatMap((example) => {
    const batch = linearBatch(linear, [example]);
    return tokenSteps(batch.weights!).map((weights) => ({ ...batch, weights }));
  });
  const passed = await trajectory(float64Executor(), {
    rule: sgd({ projection: l2Ball(1) }),
    steps: feeds.length,
    learningRate: stepSize,
    problem: {
      start: { theta: { shape: [2], data: start } },
      loss(graph, parameters) {
        const shape = { batch: 1, length: horizon };
        const { logits } = model.forward(graph, parameters, model.inputs(graph, shape));
        const targets = graph.input("targets", [1, horizon], "int");
        const logProbabilities = graph.pick(graph.logSoftmax(logits), targets);
        return sequenceLoss(graph, {
          logits,
          logProbabilities,
          weights: graph.input("weights", [1, horizon]),
        });
      },
      feeds: (step) => feeds[step - 1]!,
    },
  });
  return [{ theta: start }, ...passed.filter((_, index) => (index + 1) % horizon === 0)];
}

/** log π^TTT(y|x) of responses to one prompt, read token by token by the decoder. */
async function trainedLogProbabilities(
  instance: CountedInstance,
  given: {
    readonly parameters: Float64Array;
    readonly stepSize: number;
    readonly prompt: number;
    readonly responses: readonly (readonly number[])[];
  },
): Promise<number[]> {
  const { parameters, stepSize, prompt, responses } = given;
  const decoder = linearDecoder(
    {
      vocabularySize: 3,
      contextLength: instance.horizon + 1,
      parameters,
      features: () => instance.prompts[prompt]!.features,
    },
    { stepSize, radius: 1 },
  );
  const scored = await scoreByReading(
    decoder,
    responses.map((response) => ({ prompt: [0], response })),
  );
  return scored.map(({ logProbabilities }) => logProbabilities.reduce((sum, value) => sum + value, 0));
}

describe.each(Object.entries(instances))("token-level SGD on %s", (name, instance) => {
  const stepSize = 0.5 / largestFeature(instance) ** 2;
  const drawn = drawnResponses(instance, name);
  const average = tokenLevelAverage({
    instance,
    stepSize,
    steps,
    logN,
    generator: randomGenerator(name),
  });

  test("ends where single steps on the graph end", async () => {
    const iterates = await graphIterates(instance, { drawn, stepSize });
    expect(largestDifference([{ theta: average.parameters }], iterates.slice(-1))).toBeLessThan(1e-10);
    expect(Math.hypot(...average.parameters.map((value, i) => value - instance.start[i]!))).toBeGreaterThan(
      1e-3,
    );
  });

  test("has the coverage of the decoder that trains while it reads, but for the responses left out", async () => {
    const iterates = await graphIterates(instance, { drawn, stepSize });
    const linear = linearClassOf(instance);
    const responses = Array.from({ length: 3 ** instance.horizon }, (_, index) =>
      Array.from(responseAt(linear, index)),
    );
    let exact = 0;
    let likeliest = 0;
    for (const [prompt, { weight }] of instance.prompts.entries()) {
      const truth = responseLogProbabilities({ class: linear, parameters: instance.target }, prompt);
      const first = truth.indexOf(Math.max(...truth));
      for (const { theta } of iterates.slice(0, steps)) {
        const model = await trainedLogProbabilities(instance, {
          parameters: theta!,
          stepSize,
          prompt,
          responses,
        });
        truth.forEach((value, index) => {
          if (value - model[index]! < logN) return;
          const mass = (weight * Math.exp(value)) / steps;
          exact += mass;
          if (index === first) likeliest += mass;
        });
      }
    }
    expect(average.coverage - average.unscored).toBeCloseTo(likeliest, 10);
    // Some iterates cover the likeliest response, and some do not.
    expect(likeliest).toBeGreaterThan(0);
    expect(likeliest).toBeLessThan(0.99 - average.unscored);
    expect(exact).toBeLessThanOrEqual(average.coverage + 1e-12);
    expect(exact).toBeGreaterThanOrEqual(average.coverage - average.unscored - 1e-12);
  });
});

test("responses are drawn in runs with the probabilities of independent tokens", () => {
  const logProbabilities = Float64Array.of(0.2, 0.7, 0.1).map(Math.log);
  const [H, draws] = [3, 30_000];
  const generator = randomGenerator("runs");
  const found = new Map<string, number>();
  for (let draw = 0; draw < draws; draw++) {
    const key = tokensOf(responseTokens(logProbabilities, H, generator)).join("");
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  for (let index = 0; index < 27; index++) {
    const tokens = Array.from(responseAt({ vocabularySize: 3, horizon: H }, index));
    const probability = Math.exp(tokens.reduce((sum, token) => sum + logProbabilities[token]!, 0));
    const share = (found.get(tokens.join("")) ?? 0) / draws;
    expect(Math.abs(share - probability)).toBeLessThan(
      5 * Math.sqrt((probability * (1 - probability)) / draws),
    );
  }
});

test("instances of other sizes, and steps that can raise a loss, are refused", () => {
  const given = { steps: 1, logN, generator: randomGenerator("refused") };
  const limit = 1 / largestFeature(sharp) ** 2;
  expect(() => tokenLevelAverage({ ...given, instance: sharp, stepSize: 1.01 * limit })).toThrow(/1\/B²/);
  expect(() =>
    tokenLevelAverage({ ...given, instance: { ...sharp, dimension: 3 }, stepSize: limit }),
  ).toThrow(/dimension is 3/);
});
