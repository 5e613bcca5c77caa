import { describe, expect, test } from "vitest";
import { atLeast, atMost, logLogSlope, probabilityAtLeast, slopeWithin, valueWithin } from "./criterion.ts";

describe("a slope", () => {
  test("is the exponent of a power law, whatever its factor and the spacing of x", () => {
    const points = [1, 3, 10, 400].map((x) => ({ x, y: 7 * x ** -0.75 }));
    expect(logLogSlope(points)).toBeCloseTo(-0.75, 12);
  });

  test("is the least-squares one where points scatter", () => {
    // y = 1, e, 1 at log x = 0, 1, 2 has slope 0; an e at the end has slope ½.
    const at = (ys: number[]) => logLogSlope(ys.map((y, index) => ({ x: Math.exp(index), y })));
    expect(at([1, Math.E, 1])).toBeCloseTo(0, 12);
    expect(at([1, 1, Math.E])).toBeCloseTo(0.5, 12);
  });

  test("does not exist through 0, infinity, one point or one x, and then does not pass", () => {
    const criterion = slopeWithin({ name: "s", y: "y", x: "x", within: [-9, 9] });
    for (const ys of [[0, 1], [1, Number.POSITIVE_INFINITY], [1]]) {
      const table = ys.map((y, index) => ({ x: index + 1, y }));
      expect(criterion.judge(table)).toEqual({ measured: undefined, pass: false });
    }
    expect(
      criterion.judge([
        { x: 2, y: 1 },
        { x: 2, y: 3 },
      ]).pass,
    ).toBe(false);
  });

  test("outside its range on either side does not pass", () => {
    const criterion = slopeWithin({ name: "s", y: "y", x: "x", within: [-1.2, -0.8] });
    const withSlope = (slope: number) => criterion.judge([1, 2, 4].map((x) => ({ x, y: x ** slope }))).pass;
    expect([-1.25, -1.15, -0.85, -0.75].map(withSlope)).toEqual([false, true, true, false]);
  });
});

describe("a probability", () => {
  const criterion = probabilityAtLeast({ name: "p", event: "e", events: "hits", atLeast: 0.25 });

  test("passes only where the 99.9% interval shows it, at the worst setting", () => {
    // The interval of 140 in 400 begins at .274, that of 110 at .206.
    expect(criterion.judge([{ hits: 140, replicates: 400 }]).pass).toBe(true);
    const worst = criterion.judge([
      { hits: 140, replicates: 400 },
      { hits: 110, replicates: 400 },
    ]);
    expect(worst).toMatchObject({ measured: 0.275, pass: false });
  });

  test("needs 400 replicates", () => {
    expect(() => criterion.judge([{ hits: 399, replicates: 399 }])).toThrow(/400/);
  });
});

test("bounds are judged by the worst quotient, and nothing measured is no pass", () => {
  const table = [
    { y: 1, bound: 2 },
    { y: 3, bound: 4 },
  ];
  expect(atMost({ name: "b", y: "y", bound: "bound" }).judge(table)).toEqual({ measured: 0.75, pass: true });
  expect(atLeast({ name: "b", y: "y", bound: "bound" }).judge(table)).toEqual({ measured: 0.5, pass: false });
  expect(atLeast({ name: "b", y: "y", bound: 1 }).judge(table).pass).toBe(true);
  expect(atMost({ name: "b", y: "y", bound: 2 }).judge(table).pass).toBe(false);
  expect(atMost({ name: "b", y: "y", bound: "bound" }).judge([]).pass).toBe(false);
  expect(atMost({ name: "b", y: "y", bound: "bound" }).judge([{ y: 0, bound: 0 }]).pass).toBe(true);
  expect(valueWithin({ name: "v", y: "y", within: [0, 2], where: { bound: 2 } }).judge(table)).toEqual({
    measured: 1,
    pass: true,
  });
  expect(valueWithin({ name: "v", y: "y", within: [0, 2] }).judge(table).pass).toBe(false);
});

test("a column that is absent or text is named", () => {
  expect(() => atMost({ name: "b", y: "coverage", bound: 1 }).judge([{ n: 1 }])).toThrow(
    /coverage holds nothing/,
  );
  expect(() => atMost({ name: "b", y: "n", bound: 1 }).judge([{ n: "x" }])).toThrow(/n holds "x"/);
});
