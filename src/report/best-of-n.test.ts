import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { analyseTasks } from "./analysis.ts";
import { type ModelPools, type ProblemPool, smallestPool } from "./best-of-n-analysis.ts";
import { bestOfNSections } from "./best-of-n-section.ts";
import { chartCsv } from "./chart-csv.ts";
import { chartReadout } from "./chart-readout.ts";
import { unknowableSentences } from "./verdict.ts";
import { reportVerdict } from "./verdict-tiers.ts";

interface Draw {
  readonly reward: number;
  readonly correct: boolean;
  readonly gold?: number;
  readonly answer?: string;
}

function poolsOf(
  label: string,
  problems: readonly (readonly Draw[])[],
  change: Partial<ModelPools> = {},
): ModelPools {
  const pools = problems.map(
    (draws, index): ProblemPool => ({
      problem: `p${index}`,
      proxy: draws.map(({ reward }) => reward),
      gold: draws.map(({ gold, correct }) => gold ?? Number(correct)),
      answers: draws.map(({ answer }) => answer),
      correct: draws.map(({ correct }) => correct),
      isJudged: true,
    }),
  );
  return {
    counts: {
      label,
      model: label,
      task: "task",
      sampling: {},
      verifier: "exact",
      unscoredProblems: [],
      problems: pools.map(({ problem, correct }) => ({
        problem,
        draws: correct.length,
        correct: correct.filter(Boolean).length,
        unscored: 0,
        stopping: { kind: "fixed" },
      })),
    },
    problems: pools,
    left: 0,
    leftProblems: 0,
    isAccuracy: problems.every((draws) => draws.every(({ gold }) => gold === undefined)),
    isStopped: false,
    ...change,
  };
}

function analysed(pools: readonly ModelPools[], ks?: readonly number[]) {
  const [task] = analyseTasks(
    pools.map(({ counts }) => counts),
    { level: 0.95, generator: randomGenerator("best of n"), pools, ...(ks && { ks }) },
  );
  if (task === undefined) throw new Error("no task");
  return { task, section: bestOfNSections(task, "", "")[0] };
}

