import { expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { fixedSamples, freshSamples, shuffledEpochs } from "./data.ts";

const items = Array.from({ length: 10 }, (_, index) => index);
const stream = (
  source: { batch(step: number, size: number): readonly number[] },
  size: number,
  steps: number,
) => Array.from({ length: steps }, (_, index) => source.batch(index + 1, size)).flat();

test("each epoch holds every example once, in an order of its own", () => {
  const taken = stream(shuffledEpochs(items, randomGenerator("a")), 4, 5);
  const [first, second] = [taken.slice(0, 10), taken.slice(10)];
  expect([...first].sort()).toEqual(items);
  expect([...second].sort()).toEqual(items);
  expect(first).not.toEqual(second);
});

test("a batch does not depend on what was asked before, nor the order on the size", () => {
  const used = shuffledEpochs(items, randomGenerator("a"));
  stream(used, 3, 40);
  expect(used.batch(7, 3)).toEqual(shuffledEpochs(items, randomGenerator("a")).batch(7, 3));
  expect(stream(used, 3, 10)).toEqual(stream(used, 15, 2));
  expect(used.batch(1, 10)).not.toEqual(shuffledEpochs(items, randomGenerator("b")).batch(1, 10));
});

test("a batch may be longer than the set", () => {
  expect(shuffledEpochs([5], randomGenerator("a")).batch(2, 3)).toEqual([5, 5, 5]);
  expect(() => shuffledEpochs([], randomGenerator("a"))).toThrow(/items is empty/);
});

test("fresh samples differ between steps and places, and repeat for the same step", () => {
  const source = freshSamples((generator) => generator.uniform(), randomGenerator("a"));
  expect(source.batch(3, 2)).toEqual(source.batch(3, 2));
  expect(new Set(stream(source, 4, 5)).size).toBe(20);
});

test("a fixed set of samples comes in epochs of the same samples, each in an order of its own", () => {
  const uniform = (generator: { uniform(): number }) => generator.uniform();
  const source = fixedSamples(uniform, { count: 10, generator: randomGenerator("a") });
  const taken = stream(source, 4, 5);
  const [first, second] = [taken.slice(0, 10), taken.slice(10)];
  expect(new Set(first).size).toBe(10);
  expect([...second].sort()).toEqual([...first].sort());
  expect(second).not.toEqual(first);
  const other = fixedSamples(uniform, { count: 10, generator: randomGenerator("b") });
  expect(new Set([...first, ...other.batch(1, 10)]).size).toBe(20);
  expect(() => fixedSamples(uniform, { count: 0, generator: randomGenerator("a") })).toThrow("count is 0");
});
