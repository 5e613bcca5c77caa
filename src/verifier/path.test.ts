import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { figureOneTask, paperGraphSettings, pathsOfPrompt } from "../task/index.ts";
import { asyncVerifier } from "./async-verifier.ts";
import { pathVerifier } from "./path.ts";

const prompt = "7 4 | 7 9 | 4 2 | 4 7 / 7 2 =";
const verdict = (response: string, given: { prompt?: string } = { prompt }) =>
  pathVerifier().verify({ response, target: undefined, ...given });

describe("path", () => {
  test.each([
    ["7 4 2", "correct", undefined],
    [" 7\t4\n2 ", "correct", undefined],
    ["", "incorrect", "does not start at the source"],
    ["4 2", "incorrect", "does not start at the source"],
    ["7", "incorrect", "does not end at the target"],
    ["7 4", "incorrect", "does not end at the target"],
    ["7 2", "incorrect", "no edge from 7 to 2"],
    ["7 4 2 2", "incorrect", "no edge from 2 to 2"],
    ["7 4 7 4 2", "incorrect", "goes through a node twice"],
    ["07 4 2", "incorrect", "does not start at the source"],
    ["7 4 <b>2", "incorrect", "no edge from 4 to what is no node"],
    ["7 4 2 =", "incorrect", "no edge from 2 to what is no node"],
  ])("%j is %s: %s", (response, expected, reason) => {
    expect(verdict(response).verdict).toBe(expected);
    expect(verdict(response).reason).toBe(reason);
  });

  test("a response without a prompt, or with one that is no graph, is unscored", () => {
    expect(verdict("7 4 2", {})).toEqual({ verdict: "unscored", reason: "no prompt" });
    expect(verdict("7 4 2", { prompt: "What is 7 + 4?" })).toEqual({
      verdict: "unscored",
      reason: "the prompt spells out no graph",
    });
  });

  test("the same verifier judges one prompt after another, under the face of a slow one too", async () => {
    const verifier = pathVerifier();
    expect(verifier.verify({ response: "1 2", target: undefined, prompt: "1 2 / 1 2 =" }).verdict).toBe(
      "correct",
    );
    expect(verifier.verify({ response: "1 2", target: undefined, prompt: "1 3 / 1 3 =" }).verdict).toBe(
      "incorrect",
    );
    const draw = { response: "7 4 2", target: undefined, prompt, task: "t", problem: "1" };
    expect((await asyncVerifier(verifier).verify(draw)).verdict).toBe("correct");
  });

  test("agrees with a search over the edges, on graphs of any shape", () => {
    const node = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(node, node), { minLength: 1, maxLength: 9 }),
        fc.tuple(node, node),
        fc.array(node, { minLength: 1, maxLength: 5 }),
        (edges, ends, guess) => {
          const text = `${edges.map((edge) => edge.join(" ")).join(" | ")} / ${ends.join(" ")} =`;
          const paths = new Set(pathsOfPrompt(text));
          const judge = (response: string) =>
            pathVerifier().verify({ response, target: undefined, prompt: text }).verdict;
          for (const path of paths) expect(judge(path)).toBe("correct");
          expect(judge(guess.join(" "))).toBe(paths.has(guess.join(" ")) ? "correct" : "incorrect");
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  test("finds every path of a task correct, where exact only finds π_D's", () => {
    const task = figureOneTask({ ...paperGraphSettings, padded: true });
    const problem = task.problem("G1", randomGenerator("path"));
    for (const path of task.paths(problem)) {
      expect(verdict(path, { prompt: problem.prompt }).verdict).toBe("correct");
    }
  });
});
