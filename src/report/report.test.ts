import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { analyseTasks } from "./analysis.ts";
import {
  analyseLikelihoods,
  type LikelihoodTask,
  measuredChoice,
  passAtKAgreement,
} from "./likelihood-analysis.ts";
import { likelihoodTurnSentence } from "./likelihood-trajectory.ts";
import type { ModelCounts, ProblemCounts } from "./model-counts.ts";
import { buildReport } from "./report.ts";
import type { Report } from "./section.ts";

const draws = 100;

function counts(change: Partial<ModelCounts> & { problems: readonly ProblemCounts[] }): ModelCounts {
  return {
    label: "model",
    model: "model",
    task: "task",
    sampling: {},
    verifier: "exact",
    unscoredProblems: [],
    ...change,
  };
}

function problem(index: number, correct: number, n = draws): ProblemCounts {
  return { problem: `p${index}`, draws: n, correct, unscored: 0, stopping: { kind: "fixed" } };
}

/** Success grows on most problems and vanishes on a tenth of them, as sharpening does. */
function checkpoint(step: number, rate: number, lost: number): ModelCounts {
  const generator = randomGenerator(`checkpoint ${step}`);
  const problems = Array.from({ length: 200 }, (_, index) =>
    problem(index, generator.binomial(draws, index < lost ? 0 : rate)),
  );
  return counts({ label: `model, step ${step}`, step, problems });
}

function report(
  models: readonly ModelCounts[],
  likelihoods: readonly LikelihoodTask[] = [],
  ks?: number[],
): Report {
  const generator = randomGenerator("report");
  const tasks = analyseTasks(models, { level: 0.95, generator, ...(ks !== undefined && { ks }) });
  const analyses = likelihoods.flatMap(
    (task) => analyseLikelihoods(task, { budget: 16, delta: 0.05, level: 0.95, generator }) ?? [],
  );
  return buildReport({
    tasks,
    likelihoods: analyses,
    measured: analyses.map(({ task }) => measuredChoice(task, models)),
    agreements: [],
    inputs: { files: [], rejected: 0, rejections: [], dropped: [], notes: [] },
    words: ["log.jsonl"],
    denominator: (own) => `Denominator: scored draws of ${own.map(({ label }) => label).join(" and ")}.`,
    remarks: [],
  });
}

const trajectory = [checkpoint(100, 0.1, 0), checkpoint(200, 0.2, 20), checkpoint(400, 0.4, 60)];

function scores(losses: readonly number[]): LikelihoodTask {
  const generator = randomGenerator("scores");
  const records = 300;
  const hardness = Array.from({ length: records }, () => 20 * generator.uniform());
  return {
    task: "task",
    role: "data",
    candidates: losses.map((loss, index) => ({
      model: `model, step ${[100, 200, 400][index]}`,
      name: "model",
      step: [100, 200, 400][index] ?? 0,
      logProbabilities: Float64Array.from(hardness, (value) => -loss - value - generator.uniform()),
      tokenCounts: new Float64Array(records).fill(Number.NaN),
    })),
    problems: hardness.map((_, index) => `q${index}`),
    prompts: Int32Array.from(hardness, (_, index) => index),
    answers: undefined,
    responses: hardness.map((_, index) => index),
    records,
  };
}

