import { describe, expect, test } from "vitest";
import { chiSquareQuantile, logGamma, randomGenerator, regularizedIncompleteBeta } from "./index.ts";
import { keyHash } from "./key-hash.ts";

/** Kolmogorov–Smirnov statistic times √n: above 2.2 with probability below 1e-4. */
function kolmogorov(values: readonly number[], distribution: (x: number) => number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  let largest = 0;
  sorted.forEach((value, index) => {
    const expected = distribution(value);
    largest = Math.max(largest, (index + 1) / n - expected, expected - index / n);
  });
  return largest * Math.sqrt(n);
}

const draw = (count: number, next: () => number): number[] => Array.from({ length: count }, next);

/** True if Pearson's statistic is below the 1 − 1e-4 quantile. */
function fits(observed: readonly number[], expected: readonly number[]): boolean {
  const statistic = observed.reduce(
    (sum, value, index) => sum + (value - expected[index]!) ** 2 / expected[index]!,
    0,
  );
  return statistic < chiSquareQuantile({ probability: 1 - 1e-4, degreesOfFreedom: observed.length - 1 });
}

const frozen: readonly [number, number] = [0.829090002690957, 0.9071972723809724];

describe("keys", () => {
  test("one changed bit of a key changes about half of the bits of its hash", () => {
    let flipped = 0;
    const trials = 2000;
    for (let trial = 0; trial < trials; trial++) {
      const a = keyHash(`key ${trial}`);
      const b = keyHash(`kez ${trial}`);
      a.forEach((word, lane) => {
        for (let bits = word ^ b[lane]!; bits !== 0; bits &= bits - 1) flipped += 1;
      });
    }
    expect(flipped / trials / 128).toBeCloseTo(0.5, 2);
  });

  test("a hundred thousand similar keys have different hashes in every pair of lanes", () => {
    const pairs = new Set<string>();
    for (let index = 0; index < 100_000; index++) {
      const [a, b] = keyHash(`bootstrap/${index}`);
      pairs.add(`${a} ${b}`);
    }
    expect(pairs.size).toBe(100_000);
  });

  test("first uniforms of consecutive keys are uniform", () => {
    const firsts = Array.from({ length: 20_000 }, (_, index) => randomGenerator(`${index}`).uniform());
    expect(kolmogorov(firsts, (x) => x)).toBeLessThan(2.2);
  });

  test("the same key gives the same numbers, on every machine", () => {
    const random = randomGenerator("a");
    expect([random.uniform(), random.uniform()]).toEqual(frozen);
    expect(randomGenerator("a").uniform()).toBe(frozen[0]);
    expect(randomGenerator("b").uniform()).not.toBe(frozen[0]);
  });

  test("a split depends on key and name alone, and nesting is not concatenation", () => {
    const one = randomGenerator("a");
    const first = one.split("x").uniform();
    one.uniform();
    expect(one.split("x").uniform()).toBe(first);
    expect(one.split("y").uniform()).not.toBe(first);
    expect(one.split("x").split("y").uniform()).not.toBe(one.split("x/y").uniform());
    expect(one.split("x/1:y").uniform()).not.toBe(one.split("x").split("y").uniform());
  });

  test("streams of split generators are uncorrelated", () => {
    const a = randomGenerator("root").split("a");
    const b = randomGenerator("root").split("b");
    const n = 50_000;
    let sum = 0;
    for (let index = 0; index < n; index++) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5);
    expect(Math.abs(sum / n) * 12 * Math.sqrt(n)).toBeLessThan(4);
  });
});