/** All subsets of size n of the draws. */
function subsetsOf(draws: readonly Draw[], n: number): Draw[][] {
  const masks = Array.from({ length: 2 ** draws.length }, (_, mask) => mask);
  return masks
    .map((mask) => draws.filter((_, index) => mask & (1 << index)))
    .filter(({ length }) => length === n);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean value of the draws that are picked from a subset, as these tie; 0 for none. Over all subsets and problems. */
function enumerated(
  problems: readonly (readonly Draw[])[],
  n: number,
  pick: (subset: readonly Draw[]) => readonly Draw[],
  value: (draw: Draw) => number,
): number {
  const worth = (picked: readonly Draw[]) => (picked.length === 0 ? 0 : mean(picked.map(value)));
  return mean(problems.map((draws) => mean(subsetsOf(draws, n).map((subset) => worth(pick(subset))))));
}

const liked = (subset: readonly Draw[]) => {
  const most = Math.max(...subset.map(({ reward }) => reward));
  return subset.filter(({ reward }) => reward === most);
};

/** Draws of the answers given most often; one of each, as tied answers count evenly. */
const voted = (subset: readonly Draw[]) => {
  const answered = subset.filter(({ answer }) => answer !== undefined);
  const votes = (wanted: string | undefined) => answered.filter(({ answer }) => answer === wanted).length;
  const most = Math.max(...answered.map(({ answer }) => votes(answer)));
  const firsts = answered.filter(
    (draw, index) => answered.findIndex(({ answer }) => answer === draw.answer) === index,
  );
  return firsts.filter(({ answer }) => votes(answer) === most);
};

function smallPools(seed: string): Draw[][] {
  const generator = randomGenerator(seed);
  // Pools of unlike size, rewards with ties, a draw without an answer.
  return Array.from({ length: 9 }, (_, index) =>
    Array.from({ length: 5 + (index % 3) }, (): Draw => {
      const correct = generator.uniform() < 0.4;
      const reward = generator.integer(4);
      const answer = correct ? "right" : `wrong ${generator.integer(2)}`;
      return { reward, correct, ...(generator.integer(5) > 0 ? { answer } : {}) };
    }),
  );
}

describe("Best-of-N in the report", () => {
  test("every curve is the enumeration of all subsets: ties, pools of unlike size, silent draws", () => {
    const problems = smallPools("enumerated");
    const pools = poolsOf("model", problems);
    expect(smallestPool(pools)).toBe(5);
    const { task } = analysed([pools]);
    const [model] = task.bestOfN;
    expect(model?.bestOfN.map(({ n }) => n)).toEqual([1, 2, 4, 5]);
    const isCorrect = ({ correct }: Draw) => Number(correct);
    model?.bestOfN.forEach(({ n, gold, proxy }, index) => {
      expect(gold.estimate).toBeCloseTo(enumerated(problems, n, liked, isCorrect), 12);
      expect(proxy.estimate).toBeCloseTo(
        enumerated(problems, n, liked, ({ reward }) => reward),
        12,
      );
      const solved = enumerated(
        problems,
        n,
        (subset) => subset.filter(({ correct }) => correct).slice(0, 1),
        isCorrect,
      );
      expect(model.passAtK?.[index]?.estimate).toBeCloseTo(solved, 12);
      expect(model.ceiling[index]?.estimate).toBeCloseTo(solved, 12);
      expect(model.majorityVote?.[index]?.estimate).toBeCloseTo(
        enumerated(problems, n, voted, isCorrect),
        12,
      );
    });
  });

  test("table, chart, readout and CSV show the analysis, at the N asked for", () => {
    const { task, section } = analysed([poolsOf("model", smallPools("shown"))], [1, 3, 9]);
    const [model] = task.bestOfN;
    expect(model?.bestOfN.map(({ n }) => n)).toEqual([1, 3]);
    const { gold, proxy } = model?.bestOfN[1] ?? {};
    expect(section?.table?.rows[1]).toEqual({
      model: "model",
      n: 3,
      gold,
      proxy,
      majority: expect.objectContaining({ estimate: model?.majorityVote?.[1]?.estimate }),
      ceiling: expect.objectContaining({ estimate: model?.passAtK?.[1]?.estimate }),
    });
    if (section?.chart?.kind !== "best-of-n") throw new Error("no chart");
    expect(section.chart.series[0]?.points[1]).toMatchObject({ n: 3, gold, proxy });
    const lines = chartCsv(section.chart).split("\r\n");
    expect(lines[0]).toBe("model,N,what,estimate,lower,upper");
    expect(lines).toContain(`model,3,accuracy of the pick,${gold?.estimate},${gold?.lower},${gold?.upper}`);
    expect(lines).toContain(`model,3,its reward,${proxy?.estimate},${proxy?.lower},${proxy?.upper}`);
    expect(chartReadout(section.chart, { n: 2 }).at).toBe(
      "accuracy of the pick and its reward, best of N = 1",
    );
    const [value] = chartReadout(section.chart, { n: 1024 }).values;
    expect(value?.text).toContain(gold?.estimate.toFixed(3));
  });

  test("an over-optimised reward is said with its numbers, and a fall that may be chance is not", () => {
    // The best-liked of eight is wrong, the next five right, on every problem.
    const fooled = Array.from({ length: 40 }, () =>
      Array.from({ length: 8 }, (_, reward): Draw => ({ reward, correct: reward > 1 && reward < 7 })),
    );
    const { section, task } = analysed([poolsOf("fooled", fooled)]);
    const verdict = (one: typeof task) =>
      reportVerdict({ tasks: [one], likelihoods: [], measured: [], agreements: [] }).verdict;
    expect(verdict(task)).toContain(section?.remarks?.[0]);
    // Of two draws the better-liked is right in 20 of 28 pairs.
    expect(section?.remarks?.[0]).toMatch(
      /^fooled: the reward is over-optimised: the accuracy of its pick falls from 0\.714 at N = 2 to 0 at N = 8 \(by 0\.714 \[0\.\d+, 0\.\d+\], paired over 40 problems\) while its reward rises from 5 to 7\.$/,
    );
    const unclear = Array.from({ length: 12 }, (_, index) =>
      Array.from({ length: 2 }, (_, reward): Draw => ({ reward, correct: index % 3 === reward })),
    );
    const some = analysed([
      poolsOf("unclear", [
        ...unclear,
        [
          { reward: 0, correct: true },
          { reward: 1, correct: false },
        ],
      ]),
    ]);
    expect(some.section?.remarks?.[0]).toMatch(
      /^unclear: the accuracy of its pick falls from .* a fall not told from none \(by .* \[−/,
    );
    expect(verdict(some.task).join(" ")).not.toContain("accuracy of its pick");
  });

  test("models without a fall are counted where there are many, those with one are named", () => {
    const rising = Array.from({ length: 6 }, (_, index) => poolsOf(`rising ${index}`, smallPools("rising")));
    const fooled = Array.from({ length: 30 }, () =>
      [0, 1, 2].map((reward): Draw => ({ reward, correct: reward === 1 })),
    );
    const { section } = analysed([...rising, poolsOf("fooled", fooled)]);
    expect(section?.remarks?.[0]).toMatch(/^fooled: the reward is over-optimised/);
    expect(section?.remarks?.[1]).toBe("For 6 models no fall is shown up to the largest N.");
    if (section?.chart?.kind !== "best-of-n") throw new Error("no chart");
    expect(section.chart.series.filter(({ emphasised }) => emphasised)).toHaveLength(5);
  });

  test("a gold reward keeps its unit, is bounded by its own pick, and is no accuracy", () => {
    const generator = randomGenerator("gold");
    const problems = Array.from({ length: 20 }, () =>
      Array.from({ length: 6 }, (): Draw => {
        const gold = 100 * generator.normal();
        return { reward: gold + 30 * generator.normal(), gold, correct: gold > 0, answer: "a" };
      }),
    );
    const { task, section } = analysed([poolsOf("model", problems)]);
    const highest = (subset: readonly Draw[]) => {
      const most = Math.max(...subset.map(({ gold = 0 }) => gold));
      return subset.filter(({ gold }) => gold === most);
    };
    task.bestOfN[0]?.bestOfN.forEach(({ n, gold }, index) => {
      const ceiling = task.bestOfN[0]?.ceiling[index]?.estimate ?? 0;
      expect(ceiling).toBeCloseTo(
        enumerated(problems, n, highest, (draw) => draw.gold ?? 0),
        9,
      );
      expect(gold.estimate).toBeLessThanOrEqual(ceiling + 1e-9);
    });
    expect(section?.table?.columns.map(({ title }) => title)).toEqual([
      "model",
      "N",
      "gold of the pick",
      "its reward",
      "highest gold",
    ]);
    expect(section?.remarks?.[0]).toContain("the gold reward of its pick");
  });

  test("what is left out is said, and where nothing can be told there is no panel", () => {
    const left = analysed([poolsOf("model", smallPools("left"), { left: 7, leftProblems: 2 })]);
    expect(left.section?.remarks).toContain(
      "7 draws without a reward or a verdict left out, among them all draws of 2 problems.",
    );
    const single = analysed([poolsOf("single", [[{ reward: 1, correct: true }], ...smallPools("single")])]);
    expect(single.section).toBeUndefined();
    expect(unknowableSentences(single.task)).toContain(
      "What the best of N by reward is worth for single: a problem has one rewarded draw.",
    );
    const stopped = analysed([poolsOf("stopped", smallPools("stopped"), { isStopped: true })]);
    expect(stopped.section).toBeUndefined();
    expect(unknowableSentences(stopped.task)).toContain(
      "What the best of N by reward is worth for stopped: sampling stopped at a number of successes, so a problem's draws are not exchangeable.",
    );
  });
});
