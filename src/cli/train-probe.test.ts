import { expect, test } from "vitest";
import { isTakenAgain } from "./train-probe.ts";

test("a training that goes on takes the probes after its state again, a fresh one all of them", () => {
  const units = ["probe-00000000", "probe-00000050", "probe-00000100"];
  expect(units.map((unit) => isTakenAgain(unit, 50))).toEqual([false, false, true]);
  expect(units.map((unit) => isTakenAgain(unit, 0))).toEqual([true, true, true]);
});

test("what other commands wrote into the run stays", () => {
  for (const unit of ["0123456789abcdef01234567", "probe-x", "score 00000100"]) {
    expect(isTakenAgain(unit, 0)).toBe(false);
  }
});
