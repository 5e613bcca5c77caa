import { expect, test } from "vitest";
import { medianBand, seedMean, slopeTrend } from "./trend.ts";

test("the interval over seeds is Student's, as in the table for two degrees of freedom", () => {
  // t(0.975; 2) = 4.302653, t(0.95; 2) = 2.919986; the seeds' standard deviation is 0.1.
  const seeds = [0.9, 1, 1.1];
  expect(seedMean(seeds, { level: 0.95 }).upper).toBeCloseTo(1 + (4.302653 * 0.1) / Math.sqrt(3), 6);
  expect(seedMean(seeds, { level: 0.9 }).lower).toBeCloseTo(1 - (2.919986 * 0.1) / Math.sqrt(3), 6);
  expect(() => seedMean([1], { level: 0.9 })).toThrow("seeds is 1: must be at least 2");
});

test("growth in proportion has relative slope 1, a constant 0, whatever the unit", () => {
  const x = [4, 8, 12];
  const proportional = x.map((value) => 0.3 * value);
  const trend = slopeTrend({ x, seeds: [proportional, proportional] }, { level: 0.9 });
  expect(trend.slope.estimate).toBeCloseTo(0.3, 12);
  expect(trend.relative.estimate).toBeCloseTo(1, 12);
  const flat = slopeTrend(
    {
      x,
      seeds: [
        [5, 5, 5],
        [6, 6, 6],
      ],
    },
    { level: 0.9 },
  );
  expect([flat.relative.lower, flat.relative.upper]).toEqual([0, 0]);
});

test("the slope is the least-squares one, which for three equal steps is half the ends' difference a step", () => {
  const trend = slopeTrend(
    {
      x: [4, 8, 12],
      seeds: [
        [1, 7, 2],
        [3, 0, 1],
      ],
    },
    { level: 0.9 },
  );
  expect(trend.slope.seeds).toEqual([1 / 8, -2 / 8]);
});

test("slopes need two places and a value at each", () => {
  expect(() =>
    slopeTrend(
      {
        x: [4, 4],
        seeds: [
          [1, 2],
          [1, 2],
        ],
      },
      { level: 0.9 },
    ),
  ).toThrow("x is 4, 4");
  expect(() => slopeTrend({ x: [4, 8], seeds: [[1], [1, 2]] }, { level: 0.9 })).toThrow(
    "a seed has 1 values",
  );
});

test("the band holds all of up to 16 seeds and leaves one out on either side of 17", () => {
  const seeds = (count: number) => Array.from({ length: count }, (_, index) => index);
  expect(medianBand(seeds(16))).toEqual({ median: 7.5, lower: 0, upper: 15 });
  expect(medianBand(seeds(17))).toEqual({ median: 8, lower: 1, upper: 15 });
});
