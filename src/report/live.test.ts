import { describe, expect, test } from "vitest";
import { type LiveLine, LiveLines, liveLine, liveSentence } from "./live.ts";
import { liveCharts } from "./live-chart.ts";

const step = (number: number): Extract<LiveLine, { kind: "step" }> => ({
  kind: "step",
  step: number,
  loss: 3,
  lossPerToken: 1 / number,
  gradientNorm: 1,
  updateNorm: 0.5,
});

describe("a journal's line", () => {
  test("of a step, a probe, a checkpoint and other conditions is known", () => {
    const numbers = { loss: 3, lossPerToken: 1, gradientNorm: 1, updateNorm: 0.5 };
    expect(liveLine({ step: 4, ...numbers, learningRate: 0.1 })).toEqual({
      kind: "step",
      step: 4,
      ...numbers,
    });
    const probe = {
      crossEntropy: 7,
      coverageKind: "upper-bound",
      coverage: [{ n: 2, coverage: 0.5 }],
      passAtK: [{ k: 1, estimate: 0.25 }],
    };
    expect(liveLine({ step: 0, probe })).toEqual({
      kind: "probe",
      step: 0,
      crossEntropy: 7,
      bound: true,
      coverage: [{ n: 2, coverage: 0.5 }],
      passAtK: [{ k: 1, estimate: 0.25 }],
    });
    expect(liveLine({ step: 9, checkpoint: "checkpoints/step-00000009" })).toEqual({
      kind: "checkpoint",
      step: 9,
    });
    expect(liveLine({ step: 9, different: ["threads"] })?.kind).toBe("different");
  });

  test.each([
    null,
    3,
    "text",
    {},
    { step: -1, checkpoint: "x" },
    { step: 1, loss: "3", lossPerToken: 1, gradientNorm: 1, updateNorm: 1 },
    { step: 1e300, probe: {} },
  ])("%j is none", (value) => {
    expect(liveLine(value)).toBeUndefined();
  });

  test("of a probe leaves out what is no number", () => {
    const probe = { crossEntropy: "low", coverage: [null, { n: 2 }, { n: 4, coverage: 0.5 }], passAtK: "x" };
    expect(liveLine({ step: 1, probe })).toEqual({
      kind: "probe",
      step: 1,
      bound: false,
      coverage: [{ n: 4, coverage: 0.5 }],
      passAtK: [],
    });
  });
});

describe("lines that are kept", () => {
  test("are few however many came, at equal distances, with the newest", () => {
    const lines = new LiveLines();
    for (let number = 1; number <= 100_003; number += 1) lines.add([step(number)]);
    lines.add([{ kind: "checkpoint", step: 100_003 }]);
    const steps = lines.steps.map((line) => line.step);
    expect(steps.length).toBeLessThan(4002);
    expect(steps.length).toBeGreaterThan(1900);
    expect(steps[0]).toBe(1);
    expect(steps.at(-1)).toBe(100_003);
    expect(new Set(steps.slice(1, -1).map((at, index) => at - steps[index]!)).size).toBe(1);
    expect(lines.others).toHaveLength(1);
  });
});

test("charts of two runs hold both in the same axes, named", () => {
  const lines = new LiveLines();
  lines.add([step(1), step(2), liveLine({ step: 2, probe: { coverage: [{ n: 2, coverage: 0.5 }] } })!]);
  const charts = liveCharts([
    { name: "before", lines },
    { name: "after", lines },
  ]);
  expect(charts.map(({ id, series }) => [id, series.map(({ label }) => label)])).toEqual([
    ["loss", ["before", "after"]],
    ["coverage", ["before, N = 2", "after, N = 2"]],
    ["norms", ["before, gradient", "after, gradient", "before, update", "after, update"]],
  ]);
  expect(charts[0]?.series[1]?.points).toEqual([
    { step: 1, value: 1 },
    { step: 2, value: 0.5 },
  ]);
});

test("the sentence of a run says what is missing, done and failed", () => {
  const run = {
    id: 0,
    name: "run",
    path: "run",
    badLines: 0,
    report: { version: 0, computing: false },
  };
  const none = new LiveLines();
  expect(liveSentence({ ...run, presence: "waiting" }, none)).toBe(
    "The folder is not there yet; it is shown once it is.",
  );
  const units = { finished: 1200, failed: 3, failures: [{ kind: "timeout", units: 3, reason: "" }] };
  expect(liveSentence({ ...run, presence: "gone", units }, none)).toBe(
    "The folder was deleted or moved; this is what was last seen. 1,200 units done, 3 failed (timeout 3).",
  );
});
