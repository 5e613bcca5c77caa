import { describe, expect, test } from "vitest";
import oracle from "../../test/oracle/profile.json" with { type: "json" };
import { bandCritical, bandProbability } from "../../test/oracle/profile-band-probability.ts";
import { bandStudy, simulatedStatistics } from "../../test/oracle/profile-band-study.ts";
import { randomGenerator } from "../numeric/index.ts";
import { berkJonesBand, binaryDivergence } from "./berk-jones.ts";
import { berkJonesCritical } from "./berk-jones-critical.ts";
import { clopperPearson } from "./interval.ts";

const level = 0.95;

/** Share of simulated statistics at most κ. */
function shareBelow(ascending: Float64Array, kappa: number): number {
  const first = ascending.findIndex((value) => value > kappa);
  return (first < 0 ? ascending.length : first) / ascending.length;
}

describe("the exact law of the Berk–Jones statistic", () => {
  test("is 1 − 2e^−κ for one draw, and for two the area of the allowed pairs", () => {
    for (const kappa of [1, 2, 4, 8]) {
      expect(bandProbability(1, kappa)).toBeCloseTo(1 - 2 * Math.exp(-kappa), 12);
      // Allowed: smaller in [l, 1 − e^(−κ/2)], larger in [e^(−κ/2), 1 − l], l the lower end of kl(½‖q) ≤ κ/2.
      const a = Math.exp(-kappa / 2);
      const l = (1 - Math.sqrt(1 - Math.exp(-kappa))) / 2;
      // Twice the area of {x ≤ y, l ≤ x ≤ 1 − a, a ≤ y ≤ 1 − l}.
      const square = (1 - a - l) ** 2;
      const below = Math.max(0, 1 - 2 * a) ** 2 / 2;
      expect(bandProbability(2, kappa)).toBeCloseTo(2 * (square - below), 12);
    }
  });

  test("agrees with simulation", () => {
    for (const n of [5, 20, 100, 1000]) {
      const repeats = n === 1000 ? 2000 : 10_000;
      const random = randomGenerator(`Berk–Jones statistics of ${n}`);
      const statistics = simulatedStatistics({ n, repeats, random });
      for (const share of [0.5, 0.9, 0.95, 0.99]) {
        const error = Math.sqrt((share * (1 - share)) / repeats);
        const found = shareBelow(statistics, bandCritical(n, share));
        expect(Math.abs(found - share), `n = ${n}, level ${share}`).toBeLessThan(4 * error);
      }
    }
  });
});

describe("critical values", () => {
  test("in the table are exact", () => {
    for (const n of [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]) {
      for (const share of [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999]) {
        const kappa = berkJonesCritical({ trials: n, level: share });
        expect(Math.abs(kappa - bandCritical(n, share))).toBeLessThan(6e-5);
      }
    }
  });

  test("between the table's rows and columns are at most 0.01 too small and 0.002 too large", () => {
    for (const n of [3, 7, 14, 33, 70, 140, 320, 1400]) {
      for (const share of [0.6, 0.7, 0.86, 0.93, 0.95, 0.97, 0.992, 0.998, 0.9995]) {
        const difference = berkJonesCritical({ trials: n, level: share }) - bandCritical(n, share);
        expect(difference).toBeGreaterThan(-0.0101);
        expect(difference).toBeLessThan(0.002);
      }
    }
  });

  test("beyond the table do not fall below the exact ones", () => {
    for (const n of [1, 20, 300]) {
      expect(berkJonesCritical({ trials: n, level: 0.99999 })).toBeGreaterThan(
        bandCritical(n, 0.99999) - 1e-3,
      );
      expect(berkJonesCritical({ trials: n, level: 0.3 })).toBe(berkJonesCritical({ trials: n, level: 0.5 }));
    }
    const slope = (from: number, to: number) =>
      berkJonesCritical({ trials: to, level }) - berkJonesCritical({ trials: from, level });
    expect(slope(1e6, 1e7)).toBeGreaterThan(0);
    expect(slope(1e6, 1e7)).toBeLessThan(slope(100, 1000));
  });

  test("never fall as draws or the level grow", () => {
    for (let trials = 1; trials < 1e6; trials *= 1.3) {
      expect(berkJonesCritical({ trials: trials * 1.3, level })).toBeGreaterThan(
        berkJonesCritical({ trials, level }),
      );
      for (let share = 0.5; share < 0.9999; share += 0.013) {
        const next = berkJonesCritical({ trials, level: Math.min(0.99999, share + 0.013) });
        expect(next).toBeGreaterThan(berkJonesCritical({ trials, level: share }));
      }
    }
  });
});

