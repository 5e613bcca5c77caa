import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dataPresent, sharedData } from "../../test/shared-data.ts";
import { numericVerifier } from "./numeric.ts";

const verifier = numericVerifier();
const verdict = (response: string, target: string) => verifier.verify({ response, target }).verdict;

/** Response, target, verdict. */
const cases: readonly (readonly [string, string, "correct" | "incorrect" | "unscored"])[] = [
  // One number, many notations.
  ["0.5", "1/2", "correct"],
  ["\\boxed{\\frac{1}{2}}", "0.5", "correct"],
  ["\\boxed{\\dfrac12}", ".5", "correct"],
  ["\\boxed{\\tfrac{1}2}", "0.50", "correct"],
  ["\\boxed{\\cfrac{-1}{2}}", "-0.5", "correct"],
  ["A: 5.", "5", "correct"],
  ["A: .5", "0.5", "correct"],
  ["A: 1,000", "1e3", "correct"],
  ["A: 1,234,567", "1234567", "correct"],
  ["A: 1 234 567", "1234567", "correct"],
  ["A: 1_000", "1000", "correct"],
  ["\\boxed{10{,}000}", "10000", "correct"],
  ["\\boxed{10,\\!000}", "10000", "correct"],
  ["\\boxed{10\\,000}", "10,000", "correct"],
  ["A: 1\u202f000", "1000", "correct"],
  ["\\boxed{1.5 \\times 10^{3}}", "1500", "correct"],
  ["A: 1.5 x 10^3", "1500", "correct"],
  ["A: 2.5e-3", "0.0025", "correct"],
  ["\\boxed{10^{6}}", "1,000,000", "correct"],
  ["A: 10⁶", "1000000", "correct"],
  ["A: 1 1/2", "1.5", "correct"],
  ["A: -1 1/2.", "-1.5", "correct"],
  ["\\boxed{12\\frac{3}{5}}", "63/5", "correct"],
  ["A: 2½", "2.5", "correct"],
  ["A: ¾", "0.75", "correct"],
  ["\\boxed{0.\\overline{3}}", "1/3", "correct"],
  ["\\boxed{0.1\\overline{6}}", "\\frac{1}{6}", "correct"],
  ["A: 2 million", "2,000,000", "correct"],
  ["A: −5", "-5", "correct"],
  ["A: –5", "-5", "correct"],
  ["A: (−5)", "-5", "correct"],
  ["A: +5", "5", "correct"],
  ["A: ５", "5", "correct"],
  ["A: -0", "0", "correct"],
  ["A: 007", "7", "correct"],
  ["A: 0.1", "0.1000000000000000000000000000", "correct"],
  ["A: 0.1", "0.1000000000000000055511151231257827", "incorrect"],
  ["A: 9007199254740993", "9007199254740992", "incorrect"],
  ["A: 0.3333333333333333", "1/3", "incorrect"],
  // Currency, units, percent, degrees.
  ["A: $18", "18", "correct"],
  ["A: -$18", "-18", "correct"],
  ["A: $-18", "-18", "correct"],
  ["A: \\$18.00", "18", "correct"],
  ["A: 18€", "18", "correct"],
  ["A: US$ 18", "18", "correct"],
  ["A: Rs. 1,800", "1800", "correct"],
  ["\\boxed{18\\text{ dollars per day}}", "18", "correct"],
  ["\\boxed{5\\,\\mathrm{cm}^2}", "5", "correct"],
  ["A: 5cm", "5", "correct"],
  ["A: 60 km/h", "60", "correct"],
  ["A: 5 m", "5", "correct"],
  ["\\boxed{30^\\circ}", "30", "correct"],
  ["\\boxed{30^{\\circ}}", "30", "correct"],
  ["A: 30°", "30", "correct"],
  ["A: 50%", "50", "correct"],
  ["A: 50\\%", "50 percent", "correct"],
  ["A: 50%", "0.5", "incorrect"],
  ["A: 0.5", "50%", "incorrect"],
  // Not numbers.
  ["A: 1,23", "123", "incorrect"],
  ["A: 1,23", "1.23", "incorrect"],
  ["A: 1,2345", "12345", "incorrect"],
  ["A: 1.234.567", "1234567", "incorrect"],
  ["A: 0,123", "123", "incorrect"],
  ["A: 1 23", "123", "incorrect"],
  ["A: 3, 4", "34", "incorrect"],
  ["A: 3, 4", "3", "incorrect"],
  ["A: 3 or 4", "3", "incorrect"],
  ["\\boxed{(1,234)}", "1234", "incorrect"],
  ["A: 10+John's age", "10", "incorrect"],
  ["A: 4t", "4", "incorrect"],
  ["\\boxed{7\\pi}", "7", "incorrect"],
  ["\\boxed{5\\sqrt{2}}", "5", "incorrect"],
  ["\\boxed{x+5}", "5", "incorrect"],
  ["\\boxed{2^3}", "2", "incorrect"],
  ["\\boxed{2 ** 300}", "2300", "incorrect"],
  ["A: 4:30", "4", "incorrect"],
  ["A: 3/0", "3", "incorrect"],
  ["\\boxed{\\frac{1}{0}5}", "5", "incorrect"],
  ["A: 3/4/5", "3/4", "incorrect"],
  ["A: 1 7/2", "9/2", "incorrect"],
  ["A: 1 100/200", "1.5", "incorrect"],
  ["A: 1e999999999", "1", "incorrect"],
  ["A: +-5", "-5", "incorrect"],
  ["A: five", "5", "incorrect"],
  ["A: ", "5", "incorrect"],
  ["", "5", "incorrect"],
  ["No idea.", "5", "incorrect"],
  ["\\boxed{5!}", "5", "incorrect"],
  ["\\boxed{3.14...}", "3.14", "incorrect"],
  ["\\boxed{3.14\\ldots}", "3.14", "incorrect"],
  ["A: 0.33…", "0.33", "incorrect"],
  ["Answer: x = 5, y = 3", "3", "incorrect"],
  ["Answer: x = 5 and y = 3", "5", "incorrect"],
  ["Answer: 18;19", "18", "incorrect"],
  ["Answer: 5'6\"", "5", "incorrect"],
  ["Answer: 3 hours 20 minutes", "3", "incorrect"],
  ["Answer: It takes 3 hours and 20 minutes", "3", "incorrect"],
  ["Answer: **18** eggs and **20** ducks", "18", "incorrect"],
  ["Answer: 5 - 3", "5", "incorrect"],
  ["Answer: between 3 and 5", "3", "incorrect"],
  ["Answer: €18,50", "1850", "incorrect"],
  ["Answer: 0x1F", "0", "incorrect"],
  // Where the final answer is.
  ["\\boxed{\\left(\\frac{3}{4}\\right)}", "0.75", "correct"],
  ["\\boxed{\\approx 3.14}", "3.14", "correct"],
  ["Answer: 18!", "18", "correct"],
  ["Answer: **18** eggs", "18", "correct"],
  ["**Answer: 18 eggs**", "18", "correct"],
  ["**Answer: $18$**\n\nThis is 3 more than 15.", "18", "correct"],
  ["Answer: eighteen (18)", "18", "correct"],
  ["The answer is 18 dollars in 2 days.", "18", "correct"],
  ["answer: 7\n\nThe answer is correct since 9 > 8.", "7", "correct"],
  ["The answer is not 18 but 20", "20", "correct"],
  ["\\boxed{3}, no: \\boxed{4}", "4", "correct"],
  ["\\boxed{\\text{Total} = {18}}", "18", "correct"],
  ["So \\boxed{18} of the 20", "18", "correct"],
  ["\\boxed{18} and then \\boxed{2", "18", "correct"],
  ["\\boxed 18", "18", "correct"],
  ["$\\boxed{x = 18}$", "18", "correct"],
  ["A: 3\nWait.\nA: 4", "4", "correct"],
  ["A: 18\n\nQ: And what of 20 ducks?\nA: 20", "18", "correct"],
  ["Q: 20 ducks?\nA: 18", "18", "correct"],
  ["9 * 2 = <<9*2=18>>18\n#### 18", "18", "correct"],
  ["#### Step 1: 4 ducks\nHence 18", "18", "correct"],
  ["**Answer:** 18 dollars.", "18", "correct"],
  ["**Final Answer**: $18$", "18", "correct"],
  ["Answer:\n18", "18", "correct"],
  ["The answer is 18.", "18", "correct"],
  ["The answer is $18. This is because 3 + 4 = 7", "18", "correct"],
  ["The answer is: she makes 9 * 2 = 18 dollars every day.", "18", "correct"],
  ["The answer to the question is **18**", "18", "correct"],
  ["Answer: She makes $18 a day.", "18", "correct"],
  ["the answer is as follows. He has 3, she has 15, so 18", "18", "correct"],
  ["A quick note: a: 3. So she has 16 - 3 - 4 = 9 eggs and 18 dollars", "18", "correct"],
  ["She loses -4", "-4", "correct"],
  ["That is 10-4", "4", "correct"],
  ["It is the 100th of 18 in H2O", "18", "correct"],
  ["so 3/4 of it", "0.75", "correct"],
  ["so 1.2.3", "3", "incorrect"],
  // Targets.
  ["A: 18", "She makes 18 eggs.\nA: 18", "correct"],
  ["A: 18", "work\n#### 18", "correct"],
  ["A: 4", "4t", "unscored"],
  ["A: 4", "4 m", "unscored"],
  ["A: 7", "7\\pi", "unscored"],
  ["A: 3", "3, 4", "unscored"],
  ["A: 4", "x \\in [-3,8]", "unscored"],
  ["A: 4", "", "unscored"],
  ["A: 4", "4:30p..", "unscored"],
];

