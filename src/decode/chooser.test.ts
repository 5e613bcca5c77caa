import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { chooseToken, drawToken } from "./chooser.ts";
import { logSoftmax } from "./filters.ts";

describe("a draw from log-odds", () => {
  test("is the one from their log-softmax, with its log-probability, whatever an earlier draw left in the room", () => {
    const room = new Float64Array(50);
    const values = randomGenerator("log-odds");
    for (let draw = 0; draw < 5000; draw++) {
      const logits = Float32Array.from({ length: 50 }, () =>
        values.uniform() < 0.3 ? Number.NEGATIVE_INFINITY : 40 * values.normal(),
      );
      const model = logSoftmax(logits);
      const token = chooseToken(model, randomGenerator(`draw ${draw}`));
      expect(drawToken(logits, randomGenerator(`draw ${draw}`), room)).toEqual({
        token,
        logProbability: model[token],
      });
    }
  });

  test("takes the only token that there is", () => {
    const only = Float64Array.of(Number.NEGATIVE_INFINITY, 5);
    expect(drawToken(only, randomGenerator("seed 1"), new Float64Array(2))).toEqual({
      token: 1,
      logProbability: 0,
    });
  });

  test.each([
    ["NaN", Float64Array.of(0, Number.NaN, 1)],
    ["infinity", Float64Array.of(0, Number.POSITIVE_INFINITY)],
    ["no token", Float64Array.of(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY)],
  ])("refuses %s", (_, logits) => {
    const draw = () => drawToken(logits, randomGenerator("seed"), new Float64Array(logits.length));
    expect(draw).toThrow(/the log-sum of a distribution is/);
  });
});