describe("distributions", () => {
  const n = 20_000;

  test("uniform values lie inside (0, 1), are uniform, and successive ones independent", () => {
    const random = randomGenerator("uniform");
    const values = draw(2 * n, random.uniform);
    expect(Math.min(...values)).toBeGreaterThan(0);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(kolmogorov(values, (x) => x)).toBeLessThan(2.2);
    const cells = new Array<number>(100).fill(0);
    for (let index = 0; index < n; index++) {
      cells[Math.floor(values[2 * index]! * 10) * 10 + Math.floor(values[2 * index + 1]! * 10)]! += 1;
    }
    expect(fits(cells, new Array<number>(100).fill(n / 100))).toBe(true);
  });

  test("integers are uniform below limits that do not divide a power of two", () => {
    const random = randomGenerator("integer");
    for (const limit of [2, 3, 7, 100]) {
      const counts = new Array<number>(limit).fill(0);
      for (let index = 0; index < n; index++) counts[random.integer(limit)]! += 1;
      expect(fits(counts, new Array<number>(limit).fill(n / limit))).toBe(true);
    }
    expect(random.integer(1)).toBe(0);
    const large = draw(n, () => random.integer(3 * 2 ** 50) / (3 * 2 ** 50));
    expect(kolmogorov(large, (x) => x)).toBeLessThan(2.2);
  });

  test("normal values are standard normal, spare ones too", () => {
    const random = randomGenerator("normal");
    const values = draw(n, random.normal);
    // Z² is Beta-distributed through t: use P[Z ≤ z] = ½ + ½·sign(z)·P[χ²₁ ≤ z²] with the limit of I_x(½, ν/2).
    const distribution = (z: number): number => {
      const inside = regularizedIncompleteBeta({ x: (z * z) / (z * z + 2e8), alpha: 0.5, beta: 1e8 });
      return 0.5 + (Math.sign(z) * inside) / 2;
    };
    expect(kolmogorov(values, distribution)).toBeLessThan(2.2);
    const correlation =
      values.slice(1).reduce((sum, value, index) => sum + value * values[index]!, 0) / Math.sqrt(n);
    expect(Math.abs(correlation)).toBeLessThan(4);
  });

  test.each([0.05, 0.7, 1, 4.5, 1000])(
    "gamma values of shape %d have their mean, variance and mean logarithm",
    (shape) => {
      const random = randomGenerator(`gamma ${shape}`);
      const values = draw(n, () => random.gamma(shape));
      const mean = values.reduce((sum, value) => sum + value, 0) / n;
      expect(Math.abs(mean - shape) / Math.sqrt(shape / n)).toBeLessThan(4);
      const squares = values.reduce((sum, value) => sum + (value - shape) ** 2, 0) / n;
      const fourth = 3 * shape ** 2 + 6 * shape;
      expect(Math.abs(squares - shape) / Math.sqrt((fourth - shape ** 2) / n)).toBeLessThan(4);
      const digamma = (logGamma(shape + 1e-4 * shape) - logGamma(shape - 1e-4 * shape)) / (2e-4 * shape);
      const logs = values.map(Math.log);
      const meanLog = logs.reduce((sum, value) => sum + value, 0) / n;
      const spread = Math.sqrt(logs.reduce((sum, value) => sum + (value - meanLog) ** 2, 0) / n);
      expect(Math.abs(meanLog - digamma) / (spread / Math.sqrt(n))).toBeLessThan(4);
    },
  );

  test.each([
    [0.3, 10],
    [0.05, 0.5],
    [2, 2],
    [40, 3],
  ])("beta(%d, %d) values follow their distribution", (a, b) => {
    const random = randomGenerator(`beta ${a} ${b}`);
    const values = draw(n, () => random.beta(a, b));
    expect(kolmogorov(values, (x) => regularizedIncompleteBeta({ x, alpha: a, beta: b }))).toBeLessThan(2.2);
  });

  test.each([
    [10, 0.3],
    [100, 0.02],
    [100, 0.5],
    [1000, 0.93],
    [100_000, 0.4],
    [1_000_000, 0.00001],
  ])("binomial(%d, %d) values follow their distribution", (trials, rate) => {
    const random = randomGenerator(`binomial ${trials} ${rate}`);
    const values = draw(n, () => random.binomial(trials, rate));
    const atMost = (c: number): number => {
      if (c < 0) return 0;
      return c >= trials ? 1 : 1 - regularizedIncompleteBeta({ x: rate, alpha: c + 1, beta: trials - c });
    };
    const middle = Math.round(trials * rate);
    const spread = Math.max(1, Math.sqrt(trials * rate * (1 - rate)));
    // Cells of about half a standard deviation around the mean, open at both ends.
    const step = Math.max(1, Math.round(spread / 2));
    const edges = [-3, -2, -1, 0, 1, 2, 3].map((index) => middle + index * step).filter((edge) => edge >= 0);
    const bounds = [-1, ...edges, trials];
    const expected = bounds.slice(1).map((edge, index) => n * (atMost(edge) - atMost(bounds[index]!)));
    const observed = expected.map(() => 0);
    for (const value of values) observed[bounds.slice(1).findIndex((edge) => value <= edge)]! += 1;
    const used = expected.map((_, index) => index).filter((index) => expected[index]! > 5);
    expect(
      fits(
        used.map((index) => observed[index]!),
        used.map((index) => expected[index]!),
      ),
    ).toBe(true);
  });

  test("binomial ends are certain", () => {
    const random = randomGenerator("ends");
    expect([random.binomial(7, 0), random.binomial(7, 1), random.binomial(0, 0.5)]).toEqual([0, 7, 0]);
  });

  test("impossible parameters throw, naming value and limit", () => {
    const random = randomGenerator("bad");
    expect(() => random.integer(0)).toThrow("limit is 0");
    expect(() => random.gamma(0)).toThrow("shape is 0");
    expect(() => random.binomial(1.5, 0.5)).toThrow("n is 1.5");
    expect(() => random.binomial(3, Number.NaN)).toThrow("p is NaN");
  });
});
