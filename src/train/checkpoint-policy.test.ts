import { expect, test } from "vitest";
import { checkpointName, checkpointSteps, keptCheckpoints } from "./checkpoint-policy.ts";

test("the last step has a checkpoint under every rule", () => {
  expect(checkpointSteps({}, 7)).toEqual([7]);
  expect(checkpointSteps({ every: 3 }, 7)).toEqual([3, 6, 7]);
  expect(checkpointSteps({ every: 30 }, 7)).toEqual([7]);
});

test("steps on a logarithmic scale are distinct and keep their ratio", () => {
  const steps = checkpointSteps({ perDecade: 10 }, 1000);
  expect(new Set(steps).size).toBe(steps.length);
  expect(steps.slice(-4)).toEqual([501, 631, 794, 1000]);
});

test("without a rule all stay; the newest always stays", () => {
  const written = [10, 20, 30];
  const losses = new Map([
    [10, 3],
    [20, 1],
  ]);
  const lossAt = (step: number) => losses.get(step);
  expect(keptCheckpoints({}, written, lossAt)).toEqual(written);
  expect(keptCheckpoints({ keepLast: 2 }, written, lossAt)).toEqual([20, 30]);
  expect(keptCheckpoints({ keepBest: 1 }, written, lossAt)).toEqual([20, 30]);
  expect(keptCheckpoints({ keepBest: 1 }, [10], () => undefined)).toEqual([10]);
});

test("of equal losses the earlier stays", () => {
  expect(keptCheckpoints({ keepBest: 1 }, [1, 2, 3], () => 5)).toEqual([1, 3]);
});

test("folder names sort as steps do", () => {
  expect(checkpointName(100)).toBe("step-00000100");
});