describe("the band", () => {
  test("has the ends of 40-digit bisection", () => {
    for (const { estimate, trials, lower, upper } of oracle.bands) {
      const band = berkJonesBand({ estimate, trials, level });
      expect(Math.abs(band.lower - lower)).toBeLessThanOrEqual(1e-12 + 1e-9 * lower);
      expect(Math.abs(band.upper - upper)).toBeLessThanOrEqual(1e-9 * upper);
    }
  });

  test("at .01 of 1000 draws is [.0027, .0248], where the Dvoretzky–Kiefer–Wolfowitz band reaches from 0 to .053", () => {
    const { lower, upper } = berkJonesBand({ estimate: 0.01, trials: 1000, level });
    expect(lower).toBeCloseTo(0.0027, 4);
    expect(upper).toBeCloseTo(0.0248, 4);
    const half = Math.sqrt(Math.log(2 / (1 - level)) / 2 / 1000);
    expect(Math.max(0, 0.01 - half)).toBe(0);
    expect(0.01 + half).toBeCloseTo(0.053, 3);
  });

  test("mirrors, and holds the pointwise interval", () => {
    for (const trials of [1, 7.5, 40, 1319, 1e5]) {
      for (const share of [0, 0.01, 0.2, 0.5]) {
        const band = berkJonesBand({ estimate: share, trials, level });
        const mirrored = berkJonesBand({ estimate: 1 - share, trials, level });
        expect(mirrored.lower).toBeCloseTo(1 - band.upper, 12);
        expect(mirrored.upper).toBeCloseTo(1 - band.lower, 12);
        const pointwise = clopperPearson({ successes: share * trials, trials, level });
        expect(band.lower).toBeLessThanOrEqual(pointwise.lower);
        if (trials > 1) expect(band.upper).toBeGreaterThanOrEqual(pointwise.upper);
      }
    }
  });

  test("wrong arguments are named with their limits", () => {
    expect(() => berkJonesBand({ estimate: 1.1, trials: 5, level })).toThrow(
      "estimate is 1.1: must be between 0 and 1",
    );
    expect(() => berkJonesBand({ estimate: 0, trials: 0.5, level })).toThrow(
      "trials is 0.5: must be finite and at least 1",
    );
    expect(() => berkJonesBand({ estimate: 0, trials: 5, level: 0 })).toThrow("level is 0");
    expect(() => binaryDivergence({ p: 0.5, q: 2 })).toThrow("q is 2: must be between 0 and 1");
    expect(binaryDivergence({ p: 0.5, q: 0 })).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("intervals of a profile with clustered prompts", () => {
  test("hold the truth at their level where treating responses as independent does not", () => {
    const study = bandStudy({
      prompts: 500,
      responses: 8,
      correlation: 0.5,
      coverages: [0.2, 0.9, 0.5, 0.1, 0.01, 0.002],
      repeats: 400,
      random: randomGenerator("clusters of eight"),
    });
    // Two decimals' worth of 400 repeats: standard errors .022, .011, .011.
    expect(Math.abs(study.naive - 0.74)).toBeLessThan(0.07);
    expect(Math.abs(study.pointwise - 0.95)).toBeLessThan(0.033);
    expect(study.simultaneous).toBeGreaterThan(0.95);
  });
});
