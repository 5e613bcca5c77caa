/** The shipped example: a recorded fine-tuning, whose draws and log-probabilities are two routes to the same numbers. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { passAtKEstimates } from "../src/coverage/index.ts";
import type { Likelihood } from "../src/record/index.ts";
import { readRun } from "../src/store/index.ts";
import { ensureBuilt, lmcov } from "./lmcov.ts";

const run = fileURLToPath(new URL("../examples/fine-tuning", import.meta.url));
const steps = [20, 50, 100, 200, 400];
const draws = 16;

/** By step: how often each problem was solved, and the probability of its right response, problem by problem. */
const correct = new Map<number, Map<string, number>>();
const probability = new Map<number, Map<string, number>>();
const mean = (values: Iterable<number>) => {
  const all = [...values];
  return all.reduce((sum, value) => sum + value, 0) / all.length;
};

beforeAll(async () => {
  ensureBuilt();
  for (const step of steps) {
    correct.set(step, new Map());
    probability.set(step, new Map());
  }
  for await (const batch of readRun(run)) {
    for (const row of batch) {
      if (row.kind === "outcome") {
        const counts = correct.get(row.step!)!;
        counts.set(row.problem, (counts.get(row.problem) ?? 0) + Number(row.verdict === "correct"));
      } else if (isRightResponse(row)) {
        probability.get(row.step!)!.set(row.problem, Math.exp(row.logProbability));
      }
    }
  }
}, 120_000);

const isRightResponse = (row: { readonly kind: string }): row is Likelihood =>
  row.kind === "likelihood" &&
  (row as Likelihood).drawnBy === "data distribution" &&
  (row as Likelihood).model === "fine-tuning";

describe("the shipped example", () => {
  test("has 16 draws and one right response of 300 problems at five checkpoints", () => {
    for (const step of steps) {
      expect(correct.get(step)!.size).toBe(300);
      expect([...probability.get(step)!.keys()].sort()).toEqual([...correct.get(step)!.keys()].sort());
    }
  });

  test.each(steps)("step %i: draws succeed as often as the probabilities have it", (step) => {
    const probabilities = [...probability.get(step)!.values()];
    const counts = [...correct.get(step)!.values()].map((c) => ({ draws, correct: c }));
    // Given the probabilities successes are binomial: within 4 standard deviations.
    const successes = mean(counts.map((count) => count.correct / draws));
    const variance = mean(probabilities.map((p) => (p * (1 - p)) / draws)) / probabilities.length;
    expect(Math.abs(successes - mean(probabilities))).toBeLessThan(4 * Math.sqrt(variance));
    for (const { k, lower, upper } of passAtKEstimates(counts, [1, 4, draws])) {
      const exact = mean(probabilities.map((p) => -Math.expm1(k * Math.log1p(-p))));
      expect(exact, `pass@${k}`).toBeGreaterThan(lower);
      expect(exact, `pass@${k}`).toBeLessThan(upper);
    }
  });

  test("its report's first next command writes the problems that it says", async () => {
    const report = JSON.parse((await lmcov(["report", run, "--no-html", "--json"])).stdout);
    const { command, gain } = report.next[0] as { command: string; gain: string };
    const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
    expect(words[0]).toBe("lmcov");
    const folder = mkdtempSync(join(tmpdir(), "lmcov-next-"));
    const { code, stderr } = await lmcov(words.slice(1), { cwd: folder });
    expect(code, stderr).toBe(0);
    const written = readFileSync(join(folder, words.at(-1)!), "utf8")
      .trimEnd()
      .split("\n");
    const [, step = ""] = /step (\d+) never solved/.exec(gain) ?? [];
    const unsolved = [...correct.get(Number(step))!].filter(([, count]) => count === 0);
    expect(written.sort()).toEqual(unsolved.map(([problem]) => problem).sort());
    expect(gain).toContain(`the ${unsolved.length} problems`);
    rmSync(folder, { recursive: true });
  });

  test("the checkpoint of least KL is not the one of best coverage, and the tournament finds the better one", async () => {
    const { code, stdout, stderr } = await lmcov(["report", run, "--no-html", "--json"]);
    expect(code, stderr).toBe(0);
    const { tasks, likelihoods, verdict } = JSON.parse(stdout);
    const [task] = tasks;
    // From the probabilities alone, by the definitions: log π_D = 0.
    const kl = new Map(
      steps.map((step) => [step, -mean([...probability.get(step)!.values()].map(Math.log))]),
    );
    const passAtDraws = new Map(
      steps.map((step) => [
        step,
        mean([...probability.get(step)!.values()].map((p) => 1 - (1 - p) ** draws)),
      ]),
    );
    const least = steps.reduce((best, step) => (kl.get(step)! < kl.get(best)! ? step : best));
    const widest = steps.reduce((best, step) =>
      passAtDraws.get(step)! > passAtDraws.get(best)! ? step : best,
    );
    expect(likelihoods[0].crossEntropy.winner).toBe(`fine-tuning, step ${least}`);
    const { winner } = likelihoods[0].tournament;
    expect(winner).toBe("fine-tuning, step 50");
    expect(passAtDraws.get(50)! - passAtDraws.get(least)!).toBeGreaterThan(0.02);
    // Drawn verdicts take the same one, and do not tell it from the one that the probabilities put first.
    expect(task.decidingK).toBe(draws);
    expect(task.chosen).toBe(winner);
    const { members } = task.comparison.comparisons.find(({ k }: { k: number }) => k === draws);
    const set = members.filter(({ inSet }: { inSet: boolean }) => inSet);
    const names = set.map(({ model }: { model: string }) => model);
    expect(names).toContain(`fine-tuning, step ${widest}`);
    expect(names).not.toContain(`fine-tuning, step ${least}`);
    const { turn } = task.trajectories[0];
    expect([turn.best.at, turn.last.at]).toEqual([50, least]);
    expect(turn.fall.lower).toBeGreaterThan(0);
    expect(verdict[1]).toContain("Coverage turns at step 50");
    expect(verdict[1]).toContain("while pass@1 still rises");
  });

  test("its coverage profile is the share of right responses below 1/N", async () => {
    const { code, stdout, stderr } = await lmcov(["profile", run, "--n", "4,8,16", "--json"]);
    expect(code, stderr).toBe(0);
    const { models } = JSON.parse(stdout);
    expect(models.map(({ model }: { model: string }) => model)).toEqual(
      steps.map((step) => `fine-tuning, step ${step}`),
    );
    models.forEach(
      (
        found: {
          readonly kl: { readonly estimate: number };
          readonly profile: readonly { readonly n: number; readonly coverage: number }[];
        },
        index: number,
      ) => {
        const probabilities = [...probability.get(steps[index]!)!.values()];
        expect(found.kl.estimate).toBeCloseTo(-mean(probabilities.map(Math.log)), 9);
        for (const { n, coverage } of found.profile) {
          expect(coverage).toBeCloseTo(mean(probabilities.map((p) => Number(p * n <= 1))), 9);
        }
      },
    );
  });
});
