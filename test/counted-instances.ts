/** Small instances of counted classes, and the linear class that each of them is, for tests that hold one to the other. */
import { type LinearClass, linearClass } from "../src/model/index.ts";
import { randomGenerator } from "../src/numeric/index.ts";
import { coinInstance } from "../src/theory/coin-prompts.ts";
import type { CountedInstance } from "../src/theory/counted-class.ts";
import { largeStepInstance, smallStepInstance } from "../src/theory/step-size-instances.ts";

/** The class (3) of an instance; a prompt is its index. It knows nothing of counts: it may depend on whole beginnings. */
export function linearClassOf(instance: CountedInstance): LinearClass<number> {
  const { dimension, vocabularySize, horizon, prompts } = instance;
  return linearClass<number>({
    dimension,
    vocabularySize,
    horizon,
    features(prompt, response, length) {
      const token = response[length - 1]!;
      return prompts[prompt]!.features.subarray(token * dimension, (token + 1) * dimension);
    },
  });
}

const sizes = { H: 6, T: 20 };
const random = randomGenerator("four tokens");
const normal = (count: number, scale: number) =>
  Float64Array.from({ length: count }, () => scale * random.normal());

/** App. I.4's two cases, coins, and features without any structure: few enough responses to enumerate. */
export const smallInstances: Readonly<Record<string, CountedInstance>> = {
  "small step": smallStepInstance({ ...sizes, N: 3, rare: 0.3 }),
  "large step": largeStepInstance({ ...sizes, step: 8 }),
  coins: coinInstance({ H: 7, B: 1.5, weight: 0.3, logOdds: [0.8, -0.5] }),
  "four tokens": {
    dimension: 3,
    vocabularySize: 4,
    horizon: 5,
    prompts: [0.2, 0.8].map((weight, index) => ({
      name: `prompt ${index}`,
      weight,
      features: normal(12, 1.5),
    })),
    target: Float64Array.of(0.5, -0.4, 0.6),
    start: Float64Array.of(-0.3, 0.2, 0.1),
  },
};
