import { expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { coverageSections } from "./coverage-section.ts";
import { analyseLikelihoods, type LikelihoodTask, type ScoredCandidate } from "./likelihood-analysis.ts";
import type { IntervalCell } from "./section.ts";

const records = 40;
const column = (model: string, value: (record: number) => number, step?: number): ScoredCandidate => ({
  model,
  name: model.split(",")[0] ?? model,
  ...(step !== undefined && { step }),
  logProbabilities: Float64Array.from({ length: records }, (_, record) => value(record)),
  tokenCounts: new Float64Array(records).fill(Number.NaN),
});

/** At step s the model finds the first s responses 10 times less probable than the source does, the rest as probable. */
const steps = [0, 10, 20];
const source = (record: number) => -1 - 0.01 * record;
const checkpoints = steps.map((step) =>
  column(`model, step ${step}`, (record) => source(record) - (record < step ? Math.log(10) : 0), step),
);

function sections(candidates: readonly ScoredCandidate[], drawnBy?: string) {
  const task: LikelihoodTask = {
    task: "task",
    role: drawnBy === undefined ? "data" : "draw",
    ...(drawnBy !== undefined && { drawnBy }),
    candidates,
    problems: Array.from({ length: records }, (_, record) => `p${record}`),
    prompts: Int32Array.from({ length: records }, (_, record) => record),
    answers: undefined,
    responses: Array.from({ length: records }, (_, record) => record),
    records,
  };
  const analysis = analyseLikelihoods(task, {
    budget: 16,
    delta: 0.05,
    level: 0.95,
    generator: randomGenerator("coverage section"),
  });
  if (analysis === undefined) throw new Error("no analysis");
  return { analysis, sections: coverageSections(analysis, "") };
}

const estimates = (rows: readonly Readonly<Record<string, unknown>>[], key: string) =>
  rows.map((row) => (row[key] as IntervalCell).estimate);

test("against the distribution that drew the responses, Cov_N and KL are its own, and it does not compete", () => {
  const { analysis, sections: shown } = sections([...checkpoints, column("source", source)], "source");
  expect(analysis.drawer?.model).toBe("source");
  expect(analysis.tournament.scores.map(({ model }) => model)).toEqual(
    steps.map((step) => `model, step ${step}`),
  );
  const rows = shown[0]?.table?.rows ?? [];
  expect(shown[0]?.title).toBe("Coverage of model over training · task");
  expect(rows.map(({ at }) => at)).toEqual(steps);
  expect(estimates(rows, "n8")).toEqual([0, 0.25, 0.5]);
  expect(estimates(rows, "n16")).toEqual([0, 0, 0]);
  // A quarter and a half of the responses at log 10 nats each.
  expect(rows.map(({ kl }) => String(kl).split(" ")[0])).toEqual(["0.000", "0.576", "1.151"]);
});

test("without that distribution the upper bound is shown and named so", () => {
  const { analysis, sections: shown } = sections(checkpoints);
  expect(analysis.drawer).toBeUndefined();
  expect(shown[0]?.explanation).toContain("P[model ≤ 1/N]");
  expect(estimates(shown[0]?.table?.rows ?? [], "n16")).toEqual([0, 0.25, 0.5]);
});

test("an upper bound that says nothing, and fewer than three checkpoints, are left out", () => {
  const long = steps.map((step) => column(`model, step ${step}`, (record) => -90 - record, step));
  expect(sections(long).sections).toEqual([]);
  expect(sections(checkpoints.slice(0, 2)).sections).toEqual([]);
});