describe("the report", () => {
  test("says where coverage turns while pass@1 and the loss go on", () => {
    const { verdict } = report(trajectory, [scores([30, 28, 25])]);
    expect(verdict[0]).toContain(
      "At k = 100, the largest that all logs measure, model, step 100 solves the most problems",
    );
    expect(verdict[1]).toMatch(
      /^Coverage turns at step 100: pass@100 of model falls from 1 to 0\.700 at step 400/,
    );
    expect(verdict[1]).toMatch(
      /while the loss still falls from 4\d\.\d\d to 3\d\.\d\d nats a response and pass@1 still rises/,
    );
    expect(verdict.at(-1)).toContain("the tournament at N = 16 takes model, step 400");
    expect(verdict.at(-2)).toBe(
      "Measured pass@100 decides among the candidates with verdicts: model, step 100 (1); pass@1 would take model, step 400; the tournament would take model, step 400; cross-entropy would take model, step 400.",
    );
  });

  test("has the checkpoint, the turn and the draws needed in view, and each other sentence once behind them", () => {
    const { verdict, leading } = report(trajectory, [scores([30, 28, 25])]);
    expect(leading).toBe(3);
    expect(verdict[2]).toMatch(
      /^To solve \d+% of problems, model, step 100 needs |these logs do not tell\.$/,
    );
    expect(verdict.length).toBeGreaterThan(4);
    expect(new Set(verdict).size).toBe(verdict.length);
    expect(report([], [scores([30, 28, 25])]).leading).toBe(1);
  });

  test("takes no model for the best where none solved a problem", () => {
    const unsolved = trajectory.map((model) => ({
      ...model,
      problems: model.problems.map((problem) => ({ ...problem, correct: 0 })),
    }));
    const { verdict } = report(unsolved, [scores([30, 28, 25])]);
    expect(verdict[0]).toMatch(
      /^At k = 100, the largest that all logs measure, no model solved any problem \(pass@100 0 .*do not say which is better\.$/,
    );
    expect(verdict).toContain(
      "Measured pass@100 is 0 for every candidate with verdicts and decides nothing; the tournament would take model, step 400; cross-entropy would take model, step 400.",
    );
  });

  test("ranks checkpoints by coverage and by loss against measured pass@k", () => {
    const models = [100, 200, 400, 800].map((step, index) => checkpoint(step, 0.1, 20 * index));
    const generator = randomGenerator("scores of four");
    const hardness = Array.from({ length: 200 }, () => 20 * generator.uniform());
    // Coverage worsens with the step, as pass@100 does; the loss improves.
    const task: LikelihoodTask = {
      ...scores([1]),
      candidates: [100, 200, 400, 800].map((step, index) => ({
        model: `model, step ${step}`,
        name: "model",
        step,
        logProbabilities: Float64Array.from(hardness, (value, record) =>
          record < 20 * index ? -value - 12 : -value - 5 + 2.5 * index - 8,
        ),
        tokenCounts: new Float64Array(200).fill(Number.NaN),
      })),
      problems: hardness.map((_, index) => `q${index}`),
      prompts: Int32Array.from(hardness, (_, index) => index),
      records: 200,
    };
    const options = { level: 0.95, generator };
    const analysis = analyseLikelihoods(task, { ...options, n: 1e6, budget: 64, delta: 0.05 });
    if (analysis === undefined) throw new Error("no analysis");
    const agreement = passAtKAgreement(analysis, models, { ...options, k: 100 });
    expect(agreement?.coverage.checkpoints).toBe(4);
    expect(agreement?.crossEntropy.estimate).toBe(-1);
    expect(passAtKAgreement(analysis, models.slice(0, 3), { ...options, k: 100 })).toBeUndefined();
  });

  test("sees a turn in RL logs too, where each step has prompts of its own", () => {
    const ownProblems = (model: ModelCounts): ModelCounts => ({
      ...model,
      problems: model.problems.map((count) => ({ ...count, problem: `${model.step} ${count.problem}` })),
    });
    const { verdict } = report(trajectory.map(ownProblems));
    expect(verdict[0]).toMatch(
      /^Coverage turns at step 100: pass@100 of model falls from 1 to 0\.700 at step 400/,
    );
    expect(verdict[1]).toContain("too few problems in common");
    const noise = [100, 200, 400].map((step) => ownProblems(checkpoint(step, 0.1, 10)));
    expect(report(noise).verdict.join(" ")).not.toContain("Coverage turns");
  });

  test("says from log-probabilities alone where coverage turns while the loss falls", () => {
    const generator = randomGenerator("likelihood trajectory");
    const records = 400;
    const noise = (index: number) => Array.from({ length: records }, () => 0.2 * generator.uniform() * index);
    // Each step gains a nat on most responses and loses fifteen on a growing few.
    const task: LikelihoodTask = {
      task: "task",
      role: "data",
      candidates: [100, 200, 400, 800].map((step, index) => {
        const own = noise(1);
        return {
          model: `model, step ${step}`,
          name: "model",
          step,
          logProbabilities: Float64Array.from(
            own,
            (value, record) => -40 - value + (record < 15 * index ? -15 : 2 * index),
          ),
          tokenCounts: new Float64Array(records).fill(Number.NaN),
        };
      }),
      problems: Array.from({ length: records }, (_, index) => `q${index}`),
      prompts: Int32Array.from({ length: records }, (_, index) => index),
      answers: undefined,
      responses: Array.from({ length: records }, (_, index) => index),
      records,
    };
    const analysis = analyseLikelihoods(task, { n: 1000, budget: 1000, delta: 0.05, level: 0.95, generator });
    if (analysis === undefined) throw new Error("no analysis");
    expect(analysis.tournament.winner).toBe("model, step 100");
    expect(analysis.crossEntropy.winner).toBe("model, step 800");
    expect(likelihoodTurnSentence(analysis)).toMatch(
      /^By log-probabilities, coverage of model turns at step 100: some checkpoint finds 11\.3% of the responses 1,000 times as probable as the one at step 800, against 0% there, while the loss still falls from 40\.\d\d to 3\d\.\d\d nats/,
    );
    const flat = analyseLikelihoods(task, { n: 1e12, budget: 1000, delta: 0.05, level: 0.95, generator });
    expect(flat && likelihoodTurnSentence(flat)).toBeUndefined();
  });

  test("does not call a loss falling that rises", () => {
    const { verdict } = report(trajectory, [scores([25, 28, 30])]);
    expect(verdict[1]).toContain("Coverage turns");
    expect(verdict[1]).not.toContain("loss");
  });

  test("sees no turn where checkpoints differ by noise only", () => {
    const noise = [100, 200, 400].map((step) => checkpoint(step, 0.1, 10));
    expect(report(noise).verdict.join(" ")).not.toContain("Coverage turns");
  });

  test("does not depend on the order of models and problems", () => {
    const reversed = trajectory
      .map((model) => ({ ...model, problems: model.problems.toReversed() }))
      .toReversed();
    expect(report(reversed).verdict).toEqual(report(trajectory).verdict);
  });

  test("gives no vacuous interval above the fold: one problem is said to say nothing", () => {
    const { verdict } = report([counts({ problems: [problem(0, 1, 2)] })]);
    expect(verdict).toEqual([
      "Not informative: 1 problem and 2 draws say next to nothing about how often model succeeds.",
    ]);
  });

  test("measures the largest common k too where all k asked for lie beyond the draws", () => {
    const { verdict, sections } = report([counts({ problems: trajectory[1]?.problems ?? [] })], [], [5000]);
    expect(verdict[0]).toContain("within 100 draws");
    expect(verdict[1]).toMatch(/^At k = 5,000, beyond the draws taken, the forecast for model is \[0\.8/);
    expect(sections.find(({ id }) => id === "forecast")?.table?.columns.map(({ key }) => key)).toContain(
      "k5000",
    );
  });

  test("says that unequal draws without a known rule are unexplained, and temperature 0 makes copies", () => {
    const ragged = [problem(0, 1, 10), problem(1, 5, 20), problem(2, 0, 20)].map((count) => ({
      ...count,
      stopping: { kind: "unknown" } as const,
    }));
    const { unknowable } = report([counts({ problems: ragged, sampling: { temperature: 0 } })]);
    expect(unknowable.join(" ")).toContain("Why problems got different numbers of draws");
    expect(unknowable.join(" ")).toContain("at temperature 0 they are copies");
  });

  test("leaves a model with few problems out of the paired comparison and says so", () => {
    const short = counts({
      label: "short",
      model: "short",
      problems: trajectory[0]?.problems.slice(0, 30) ?? [],
    });
    const { sections } = report([...trajectory, short]);
    const section = sections.find(({ id }) => id === "pass-at-k");
    expect(section?.remarks?.join(" ")).toContain("200 common problems");
    expect(section?.remarks?.join(" ")).toContain(
      "Not compared in pairs, for having too few of the problems: short.",
    );
  });

  test("keeps tasks apart", () => {
    const other = { ...(trajectory[0] as ModelCounts), task: "other" };
    const { title, verdict, sections } = report([trajectory[0] as ModelCounts, other]);
    expect(title).toBe("model, step 100 on 2 tasks");
    expect(verdict.filter((sentence) => sentence.startsWith("other: "))).not.toEqual([]);
    expect(new Set(sections.map(({ id }) => id)).size).toBe(sections.length);
  });
});
