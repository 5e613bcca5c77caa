import { expect, test } from "vitest";
import { bigram } from "../../test/bigram.ts";
import { randomGenerator } from "../numeric/index.ts";
import { float64Executor } from "../tensor/index.ts";
import { bucketLengths } from "./batch.ts";
import { responseScorer } from "./score.ts";

const random = randomGenerator("score test");
const table = Float64Array.from({ length: 25 }, () => random.normal());
const parameters = {
  table: { shape: [5, 5], data: table },
  bias: { shape: [5], data: new Float64Array(5) },
};

function literal(tokens: Int32Array, promptLength: number): number {
  let sum = 0;
  for (let position = promptLength; position < tokens.length; position += 1) {
    const row = table.subarray(5 * tokens[position - 1]!, 5 * tokens[position - 1]! + 5);
    sum += row[tokens[position]!]! - Math.log(row.reduce((total, value) => total + Math.exp(value), 0));
  }
  return sum;
}

test("scores are the literal sums over response tokens, in the examples' order, for batches of any size", async () => {
  const examples = Array.from({ length: 7 }, (_, index) => ({
    tokens: Int32Array.from({ length: 3 + ((3 * index) % 5) }, () => random.integer(5)),
    promptLength: 1 + (index % 2),
  }));
  for (const batch of [1, 3, 7, 10]) {
    const options = { model: bigram, executor: float64Executor(), batch, lengths: bucketLengths(6) };
    const scorer = responseScorer(options);
    const { logProbabilities, tokenCounts, tokenLogProbabilities } = await scorer.score(parameters, examples);
    expect(tokenLogProbabilities.map(({ length }) => length)).toEqual([...tokenCounts]);
    tokenLogProbabilities.forEach((own, index) => {
      expect(own.reduce((sum, value) => sum + value, 0)).toBeCloseTo(logProbabilities[index]!, 10);
    });
    examples.forEach(({ tokens, promptLength }, index) => {
      expect(logProbabilities[index]).toBeCloseTo(literal(tokens, promptLength), 12);
      expect(tokenCounts[index]).toBe(tokens.length - promptLength);
    });
    await scorer.release();
  }
});
