/** Test-time training of the linear class against `model/linear`, which differentiates on its own. */
import { expect, test } from "vitest";
import { linearClass } from "../model/index.ts";
import { randomGenerator } from "../numeric/index.ts";
import { generate } from "./generate.ts";
import { linearDecoder } from "./linear-decoder.ts";
import { scoreByReading } from "./score.ts";

const vocabularySize = 4;
const dimension = 5;
const horizon = 6;
/** φ depends on everything read: a draw of a stream that the tokens name. */
const feature = (tokens: readonly number[]) => {
  const generator = randomGenerator(`features/${tokens.join(",")}`);
  return Float64Array.from({ length: dimension }, () => generator.normal());
};
const prompt = [2, 0];
const start = feature([9]);

const decoderModel = {
  vocabularySize,
  contextLength: 16,
  parameters: start,
  features: (prefix: readonly number[]) => {
    const rows = new Float64Array(vocabularySize * dimension);
    for (let token = 0; token < vocabularySize; token++)
      rows.set(feature([...prefix, token]), token * dimension);
    return rows;
  },
};
const exact = linearClass<readonly number[]>({
  dimension,
  vocabularySize,
  horizon,
  features: (given, response, length) => feature([...given, ...Array.from(response).slice(0, length)]),
});

/** (22) and (23) as printed: log π_θ(y_h | x, y_<h), then θ ← Proj(θ + η·∇). */
function stepped(
  response: readonly number[],
  { stepSize, radius }: { stepSize: number; radius?: number },
): number[] {
  let parameters = Float64Array.from(start);
  return response.map((_, position) => {
    const next = Float64Array.from(parameters);
    const logProbability = exact.addTokenGradient({ parameters, prompt, response }, position, stepSize, next);
    const norm = Math.hypot(...next);
    parameters = radius !== undefined && norm > radius ? next.map((value) => (value * radius) / norm) : next;
    return logProbability;
  });
}

test.each([{ stepSize: 0.4 }, { stepSize: 0.4, radius: 1.5 }])(
  "draws and scores under %j are those of the class stepped by its own gradients, to 1e-10",
  async (options) => {
    const decoder = linearDecoder(decoderModel, options);
    const requests = Array.from({ length: 20 }, (_, draw) => ({
      prompt,
      generator: randomGenerator(`linear draw ${draw}`),
      maxTokens: horizon,
    }));
    const drawn = await generate(decoder, requests);
    const scored = await scoreByReading(
      decoder,
      drawn.map(({ tokens }) => ({ prompt, response: tokens })),
    );
    drawn.forEach(({ tokens, logProbabilities }, index) => {
      stepped(tokens, options).forEach((value, position) => {
        expect(Math.abs(value - logProbabilities[position]!)).toBeLessThan(1e-10);
        expect(Math.abs(value - scored[index]!.logProbabilities[position]!)).toBeLessThan(1e-10);
      });
    });
  },
);
