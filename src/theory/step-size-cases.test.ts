/** Negative controls: what the rows on App. I.4's instances must reject, measured as they measure. */
import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { constantStepSgd } from "./constant-step-sgd.ts";
import { countedClass } from "./counted-class.ts";
import type { CountedRule } from "./counted-training.ts";
import type { TheoryRecord, TheoryRow } from "./instance.ts";
import { normalizedSgd } from "./normalized-sgd.ts";
import {
  bestConstantStep,
  type CaseSetting,
  caseN,
  meanCoverage,
  rareWeight,
  saturatedFrom,
  worstCoverage,
} from "./step-size-cases.ts";
import { smallStepFeatureNorm, smallStepInstance } from "./step-size-instances.ts";
import { tokenLevelSgd } from "./token-level-sgd.ts";
import { truncatedDistillation } from "./truncated-distillation.ts";

const settings: readonly CaseSetting[] = [64, 512, 4096, 32768].map((H) => ({ H, T: 1000 }));
const best = settings.map(({ H, T }) =>
  bestConstantStep({ H, T }, { replicates: 2, generator: randomGenerator(`best ${H}`) }),
);

/** Cov_3 of the worst case under a rule, at each H. */
const worstOf = (rule: (given: CaseSetting & { readonly B: number }) => CountedRule): number[] =>
  settings.map((setting) =>
    worstCoverage(setting, {
      rule: ({ B }) => rule({ ...setting, B }),
      replicates: 2,
      generator: randomGenerator(`worst ${setting.H}`),
    }),
  );

const tableOf = (coverages: readonly number[], more: TheoryRecord = {}): TheoryRecord[] =>
  settings.map(({ H, T }, index) => ({
    H,
    T,
    coverage: coverages[index]!,
    sgd: best[index]!.coverage,
    ...more,
  }));

/** Criteria of a row by whether a table passes them. */
function verdicts(row: TheoryRow, table: readonly TheoryRecord[], names: readonly string[]): boolean[] {
  return names.map((name) => {
    const criterion = row.criteria.find((each) => each.name === name);
    if (criterion === undefined) throw new Error(`${row.name} has no criterion ${name}`);
    return criterion.judge(table).pass;
  });
}

const constant = worstOf(({ H, B }) => ({ name: "sgd", stepSize: best[1]!.step / (H * B) }));
const normalized = worstOf(({ B }) => ({ name: "normalized", stepSize: 0.1, lambda: 0.1 * B }));
const truncated = worstOf(({ B }) => ({ name: "truncated", stepSize: 0.5 / B, logN: Math.log(caseN) }));
const untruncated = worstOf(({ B }) => ({
  name: "truncated",
  stepSize: 0.5 / B,
  logN: Number.POSITIVE_INFINITY,
}));

describe("growth with H under a constant step is found by its criteria", () => {
  const judged = (coverages: readonly number[]) =>
    verdicts(
      constantStepSgd,
      settings.map(({ H, T }, index) => ({
        H,
        T,
        part: H < saturatedFrom ? "rising" : "saturated",
        coverage: coverages[index]!,
      })),
      ["grows-with-h", "never-learned"],
    );

  test("where it is", () => {
    expect(judged(best.map(({ coverage }) => coverage))).toEqual([true, true]);
  });

  test("and not in a step that is large enough for the rare prompt, with no adversary to answer it", () => {
    const coverages = settings.map(({ H, T }) =>
      meanCoverage({
        counted: countedClass(smallStepInstance({ H, T, N: caseN, rare: rareWeight })),
        rule: { name: "sgd", stepSize: 64 / (H * smallStepFeatureNorm({ H, T })) },
        steps: T,
        n: caseN,
        replicates: 2,
        generator: randomGenerator(`second case ${H}`),
      }),
    );
    expect(judged(coverages)).toEqual([false, false]);
  });

  test("and not in normalized SGD", () => {
    expect(judged(normalized)).toEqual([false, false]);
  });
});

describe("flatness in H is found by the criteria of", () => {
  test("normalized SGD, and not in a constant step", () => {
    const names = ["tuned-flat-in-h", "tuned-below-sgd"];
    const judged = (coverages: readonly number[]) =>
      verdicts(normalizedSgd, tableOf(coverages, { steps: "tuned" }), names);
    expect(judged(normalized)).toEqual([true, true]);
    expect(judged(constant)).toEqual([false, false]);
  });

  test("truncated distillation, and not where N = ∞: nothing is truncated", () => {
    const names = ["tuned-flat-in-h", "tuned-below-sgd"];
    const judged = (coverages: readonly number[]) =>
      verdicts(truncatedDistillation, tableOf(coverages, { steps: "tuned" }), names);
    expect(judged(truncated)).toEqual([true, true]);
    // It jumps for ever in the first case: flat, at 1.
    expect(Math.min(...untruncated)).toBeGreaterThan(0.99);
    expect(judged(untruncated)).toEqual([true, false]);
    expect(judged(constant)).toEqual([false, false]);
  });

  test("token-level SGD, and not in a constant step", () => {
    const judged = verdicts(tokenLevelSgd, tableOf(constant, { case: "worst" }), ["flat-in-h", "below-sgd"]);
    expect(judged).toEqual([false, false]);
  });
});

test("a rule that moves is told from one that stays at its start, and flat from growing", () => {
  for (const row of [normalizedSgd, truncatedDistillation]) {
    const table = tableOf(normalized, { steps: "proof's" });
    expect(verdicts(row, table, ["proof-does-not-move"])).toEqual([false]);
    const long = (coverages: readonly number[]) =>
      table.map((record, index) => ({ ...record, T: 2 ** 17, coverage: coverages[index]! }));
    const names = ["proof-flat-in-h", "proof-moves-later"];
    expect(verdicts(row, long(normalized), names)).toEqual([true, true]);
    expect(verdicts(row, long(constant), names)).toEqual([false, true]);
    expect(verdicts(row, long(settings.map(() => 1)), names)).toEqual([true, false]);
  }
});
