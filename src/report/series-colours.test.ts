import { expect, test } from "vitest";
import { palette, seriesColours } from "./chart-palette.ts";
import type { Section } from "./section.ts";
import { withSeriesColours } from "./series-colours.ts";

const sectionOf = (labels: readonly string[], plain: readonly string[] = []): Section => ({
  id: labels.join("-"),
  title: "pass@k",
  explanation: "",
  remarks: [],
  chart: {
    kind: "pass-at-k",
    series: [...labels, ...plain].map((label) => ({
      label,
      emphasised: !plain.includes(label),
      measured: [],
      forecast: [],
    })),
  },
});
const coloursOf = ({ chart }: Section) => {
  if (chart?.kind !== "pass-at-k") throw new Error("no chart");
  return Object.fromEntries(seriesColours(chart.series));
};

test("a model has one colour in all charts, whatever its place", () => {
  const [first, second, third] = withSeriesColours([
    sectionOf(["a", "b", "c"]),
    sectionOf(["c", "b"], ["a"]),
    sectionOf(["d", "a"]),
  ]).map(coloursOf);
  expect(first).toEqual({ a: palette[0], b: palette[1], c: palette[2] });
  expect(second).toEqual({ c: palette[2], b: palette[1] });
  expect(third).toEqual({ d: palette[3], a: palette[0] });
});

test("in one chart no two have the same, also where there are more models than colours", () => {
  const charts = withSeriesColours([
    sectionOf(["a", "b", "c", "d", "e", "f"]),
    sectionOf(["g", "h", "a", "b", "c", "d"]),
    sectionOf(["g", "e", "h", "f"]),
  ]).map(coloursOf);
  for (const colours of charts) {
    expect(new Set(Object.values(colours)).size).toBe(Object.keys(colours).length);
  }
  expect(charts[1]).toMatchObject({ a: palette[0], b: palette[1], c: palette[2], d: palette[3] });
});
