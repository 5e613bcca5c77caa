import { describe, expect, test } from "vitest";
import { countText, intervalText, isVacuous, listText, plural, rateText, realText } from "./number-text.ts";

describe("numbers for people", () => {
  test("rates keep the digits that small and near-certain ones need", () => {
    const cases: [number, string][] = [
      [0, "0"],
      [1, "1"],
      [1 - 2.2e-16, "1"],
      [0.2218, "0.222"],
      [0.05, "0.050"],
      [0.00042, "0.00042"],
      [1e-9, "1.0e-9"],
      [0.9999, "1 − 0.00010"],
      [0.099, "0.099"],
      [0.9994, "0.999"],
      [-0.0684, "−0.068"],
      [-0.25, "−0.250"],
      [-1, "−1"],
    ];
    for (const [rate, text] of cases) expect(rateText(rate)).toBe(text);
  });

  test("a rate that is not 0 or 1 is never written as 0 or 1", () => {
    for (const rate of [1e-12, 0.00001, 0.0994999, 0.99951, 0.9999999]) {
      expect(["0", "1", "1.000", "0.000"]).not.toContain(rateText(rate));
    }
  });

  test("counts, intervals and lists", () => {
    for (const count of [0, 7, 999, 1000, 44_353, 999_999.5, 12_345_678, -1234]) {
      expect(countText(count)).toBe(Math.round(count).toLocaleString("en-US"));
    }
    expect(countText(Number.POSITIVE_INFINITY)).toBe("∞");
    expect(intervalText({ estimate: 0.2218, lower: 0.18, upper: 0.268 })).toBe("0.222 [0.180, 0.268]");
    expect(plural(1, "draw")).toBe("1 draw");
    expect(plural(1200, "draw")).toBe("1,200 draws");
    expect(listText(["a"])).toBe("a");
    expect(listText(["a", "b", "c", "d"])).toBe("a, b, c and d");
    expect(listText(["a", "b", "c", "d", "e"])).toBe("a, b, c and 2 others");
    expect(listText(["a, step 1", "a, step 2", "b"])).toBe("a, step 1; a, step 2 and b");
  });

  test("an interval that covers everything is vacuous", () => {
    expect(isVacuous({ lower: 0, upper: 1 })).toBe(true);
    expect(isVacuous({ lower: 0.1, upper: 1 })).toBe(false);
  });
});

test("float noise and the page's six digits do not change what is shown", () => {
  for (const noisy of [0.3125 - 1e-16, 0.3125, 0.31249996]) expect(rateText(noisy)).toBe("0.313");
  expect(rateText(0.0125 - 1e-17)).toBe(rateText(0.0125));
  expect(realText(2.0005 - 1e-15)).toBe(realText(2.0005));
});
