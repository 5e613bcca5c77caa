import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Outcome, Response, Row } from "../record/index.ts";
import type { ModelCounts, ProblemView } from "../report/index.ts";
import type { CountGroup } from "../store/index.ts";
import { ResponseSample } from "./response-sample.ts";

const base = (problem: string, draw: number) => ({
  model: "m",
  task: "t",
  problem,
  promptHash: "0".repeat(16),
  sampling: {},
  samplingHash: "0".repeat(16),
  source: { file: "log" },
  drawSet: "",
  draw,
});
const outcome = (problem: string, draw: number, verdict: Outcome["verdict"]): Outcome => ({
  kind: "outcome",
  ...base(problem, draw),
  verdict,
  verifier: "exact",
});
const response = (problem: string, draw: number, text = `${problem} ${draw}`): Response => ({
  kind: "response",
  ...base(problem, draw),
  role: "draw",
  text,
  prompt: `question ${problem}`,
});

const view = (problems: readonly string[]): ProblemView => ({
  task: "t",
  level: 0.95,
  models: ["label"],
  problems,
  draws: [],
  correct: [],
  heldBy: [],
  solvedBy: [],
  intervals: [],
  shown: [],
  notes: [],
});
const models = [{ label: "label", model: "m", task: "t" }] as unknown as readonly ModelCounts[];
const groups = [
  { model: "m", task: "t", samplingHash: "0".repeat(16), verifier: "exact", problems: [] },
] as unknown as readonly CountGroup[];

const shownOf = (batches: readonly (readonly Row[])[], problems: readonly string[]) => {
  const sample = new ResponseSample();
  for (const batch of batches) sample.add(batch);
  return sample.shownIn(view(problems), models, groups);
};

describe("response sample", () => {
  test("holds some correct and some incorrect responses, however rare one of them is", () => {
    const rows = Array.from({ length: 1000 }, (_, draw) => [
      outcome("p", draw, draw === 637 ? "correct" : "incorrect"),
      response("p", draw),
    ]).flat();
    const [problem] = shownOf([rows], ["p"]);
    expect(problem?.prompt).toBe("question p");
    expect(problem?.responses.map(({ verdict }) => verdict)).toEqual([
      "correct",
      "incorrect",
      "incorrect",
      "incorrect",
      "incorrect",
    ]);
    expect(problem?.responses[0]).toMatchObject({ model: 0, draw: 637, text: "p 637" });
  });

  test("is the same whatever the order of the rows, with all outcomes before the responses or beside them", () => {
    const draws = Array.from({ length: 50 }, (_, draw) => draw);
    const outcomes = draws.map((draw) => outcome("p", draw, draw % 3 === 0 ? "correct" : "incorrect"));
    const responses = draws.map((draw) => response("p", draw));
    const beside = shownOf([draws.flatMap((draw) => [responses[draw]!, outcomes[draw]!])], ["p"]);
    expect(shownOf([outcomes, responses], ["p"])).toEqual(beside);
    expect(shownOf([[...outcomes].reverse(), [...responses].reverse()], ["p"])).toEqual(beside);
    expect(shownOf([responses, outcomes], ["p"])).toEqual(beside);
  });

  test("cuts a long text and says by how much", () => {
    const rows = [outcome("p", 0, "correct"), response("p", 0, "x".repeat(1_000_000))];
    const [problem] = shownOf([rows], ["p"]);
    expect(problem?.responses[0]).toMatchObject({ text: "x".repeat(4000), cut: 996_000 });
  });

  test("takes token log-probabilities of the model's own draws", () => {
    const rows: Row[] = [
      outcome("p", 0, "correct"),
      response("p", 0),
      {
        kind: "likelihood",
        ...base("p", 0),
        role: "draw",
        drawnBy: "m",
        logProbability: -1.5,
        tokenLogProbabilities: [-1, -0.5],
        method: "server",
      },
    ];
    const [problem] = shownOf([rows], ["p"]);
    expect(problem?.responses[0]).toMatchObject({ logProbability: -1.5, tokenLogProbabilities: [-1, -0.5] });
  });

  test("passes over scores of another model's draw of the same number, whichever is read first", () => {
    const score = (text: string, logProbability: number): Row => ({
      kind: "likelihood",
      ...base("p", 0),
      role: "draw",
      drawnBy: "m, or another",
      logProbability,
      fingerprint: crc32(text),
      method: "server",
    });
    const [own, other] = [score("p 0", -1.5), score("of another model", -9)];
    for (const scores of [
      [own, other],
      [other, own],
    ]) {
      for (const rows of [
        [outcome("p", 0, "correct"), response("p", 0), ...scores],
        [outcome("p", 0, "correct"), ...scores, response("p", 0)],
      ]) {
        const [problem] = shownOf([rows], ["p"]);
        expect(problem?.responses[0]).toMatchObject({ text: "p 0", logProbability: -1.5 });
      }
    }
    const [alone] = shownOf([[outcome("p", 0, "correct"), other, response("p", 0)]], ["p"]);
    expect(alone?.responses[0]).not.toHaveProperty("logProbability");
  });

  test("keeps a bounded number of problems", () => {
    const names = Array.from({ length: 20_000 }, (_, at) => `p${at}`);
    const batches = names.map((name) => [outcome(name, 0, "correct"), response(name, 0)]);
    const shown = shownOf(batches, names);
    expect(shown.length).toBeGreaterThanOrEqual(3000);
    expect(shown.length).toBeLessThanOrEqual(6000);
    expect(shown.every(({ responses }) => responses.length === 1)).toBe(true);
  });

  test("leaves out what another verifier judged", () => {
    const rows = [{ ...outcome("p", 0, "correct"), verifier: "other" }, response("p", 0)];
    expect(shownOf([rows], ["p"])).toEqual([]);
  });
});
