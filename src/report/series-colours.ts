/** One colour for a model in all charts of a report. */
import type { Chart } from "./chart-data.ts";
import { colouredSeries } from "./chart-palette.ts";
import type { Section } from "./section.ts";

type Named = Extract<Chart, { readonly kind: "pass-at-k" | "curve" | "best-of-n" }>;

const hasNames = (chart: Chart): chart is Named =>
  chart.kind === "pass-at-k" || chart.kind === "curve" || chart.kind === "best-of-n";

/**
 * Sections whose charts give each model that stands out the colour that it first had, unless another of the chart has it:
 * there are fewer colours than models may be named.
 */
export function withSeriesColours(sections: readonly Section[]): Section[] {
  const known = new Map<string, number>();
  return sections.map((section) => {
    const { chart } = section;
    if (chart === undefined || !hasNames(chart)) return section;
    const named = chart.series.filter(({ emphasised }) => emphasised).slice(0, colouredSeries);
    const colours = coloursIn(
      named.map(({ label }) => label),
      known,
    );
    const series = chart.series.map((one) => {
      const colour = one.emphasised ? colours.get(one.label) : undefined;
      return colour === undefined ? one : { ...one, colour };
    });
    return { ...section, chart: { ...chart, series } as Chart };
  });
}

/** Colours of the labels of one chart, each another; those that are new get the ones that fewest have. */
function coloursIn(labels: readonly string[], known: Map<string, number>): ReadonlyMap<string, number> {
  const colours = new Map<string, number>();
  const free = new Set(Array.from({ length: colouredSeries }, (_, colour) => colour));
  for (const label of labels) {
    const colour = known.get(label);
    if (colour !== undefined && free.delete(colour)) colours.set(label, colour);
  }
  const uses = (colour: number) => [...known.values()].filter((one) => one === colour).length;
  for (const label of labels) {
    if (colours.has(label)) continue;
    const [colour = 0] = [...free].sort((left, right) => uses(left) - uses(right) || left - right);
    free.delete(colour);
    colours.set(label, colour);
    if (!known.has(label)) known.set(label, colour);
  }
  return colours;
}
