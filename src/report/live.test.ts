import { describe, expect, test } from "vitest";
import { type LiveLine, LiveLines, liveLine, liveSentence } from "./live.ts";
import { liveCharts } from "./live-chart.ts";
import { liveTable } from "./live-table.ts";

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

describe("several runs", () => {
  const probe = (at: number, coverage: number) =>
    liveLine({
      step: at,
      probe: { coverageKind: "upper-bound", coverage: [2, 8, 64].map((n) => ({ n, coverage })), passAtK: [] },
    })!;
  const linesOf = (...added: LiveLine[]) => {
    const lines = new LiveLines();
    lines.add(added);
    return lines;
  };

  test("have a colour each in every chart, and dashes for what differs within a run", () => {
    const names = ["a", "b", "c"];
    const charts = liveCharts(names.map((name) => ({ name, lines: linesOf(step(1), probe(1, 0.5)) })));
    const looks = (id: string) =>
      charts.find((chart) => chart.id === id)?.series.map(({ label, colour, dash }) => [label, colour, dash]);
    expect(looks("loss")).toEqual([
      ["a", 0, 0],
      ["b", 1, 0],
      ["c", 2, 0],
    ]);
    expect(looks("coverage")).toEqual([
      ["a, N = 2", 0, 0],
      ["b, N = 2", 1, 0],
      ["c, N = 2", 2, 0],
      ["a, N = 64", 0, 1],
      ["b, N = 64", 1, 1],
      ["c, N = 64", 2, 1],
    ]);
    const six = liveCharts([..."abcdef"].map((name) => ({ name, lines: linesOf(probe(1, 0.5)) })));
    expect(six[0]?.series.map(({ label }) => label)).toEqual([..."abcdef"].map((name) => `${name}, N = 64`));
  });

  test("are rows with the newest of each, without columns that none has anything for", () => {
    const run = { path: "run", badLines: 0, presence: "there" } as const;
    const runs = [
      { ...run, id: 0, name: "a", steps: 2000 },
      { ...run, id: 1, name: "b", presence: "waiting" as const },
    ];
    const lines = new Map([[0, linesOf(step(1), probe(1, 0.5), step(1000), probe(1000, 0.25))]]);
    expect(liveTable(runs, lines)).toEqual({
      columns: ["folder", "step", "loss, nats a token", "coverage"],
      rows: [
        { id: 0, cells: ["there", "1,000 of 2,000", "0.001000", "≤ 0.250 (N = 64)"] },
        { id: 1, cells: ["not there yet", "", "", ""] },
      ],
    });
  });
});

test("the sentence of a run says what is missing, done and failed", () => {
  const run = {
    id: 0,
    name: "run",
    path: "run",
    badLines: 0,
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
