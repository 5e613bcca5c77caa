import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ScheduleName, scheduleFactor } from "./schedule.ts";

const names: readonly ScheduleName[] = ["constant", "linear", "cosine"];

describe("the factor of the learning rate", () => {
  test.each(names)("%s rises linearly over the warm-up and is 1 at its last step", (name) => {
    const factor = scheduleFactor({ name, steps: 20, warmup: 4, final: 0.1 });
    expect([1, 2, 3, 4].map(factor)).toEqual([0.25, 0.5, 0.75, 1]);
  });

  test.each(names)("%s without warm-up begins at 1", (name) => {
    expect(scheduleFactor({ name, steps: 20 })(1)).toBe(1);
  });

  test("constant stays, linear and cosine end at the final factor and stay there", () => {
    const last = (name: ScheduleName) => scheduleFactor({ name, steps: 20, warmup: 4, final: 0.1 });
    expect([10, 20, 30].map(last("constant"))).toEqual([1, 1, 1]);
    for (const name of ["linear", "cosine"] as const) {
      expect(last(name)(20)).toBeCloseTo(0.1, 15);
      expect(last(name)(30)).toBeCloseTo(0.1, 15);
    }
  });

  test("linear and cosine are half-way down in the middle", () => {
    for (const name of ["linear", "cosine"] as const) {
      expect(scheduleFactor({ name, steps: 24, warmup: 4 })(14)).toBeCloseTo(0.5, 15);
    }
    // A quarter of the way down: (1 + cos(π/4))/2.
    expect(scheduleFactor({ name: "cosine", steps: 24, warmup: 4 })(9)).toBeCloseTo(0.8535533905932737, 15);
  });

  test("it is in [0, 1] and falls after the warm-up", () => {
    const options = fc
      .record({ name: fc.constantFrom(...names), steps: fc.integer({ min: 1, max: 60 }) })
      .chain((given) =>
        fc.record({
          name: fc.constant(given.name),
          steps: fc.constant(given.steps),
          warmup: fc.integer({ min: 0, max: given.steps }),
          final: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
      );
    fc.assert(
      fc.property(options, (given) => {
        const values = Array.from({ length: given.steps + 2 }, (_, index) =>
          scheduleFactor(given)(index + 1),
        );
        values.forEach((value, index) => {
          expect(value).toBeGreaterThan(-1e-16);
          expect(value).toBeLessThanOrEqual(1 + 1e-15);
          const before = values[index - 1];
          if (before !== undefined && index + 1 > given.warmup) {
            expect(value).toBeLessThanOrEqual(before + 1e-15);
          }
        });
      }),
    );
  });

  test("what cannot be is refused", () => {
    expect(() => scheduleFactor({ name: "linear", steps: 0 })).toThrow("steps is 0: must be");
    expect(() => scheduleFactor({ name: "linear", steps: 5, warmup: 6 })).toThrow("warmup is 6: must be");
    expect(() => scheduleFactor({ name: "linear", steps: 5, final: 1.5 })).toThrow("final is 1.5: must be");
  });
});
