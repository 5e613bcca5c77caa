/** Small valid rows for tests. */
import type { Count, Likelihood, Outcome, Response } from "../src/record/index.ts";
import { samplingHash, shortHash } from "../src/record/index.ts";

const base = {
  model: "model-a",
  task: "task",
  sampling: { temperature: 0.8 },
  samplingHash: samplingHash({ temperature: 0.8 }),
  source: { file: "log.jsonl", line: 1 },
};

export function outcomeRow(
  change: Partial<Outcome> & { problem: string; draw: number; verdict: Outcome["verdict"] },
): Outcome {
  return {
    kind: "outcome",
    ...base,
    promptHash: shortHash(change.problem),
    drawSet: "",
    verifier: "exact_match",
    ...change,
  };
}

export function countRow(change: Partial<Count> & { problem: string; n: number; correct: number }): Count {
  return {
    kind: "count",
    ...base,
    promptHash: shortHash(change.problem),
    drawSet: "",
    unscored: 0,
    stopping: { kind: "unknown" },
    verifier: "counts",
    ...change,
  };
}

export function responseRow(change: Partial<Response> & { problem: string; draw: number }): Response {
  return {
    kind: "response",
    ...base,
    promptHash: shortHash(change.problem),
    drawSet: "",
    role: "draw",
    text: `answer ${change.draw}`,
    ...change,
  };
}

export function likelihoodRow(
  change: Partial<Likelihood> & { problem: string; logProbability: number },
): Likelihood {
  return {
    kind: "likelihood",
    ...base,
    promptHash: shortHash(change.problem),
    drawSet: "",
    draw: 0,
    role: "data",
    method: "file",
    ...change,
  };
}
