/** What `lmcov theory` prints and how it ends, from results that hold and from ones that do not. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runTheoryRow, type TheoryResult, theoryResult } from "../theory/index.ts";
import { klLowerBoundRow } from "../theory/kl-lower-bound.ts";
import { normalizedSgd } from "../theory/normalized-sgd.ts";
import { tightnessPair } from "../theory/tightness-pair.ts";
import { printTheoryResults } from "./theory.ts";
import { theorySvg } from "./theory-plot.ts";

const options = { scale: "fast", seed: "lmcov" } as const;
const holding = runTheoryRow(tightnessPair, options);
/** The constant as the paper prints it, where the corrected one is 0.1639. */
const failing = runTheoryRow(klLowerBoundRow(0.25), options);

let printed = "";
let remarked = "";
beforeEach(() => {
  [printed, remarked] = ["", ""];
  process.exitCode = undefined;
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    remarked += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

const jsonOf = (results: readonly TheoryResult[]) => {
  printTheoryResults(results, { ...options, json: true });
  return JSON.parse(printed) as { schema: string; instances: Record<string, unknown>[] };
};

describe("results of the theory lab", () => {
  test("that hold leave the exit code alone", () => {
    printTheoryResults([holding], options);
    expect(process.exitCode).toBeUndefined();
    expect(remarked).toBe("all 3 criteria hold\n");
    expect(printed).toMatch(/^tightness-pair · Prop\. D\.2\n/);
    expect(printed.match(/^pass /gm)).toHaveLength(3);
  });

  test("of a constant that is wrong fail, are named, and end with exit code 1", () => {
    printTheoryResults([holding, failing], options);
    expect(process.exitCode).toBe(1);
    expect(remarked).toBe("1 criterion falls outside: kl-lower-bound/kl-grows\n");
    expect(printed.match(/^FAIL /gm)).toHaveLength(1);
    expect(printed).toMatch(/^FAIL {2}kl-grows +≥ 0\.25 +0 /m);
  });

  test("are instances with name, source, predicted, measured and pass as JSON, and end the same way", () => {
    const { schema, instances } = jsonOf([holding, failing]);
    expect(process.exitCode).toBe(1);
    expect(schema).toBe("lmcov/theory@1");
    expect(instances).toHaveLength(holding.instances.length + failing.instances.length);
    for (const instance of instances) {
      expect(Object.keys(instance).slice(0, 4)).toEqual(["name", "source", "predicted", "measured"]);
      expect(instance).toMatchObject({ name: expect.any(String), pass: expect.any(Boolean) });
    }
    expect(instances.filter(({ pass }) => !pass)).toMatchObject([
      { name: "kl-lower-bound/kl-grows", source: "Prop. 3.2", predicted: "≥ 0.25", measured: 0 },
    ]);
  });

  test("without a statistic fail with null", () => {
    const { instances } = jsonOf([theoryResult(tightnessPair, "fast", [])]);
    expect(instances[0]).toMatchObject({ measured: null, pass: false });
    expect(process.exitCode).toBe(1);
  });
});

test("a picture names a group where several have the quantity, and not otherwise", () => {
  const at = (H: number, more: Record<string, number | string>) => ({ H, ...more });
  const groups = ["tuned step, T = 1000", "proof's step, T = 1000"];
  const svg = theorySvg(
    theoryResult(normalizedSgd, "fast", [
      [64, 512].flatMap((H) => [
        at(H, { training: groups[0]!, coverage: 0.01, sgd: 0.02 }),
        at(H, { training: groups[1]!, coverage: 1 }),
      ]),
    ]),
  );
  for (const label of groups.map((group) => `normalized SGD, ${group}`)) expect(svg).toContain(label);
  expect(svg).toContain("●— best constant step of SGD<");
});
