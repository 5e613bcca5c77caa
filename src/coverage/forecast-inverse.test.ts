import { describe, expect, test } from "vitest";
import { shapes, simulatedCounts, truths } from "../../test/oracle/forecast-cells.ts";
import { forecastPassAtK, rateQuantile, samplesForTarget, shareUnderRate } from "./index.ts";

const counts = simulatedCounts(truths[2]!, shapes[1]!, 3);

describe("quantiles of success rates", () => {
  test("they are the rates at which the share under them may be ε", () => {
    for (const { epsilon, lower, upper } of rateQuantile(counts, [0.3, 0.5, 0.7, 0.9])) {
      // The ends are points of the grid; a few of its steps further out ε is no longer possible.
      const [below, above] = shareUnderRate(counts, [lower / 2.2, Math.min(0.999, upper * 1.3)]);
      if (lower > 0) expect(below!.upper).toBeLessThan(epsilon);
      else expect(below!.upper).toBeGreaterThanOrEqual(epsilon);
      expect(above!.lower).toBeGreaterThan(epsilon);
    }
  });

  test("they increase with ε, and with many unsolved problems the lower end is 0: 1/Q is not bounded", () => {
    const quantiles = rateQuantile(counts, [0.02, 0.2, 0.5, 0.9]);
    quantiles.forEach((quantile, index) => {
      expect(quantile.lower).toBeLessThanOrEqual(quantile.upper);
      expect(quantile.lower).toBeGreaterThanOrEqual(quantiles[index - 1]?.lower ?? 0);
      expect(quantile.upper).toBeGreaterThanOrEqual(quantiles[index - 1]?.upper ?? 0);
    });
    expect(quantiles[0]).toMatchObject({ lower: 0, problems: 200, draws: 20_000 });
  });

  test("the interval of the median covers it in at least .89 of 100 repetitions", () => {
    // The median of the log-uniform truth over five decades is 10^−2.5.
    let covered = 0;
    for (let repetition = 0; repetition < 100; repetition++) {
      const [median] = rateQuantile(simulatedCounts(truths[4]!, shapes[0]!, repetition), [0.5]);
      if (median!.lower <= 10 ** -2.5 && 10 ** -2.5 <= median!.upper) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(89);
  });

  test("an ε outside (0, 1) throws", () => {
    expect(() => rateQuantile(counts, [0])).toThrow("epsilon is 0");
    expect(() => rateQuantile(counts, [1])).toThrow("epsilon is 1");
  });
});

describe("samples for a target", () => {
  test("the ends are where the forecast's ends meet the target", () => {
    const target = 0.6;
    const needed = samplesForTarget(counts, target);
    expect(needed.status).toBe("interval");
    const [before, first, last, after] = forecastPassAtK(counts, [
      needed.lower! - 1,
      Math.ceil(needed.lower! * 1.002),
      Math.floor(needed.upper! / 1.002) - 1,
      needed.upper! + 1,
    ]);
    expect(before!.upper).toBeLessThan(target);
    expect(first!.upper).toBeGreaterThanOrEqual(target);
    expect(last!.lower).toBeLessThan(target);
    expect(after!.lower).toBeGreaterThanOrEqual(target);
  });

  test("targets below the reach of one draw, beyond a million and in between are told apart", () => {
    expect(samplesForTarget(counts, 0.05)).toMatchObject({ status: "already-met", lower: 1, upper: 1 });
    const open = samplesForTarget(counts, 0.95);
    expect(open.status).toBe("open-above");
    expect(open.upper).toBeUndefined();
    expect(open.lower).toBeGreaterThan(100);
    const unsolved = Array.from({ length: 200 }, () => ({ draws: 1_000_000, correct: 0 }));
    expect(samplesForTarget(unsolved, 0.5)).toMatchObject({ status: "not-reachable", problems: 200 });
  });

  test("the true number of draws lies within in at least 52 of 60 repetitions", () => {
    // Truth "two rates": pass@k = 0.7 where (1 − 0.002)^k = 0.6.
    const k = Math.log(0.6) / Math.log(0.998);
    let covered = 0;
    for (let repetition = 0; repetition < 60; repetition++) {
      const { lower = 1, upper = Number.POSITIVE_INFINITY } = samplesForTarget(
        simulatedCounts(truths[5]!, shapes[0]!, repetition),
        0.7,
      );
      if (lower <= Math.ceil(k) && Math.floor(k) <= upper) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(52);
  });

  test("a target outside (0, 1] throws", () => {
    expect(() => samplesForTarget(counts, 0)).toThrow("target is 0");
    expect(() => samplesForTarget(counts, 1.1)).toThrow("target is 1.1");
  });
});