describe("numeric verifier", () => {
  test.each(cases)("%j against %j is %s", (response, target, expected) => {
    expect(verdict(response, target)).toBe(expected);
  });

  test("the table of adversarial numerics has at least 60 rows, none twice", () => {
    expect(new Set(cases.map(([response, target]) => `${response}\0${target}`)).size).toBe(cases.length);
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });

  test("a response without a target is unscored, and still has its answer", () => {
    expect(verifier.verify({ response: "A: 0.50", target: undefined })).toEqual({
      verdict: "unscored",
      reason: "no target",
      answer: "1/2",
    });
  });

  test("a response without a number is incorrect and says so", () => {
    const result = verifier.verify({ response: "I do not know", target: "3" });
    expect(result).toEqual({ verdict: "incorrect", reason: "no number found" });
  });

  test("a tolerance is relative, exact and only there when asked for", () => {
    const tolerant = numericVerifier({ tolerance: "1e-3" });
    expect(tolerant.name).toBe("numeric:1e-3");
    expect(tolerant.verify({ response: "A: 0.333", target: "1/3" }).verdict).toBe("correct");
    expect(tolerant.verify({ response: "A: 0.332", target: "1/3" }).verdict).toBe("incorrect");
    expect(tolerant.verify({ response: "A: 1001", target: "1000" }).verdict).toBe("correct");
    expect(tolerant.verify({ response: "A: 1001.0000001", target: "1000" }).verdict).toBe("incorrect");
    expect(tolerant.verify({ response: "A: 1e-300", target: "0" }).verdict).toBe("incorrect");
    expect(() => numericVerifier({ tolerance: "-1" })).toThrow(/tolerance "-1"/);
    expect(() => numericVerifier({ tolerance: "x" })).toThrow(/tolerance "x"/);
  });

  test("a decimal equals the fraction of its digits in every notation", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        fc.integer({ min: 0, max: 20 }),
        (digits, places) => {
          const negative = digits < 0n;
          const text = `${negative ? -digits : digits}`.padStart(places + 1, "0");
          const whole = text.slice(0, text.length - places);
          const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
          const decimals = places > 0 ? `.${text.slice(-places)}` : "";
          const minus = negative ? "-" : "";
          const target = `${digits}/${10n ** BigInt(places)}`;
          for (const notation of [
            `${minus}${whole}${decimals}`,
            `${minus}${grouped}${decimals}`,
            `${minus}$${grouped}${decimals}`,
            `\\boxed{${minus}${grouped.replaceAll(",", "{,}")}${decimals}}`,
            `${minus}${grouped.replaceAll(",", " ")}${decimals} eggs`,
            `${digits}e-${places}`,
            `\\frac{${digits}}{${10n ** BigInt(places)}}`,
          ]) {
            expect(verdict(`A: ${notation}`, target)).toBe("correct");
            expect(verdict(`A: ${notation}`, `${digits + 1n}/${10n ** BigInt(places)}`)).toBe("incorrect");
          }
        },
      ),
      { seed: 7, numRuns: 200 },
    );
  });

  test("no text makes it throw", () => {
    const pieces = fc.constantFrom(
      ..."0 1 23 456 , . - − / \\frac { } \\boxed{ \\boxed A: Answer: answer is #### e E ^ 10^ \\times ( ) $ % \\% = \n x ** ½ \\overline{ Q: million".split(
        " ",
      ),
      " ",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), fc.array(pieces, { maxLength: 8 }), (left, right) => {
        const result = verifier.verify({ response: left.join(""), target: right.join("") });
        expect(["correct", "incorrect", "unscored"]).toContain(result.verdict);
      }),
      { seed: 11, numRuns: 5000 },
    );
  });

  test.each([
    ["\\boxed{"],
    ["{"],
    ["\nQ: A: "],
    ["answer is "],
    ["1,"],
    ["1 "],
    ["1/"],
    ["- "],
    ["<<"],
    ["**a"],
    ["\\frac{1}"],
    ["A:\n"],
    ["9"],
  ])("a megabyte of %j is judged in linear time, within two seconds of the processor's", (piece) => {
    const response = piece.repeat(Math.ceil(1e6 / piece.length));
    const start = process.cpuUsage();
    verifier.verify({ response, target: "5" });
    verifier.verify({ response: `A: ${response}`, target: response });
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(2);
  });
});

