/** Best-of-N in `lmcov reward`, `report` and `plot`: the same numbers, from files and runs, and what is refused. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { ensureBuilt, lmcov } from "../lmcov.ts";
import { sharedData } from "../shared-data.ts";

const folder = mkdtempSync(join(tmpdir(), "lmcov-reward-"));
beforeAll(ensureBuilt, 120_000);

async function json(...words: string[]) {
  const { code, stdout, stderr } = await lmcov([...words, "--json"], { cwd: folder });
  expect(code, stderr).toBe(0);
  return { ...JSON.parse(stdout), stderr };
}

function written(name: string, rows: readonly unknown[]): string {
  const text = rows.map((row) => `${typeof row === "string" ? row : JSON.stringify(row)}\n`).join("");
  writeFileSync(join(folder, name), text);
  return name;
}

const draw = (problem: string, correct: number, rest: object = {}) => ({
  model: "m",
  task: "t",
  problem,
  correct,
  ...rest,
});

const real = sharedData("rlvr-math/eval_rm_maj_example__math_cot_100.jsonl");
describe.skipIf(real === undefined)(
  "on 100 MATH problems × 8 (skipped where ../shared/data is absent)",
  () => {
    test("reward, report and plot give the same numbers", async () => {
      const { models } = await json("reward", real ?? "");
      const [{ bestOfN, majorityVote, passAtK, ceiling, bestN, goldFall }] = models;
      expect(bestOfN.map(({ n }: { n: number }) => n)).toEqual([1, 2, 4, 8]);
      expect(bestOfN[3].gold.estimate).toBeCloseTo(0.94, 12);
      expect(majorityVote[3].estimate).toBeCloseTo(0.925, 12);
      expect(passAtK[3].estimate).toBeCloseTo(0.96, 12);
      passAtK.forEach((value: { estimate: number }, index: number) => {
        expect(ceiling[index].estimate).toBeCloseTo(value.estimate, 12);
      });
      expect(bestN.n).toBe(8);
      expect(goldFall).toBeUndefined();

      const report = await json("report", real ?? "", "--no-html");
      expect(report.tasks[0].bestOfN).toEqual(models);
      const section = report.sections.find(({ id }: { id: string }) => id === "best-of-n");
      expect(section.chart.series[0].points.map(({ gold }: { gold: unknown }) => gold)).toEqual(
        bestOfN.map(({ gold }: { gold: unknown }) => gold),
      );
      expect(section.remarks[0]).toContain(
        "is highest at N = 8, the largest measured: 0.940 from 0.910 at N = 1",
      );
      const plot = await json("plot", "best-of-n", real ?? "", "--out", "best.svg");
      expect(plot.chart).toEqual(section.chart);
      expect(readFileSync(join(folder, "best.svg"), "utf8")).toMatch(/^<svg .*majority vote/s);
    }, 120_000);

    test("and so from a run folder", async () => {
      const { models } = await json("reward", real ?? "");
      expect((await lmcov(["import", real ?? "", "--out", "run"], { cwd: folder })).code).toBe(0);
      expect((await json("reward", "run")).models).toEqual(models);
      expect((await json("report", "run", "--no-html")).tasks[0].bestOfN).toEqual(models);
    }, 120_000);
  },
);

test("a reward that is no finite number is rejected with line and field, in the table and in lists", async () => {
  const log = written("hostile.jsonl", [
    draw("a", 1, { reward: 0.5 }),
    draw("a", 0, { reward: "1.5" }),
    draw("a", 0, { reward: "NaN" }),
    JSON.stringify(draw("a", 0, { reward: 1 })).replace('"reward":1', '"reward":NaN'),
    draw("a", 0, { reward: "<script>" }),
    JSON.stringify(draw("a", 0, { reward: 1 })).replace('"reward":1', '"reward":1e999'),
    draw("a", 0, { reward: true }),
    draw("a", 0, { reward: { value: 1 } }),
  ]);
  const { models, inputs } = await json("reward", log);
  expect(models[0]).toMatchObject({
    draws: 2,
    bestOfN: [{ proxy: { estimate: 1 } }, { proxy: { estimate: 1.5 } }],
  });
  expect(inputs.rejected).toBe(6);
  expect(inputs.rejections.slice(0, 5)).toEqual([
    'hostile.jsonl:3, reward: not a finite number: "NaN"',
    "hostile.jsonl:4, reward: not a finite number: NaN",
    'hostile.jsonl:5, reward: not a finite number: "<script>"',
    "hostile.jsonl:6, reward: not a finite number: Infinity",
    "hostile.jsonl:7, reward: not a finite number: true",
  ]);
  const report = await json("report", log, "--no-html");
  expect(report.inputs.rejected).toBe(6);
  expect(report.tasks[0].bestOfN).toEqual(models);
});

test("draws without a reward are left out, counted, and cut N to the smallest pool", async () => {
  const log = written("missing.jsonl", [
    ...[1, 2, 3, 4].map((reward) => draw("a", Number(reward === 4), { reward })),
    draw("b", 1, { reward: 1 }),
    draw("b", 0, { reward: 2 }),
    draw("b", 1),
    draw("b", 1, { reward: null }),
    draw("c", 1),
  ]);
  const [report, { models }] = [await json("report", log, "--no-html"), await json("reward", log)];
  // Of a's six pairs three hold the right draw, which is liked most; b's only pair ends wrong.
  expect(models[0]).toMatchObject({
    left: 3,
    leftProblems: 1,
    bestOfN: [
      { n: 1, gold: { estimate: (1 / 4 + 1 / 2) / 2 } },
      { n: 2, gold: { estimate: 1 / 4 }, draws: 6 },
    ],
  });
  expect(report.tasks[0].bestOfN).toEqual(models);
  const section = report.sections.find(({ id }: { id: string }) => id === "best-of-n");
  expect(section.remarks.at(-1)).toBe(
    "3 draws without a reward or a verdict left out, among them all draws of 1 problem.",
  );
  const beyond = await lmcov(["reward", log, "--k", "3"], { cwd: folder });
  expect(beyond.code).toBe(2);
  expect(beyond.stderr).toContain("Best-of-N is known up to N = 2");
});

test("an unscored draw with a reward is left out, or incorrect where unscored draws are", async () => {
  const log = written("unscored.jsonl", [
    draw("a", 1, { reward: 1 }),
    draw("a", 0, { reward: 0 }),
    { ...draw("a", 0, { reward: 2 }), correct: null },
  ]);
  const out = (await json("reward", log)).models[0];
  expect(out).toMatchObject({ left: 1, bestOfN: [{ gold: { estimate: 0.5 } }, { gold: { estimate: 1 } }] });
  const wrong = (await json("reward", log, "--unscored", "incorrect", "--k", "3")).models[0];
  expect(wrong).toMatchObject({ left: 0, bestOfN: [{ n: 3, gold: { estimate: 0 } }] });
});

test("the reward of the log stays with a draw that is judged anew", async () => {
  const log = written("judged.jsonl", [
    { model: "m", task: "t", problem: "a", response: "4", target: "4", reward: 1 },
    { model: "m", task: "t", problem: "a", response: "5", target: "4", reward: 2 },
  ]);
  const { models } = await json("reward", log, "--verify", "exact");
  expect(models[0]).toMatchObject({
    scorer: "exact",
    bestOfN: [{ gold: { estimate: 0.5 } }, { gold: { estimate: 0 } }],
  });
});

test("where sampling stopped at successes Best-of-N is refused, and the report says why", async () => {
  const log = written(
    "stopped.jsonl",
    ["a", "b"].flatMap((problem) => [0, 0, 1].map((correct, reward) => draw(problem, correct, { reward }))),
  );
  const stopping = ["--stopping", "successes:1,cap:9"];
  const refused = await lmcov(["reward", log, ...stopping], { cwd: folder });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("stopped at a number of successes");
  const report = await json("report", log, "--no-html", ...stopping);
  expect(report.sections.some(({ id }: { id: string }) => id === "best-of-n")).toBe(false);
  expect(report.unknowable.join(" ")).toContain("What the best of N by reward is worth for m");
});

test("logs without rewards have no such panel, and reward says what to map", async () => {
  const log = written("plain.jsonl", [draw("a", 1), draw("a", 0)]);
  const report = await json("report", log, "--no-html");
  expect(report.tasks[0].bestOfN).toEqual([]);
  expect(report.sections.some(({ id }: { id: string }) => id === "best-of-n")).toBe(false);
  const { code, stderr } = await lmcov(["reward", log], { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toContain("--map reward=");
});

test("gold rewards and verdicts are in units of their own: a draw without gold is left out where others have one", async () => {
  written("partly-gold.jsonl", [
    draw("p", 1, { reward: 1, gold: 7 }),
    draw("p", 1, { reward: 2 }),
    draw("q", 0, { reward: 1, gold: 4 }),
    draw("q", 0, { reward: 3, gold: 5 }),
    draw("r", 1, { reward: 1 }),
  ]);
  const { models } = await json("reward", "partly-gold.jsonl");
  const [{ bestOfN, isAccuracy, left, leftProblems }] = models;
  expect({ isAccuracy, left, leftProblems }).toEqual({ isAccuracy: false, left: 2, leftProblems: 1 });
  expect(bestOfN[0].gold.estimate).toBeCloseTo((7 + (4 + 5) / 2) / 2, 12);
});
