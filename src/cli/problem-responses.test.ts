import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { likelihoodRow, outcomeRow, responseRow } from "../../test/rows.ts";
import { InputError } from "../record/index.ts";
import { ProblemResponses } from "./problem-responses.ts";
import type { ReadLogs } from "./read-logs.ts";

const outcome = outcomeRow({ problem: "p", draw: 0, verdict: "correct" });
const { model, task, samplingHash, verifier } = outcome;
const logs = {
  models: [{ label: "label" }],
  groups: [{ model, task, samplingHash, verifier }],
} as unknown as ReadLogs;

test("a response has the log-probability of its own text, not of another model's draw of the same number", () => {
  const response = responseRow({ problem: "p", draw: 0, text: "four" });
  const score = { problem: "p", role: "draw", draw: 0 } as const;
  const own = likelihoodRow({ ...score, logProbability: -1.5, fingerprint: crc32("four") });
  const other = likelihoodRow({ ...score, logProbability: -9, fingerprint: crc32("five"), drawnBy: "b" });
  const unnamed = likelihoodRow({ ...score, logProbability: -2 });
  const shown = (scores: readonly (typeof own)[]) => {
    const found = new ProblemResponses("p");
    found.add([outcome, response, ...scores]);
    return found.responsesOf(logs).responses.map(({ text, logProbability }) => [text, logProbability]);
  };
  expect(shown([own, other])).toEqual([["four", -1.5]]);
  expect(shown([other, own])).toEqual([["four", -1.5]]);
  expect(shown([other])).toEqual([["four", undefined]]);
  expect(shown([unnamed])).toEqual([["four", -2]]);
});

test("a name of no problem, and verdicts without texts, are told apart", () => {
  const verdictsAlone = new ProblemResponses("p");
  verdictsAlone.add([outcome]);
  expect(() => verdictsAlone.responsesOf(logs)).toThrow(/has verdicts here and no texts/);
  expect(() => new ProblemResponses("q").responsesOf(logs)).toThrow(InputError);
});