describe.skipIf(!dataPresent)(
  "numeric verifier on real logs (skipped where ../shared/data is absent)",
  () => {
    test("agrees with all 5276 labels of the GSM8K example solutions", () => {
      const lines = readFileSync(sharedData("gsm8k/example_model_solutions.jsonl") ?? "", "utf8")
        .trim()
        .split("\n");
      let agreements = 0;
      for (const line of lines) {
        const { ground_truth: target, question: _, ...systems } = JSON.parse(line);
        for (const { solution, is_correct: isCorrect } of Object.values<Record<string, never>>(systems)) {
          if (verdict(solution ?? "", target) === (isCorrect ? "correct" : "incorrect")) agreements++;
        }
      }
      expect(lines.length).toBe(1319);
      expect(agreements).toBe(5276);
    });

    test("agrees with the MATH log on 759 of 760 numeric answers; the log misses that 10000 is 10{,}000", () => {
      const path = sharedData("rlvr-math/eval_rm_maj_example__math_cot_100.jsonl") ?? "";
      const disagreements: unknown[] = [];
      const unscored = new Set<string>();
      let agreements = 0;
      for (const line of readFileSync(path, "utf8").trim().split("\n")) {
        const { response, gt, score, pred } = JSON.parse(line);
        for (const [draw, text] of response.entries()) {
          const outcome = verdict(text, gt);
          if (outcome === "unscored") unscored.add(gt);
          else if ((outcome === "correct") === score[draw]) agreements++;
          else disagreements.push({ target: gt, prediction: pred[draw], score: score[draw], outcome });
        }
      }
      expect(agreements).toBe(759);
      expect(disagreements).toEqual([
        { target: "10{,}000", prediction: "10000", score: false, outcome: "correct" },
      ]);
      expect([...unscored]).toEqual(["4:30p..", "4a-2", "4t", "7\\pi", "A"]);
    });
  },
);
