import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { dataPresent, sharedData } from "../../test/shared-data.ts";
import { choiceVerifier } from "./choice.ts";

const verifier = choiceVerifier();

describe("choice verifier", () => {
  test.each([
    ["B", "B"],
    [" (b) ", "B"],
    ["**B**", "B"],
    ["B.", "B"],
    ["$\\boxed{B}$", "B"],
    ["\\boxed{\\text{B}}", "B"],
    ["\\boxed{(B)}", "B"],
    ["\\text{B}", "B"],
    ["Answer: B", "B"],
    ["ANSWER:D\n\nExplanation: A and B are wrong", "D"],
    ["**Answer:** (C)", "C"],
    ["**Answer: C**", "C"],
    ["Answer: Option C, because", "C"],
    ["The answer is B.", "B"],
    ["The correct answer is (B) because A is wrong", "B"],
    ["The answer is therefore option **D**.", "D"],
    ["The answer to the question is C", "C"],
    ["Answer: A\nOn reflection:\nAnswer: B", "B"],
    ["The answer is A? No. Answer: B", "B"],
    ["B. The Moon", "B"],
    ["(B) The Moon", "B"],
    ["I would say (B).", "B"],
    ["**B. The Moon**", "B"],
    ["Only **B** fits", "B"],
    ["A) is false\nB) is false\nANSWER: C", "C"],
    ["Answer: A compromise between A and B", "A"],
    ["the answer is a compromise. Answer: C", "C"],
  ])("%j chooses %s", (response, letter) => {
    expect(verifier.verify({ response, target: letter })).toEqual({ verdict: "correct", answer: letter });
    const other = letter === "A" ? "B" : "A";
    expect(verifier.verify({ response, target: other })).toMatchObject({
      verdict: "incorrect",
      answer: letter,
    });
  });

  test("two letters without a final statement are unscored, with both named", () => {
    for (const response of ["It is (A) or (C).", "A. yes\nC. also", "**A** and **C**"]) {
      expect(verifier.verify({ response, target: "A" })).toEqual({
        verdict: "unscored",
        reason: "several letters (A, C) and no final statement",
      });
    }
  });

  test("no letter at all is incorrect", () => {
    for (const response of ["", "I do not know", "the answer is a mystery", "About 42", "Answer: Aardvark"]) {
      expect(verifier.verify({ response, target: "A" })).toEqual({
        verdict: "incorrect",
        reason: "no letter found",
      });
    }
  });

  test("the target may be written in any of these ways, and must be a letter", () => {
    for (const target of ["B", "b", "(B)", "Answer: B", "\\boxed{B}"]) {
      expect(verifier.verify({ response: "B", target }).verdict).toBe("correct");
    }
    expect(verifier.verify({ response: "B", target: "Paris" })).toMatchObject({
      verdict: "unscored",
      reason: "the target is not a letter",
    });
    expect(verifier.verify({ response: "B", target: undefined })).toMatchObject({
      verdict: "unscored",
      answer: "B",
    });
  });

  test.each([["answer is "], ["("], ["**a"], ["A. "], ["\nA) "], ["answer to "], ["\\boxed{"], ["answer: "]])(
    "a megabyte of %j is judged in linear time, within two seconds of the processor's",
    (piece) => {
      const start = process.cpuUsage();
      verifier.verify({ response: piece.repeat(Math.ceil(1e6 / piece.length)), target: "A" });
      const { user, system } = process.cpuUsage(start);
      expect((user + system) / 1e6).toBeLessThan(2);
    },
  );
});

describe.skipIf(!dataPresent)(
  "choice verifier on real Inspect logs (skipped where ../shared/data is absent)",
  () => {
    test.each([
      ["data_arc_qwen.json", 3],
      ["data_arc_sonnet.json", 5],
      ["data_pubmedqa_gpt4o_mini.json", 2],
    ])("agrees with the scorer on every sample of %s", (name, count) => {
      const log = JSON.parse(readFileSync(sharedData(`every-eval-ever/inspect/${name}`) ?? "", "utf8"));
      expect(log.samples.length).toBe(count);
      for (const { output, target, scores } of log.samples) {
        const response = output.completion ?? output.choices[0].message.content;
        const { verdict, answer } = verifier.verify({ response, target });
        expect(answer).toBe(scores.choice.answer);
        expect(verdict === "correct" ? "C" : "I").toBe(scores.choice.value);
      }
    });
  },
);
