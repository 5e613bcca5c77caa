/** Bands of coverage profiles at full size: critical values by simulation and coverage in many worlds. Minutes. */
import { describe, expect, test } from "vitest";
import { berkJonesCritical } from "../../src/coverage/index.ts";
import { randomGenerator } from "../../src/numeric/index.ts";
import { bandProbability } from "../oracle/profile-band-probability.ts";
import { bandStudy, simulatedStatistics } from "../oracle/profile-band-study.ts";

/** Critical values at .95 that an earlier study found by simulation, to two decimals. */
const earlier: readonly (readonly [n: number, kappa: number, repeats: number])[] = [
  [20, 4.96, 100_000],
  [50, 5.21, 100_000],
  [100, 5.38, 100_000],
  [200, 5.55, 50_000],
  [500, 5.62, 40_000],
  [1000, 5.74, 20_000],
  [2000, 5.82, 20_000],
  [5000, 6.06, 10_000],
  [20_000, 6.26, 4000],
  [100_000, 6.27, 1000],
];

describe("critical values of the Berk–Jones band at .95", () => {
  test.each(earlier)(
    "at n = %d hold .95 of simulated statistics, near %d found earlier (%d samples)",
    (n, kappa, repeats) => {
      const ours = berkJonesCritical({ trials: n, level: 0.95 });
      const statistics = simulatedStatistics({ n, repeats, random: randomGenerator(`statistics of ${n}`) });
      const share = statistics.findIndex((value) => value > ours) / repeats;
      const quantile = statistics[Math.ceil(0.95 * repeats) - 1]!;
      console.log(
        `n = ${n}: table ${ours}, simulated ${quantile.toFixed(3)}, earlier ${kappa}; share below ${share}`,
      );
      expect(Math.abs(share - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / repeats));
      expect(Math.abs(ours - kappa)).toBeLessThan(0.1);
    },
  );

  test("of 5000 and 20,000 draws are exact", () => {
    for (const trials of [5000, 20_000]) {
      expect(bandProbability(trials, berkJonesCritical({ trials, level: 0.95 }))).toBeCloseTo(0.95, 5);
    }
  });
});

const tail = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

describe("profile intervals in simulated worlds", () => {
  // prompts, responses to each, correlation of their X, and the share of naive intervals at Cov_N = .2 that hold the truth.
  test.each([
    [500, 8, 0.5, 0.73],
    [100, 8, 0.5, undefined],
    [1000, 4, 0.3, undefined],
    [50, 20, 0.8, undefined],
    [200, 4, 0.9, undefined],
    [1000, 1, 0, 0.95],
    [100, 8, 0, 0.95],
  ])("%d prompts × %d responses, correlation %d", (prompts, responses, correlation, naive) => {
    const repeats = 2000;
    const lowest = { pointwise: 1, simultaneous: 1 };
    for (const focus of [0.2, 0.5, 0.05, 0.01]) {
      const study = bandStudy({
        prompts,
        responses,
        correlation,
        coverages: [focus, ...tail.filter((value) => value !== focus)],
        repeats,
        random: randomGenerator(`bands ${prompts} ${responses} ${correlation}`),
      });
      console.log(
        `${prompts} × ${responses}, ρ = ${correlation}, Cov_N = ${focus}: ${JSON.stringify(study)}`,
      );
      lowest.pointwise = Math.min(lowest.pointwise, study.pointwise);
      lowest.simultaneous = Math.min(lowest.simultaneous, study.simultaneous);
      if (focus === 0.2 && naive !== undefined) expect(Math.abs(study.naive - naive)).toBeLessThan(0.035);
    }
    expect(lowest.pointwise).toBeGreaterThan(0.925);
    expect(lowest.simultaneous).toBeGreaterThan(0.95 - 4 * Math.sqrt((0.95 * 0.05) / repeats));
  });

  test("a dense band over 1000 independent responses covers at its level, not far above it", () => {
    // X is continuous: with 400 thresholds the statistic over them is nearly that over all.
    const dense = Array.from({ length: 400 }, (_, index) => 1 / (1 + Math.exp(-(index - 199.5) / 22)));
    const study = bandStudy({
      prompts: 1000,
      responses: 1,
      correlation: 0,
      coverages: dense,
      repeats: 1000,
      random: randomGenerator("dense band"),
    });
    console.log(`dense: ${JSON.stringify(study)}`);
    expect(study.simultaneous).toBeGreaterThan(0.93);
    expect(study.simultaneous).toBeLessThan(0.98);
  });
});
