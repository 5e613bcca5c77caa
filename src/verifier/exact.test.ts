import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { dataPresent, sharedData } from "../../test/shared-data.ts";
import { exactVerifier, verbatimVerifier } from "./exact.ts";
import { numericVerifier } from "./numeric.ts";

describe("exact verifier", () => {
  test.each([
    ["Paris", "Paris", "correct"],
    ["  Paris\n", "Paris", "correct"],
    ["New\t \u00a0York", "New York", "correct"],
    ["caf\u0065\u0301", "caf\u00e9", "correct"],
    ["", " \n", "correct"],
    ["paris", "Paris", "incorrect"],
    ["Paris.", "Paris", "incorrect"],
    ["NewYork", "New York", "incorrect"],
    ["x²", "x2", "incorrect"],
  ])("%j against %j is %s", (response, target, verdict) => {
    expect(exactVerifier().verify({ response, target }).verdict).toBe(verdict);
  });

  test("case is ignored only where asked for", () => {
    const verifier = exactVerifier({ ignoreCase: true });
    expect(verifier.name).toBe("exact:ignore-case");
    expect(verifier.verify({ response: "STRASSE ΣΑΣ", target: "straße σας" }).verdict).toBe("correct");
    expect(verifier.verify({ response: "a b", target: "ab" }).verdict).toBe("incorrect");
  });

  test("verbatim changes nothing", () => {
    expect(verbatimVerifier().verify({ response: " 3", target: "3" }).verdict).toBe("incorrect");
    expect(verbatimVerifier().verify({ response: "3", target: "3" }).verdict).toBe("correct");
  });

  test("without a target the response is unscored", () => {
    const expected = { verdict: "unscored", reason: "no target", answer: "x" };
    expect(exactVerifier().verify({ response: " x ", target: undefined })).toEqual(expected);
  });
});

describe.skipIf(!dataPresent)(
  "verifiers on a real lm-eval run (skipped where ../shared/data is absent)",
  () => {
    test("verbatim, exact and numeric all reproduce exact_match on the ten documents", () => {
      const folder = sharedData("every-eval-ever/lm_eval") ?? "";
      const name = readdirSync(folder).find((file) => file.startsWith("samples_")) ?? "";
      const rows = readFileSync(`${folder}/${name}`, "utf8").trim().split("\n");
      expect(rows.length).toBe(10);
      for (const row of rows) {
        const { filtered_resps: responses, target, exact_match: metric } = JSON.parse(row);
        for (const verifier of [verbatimVerifier(), exactVerifier(), numericVerifier()]) {
          const { verdict } = verifier.verify({ response: responses[0], target });
          // Targets such as `5, 7, 15, 16` are no number.
          if (verdict === "unscored") expect(target).toMatch(/[,[]/);
          else expect(verdict === "correct" ? 1 : 0).toBe(metric);
        }
      }
    });
  },
);
