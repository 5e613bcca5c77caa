/** Charts changed in place as N moves, against the same charts drawn anew by Plot. */
import { parseHTML } from "linkedom";
import { beforeAll, describe, expect, test } from "vitest";
import type { Chart } from "../../src/report/chart-data.ts";
import { type DrawingDocument, drawnChart, movedChart } from "../../src/report/chart-drawing.ts";
import { reportOnMany } from "./many-checkpoints.ts";

interface Node {
  readonly localName: string;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  readonly children: Iterable<Node>;
  readonly textContent: string;
}

/** Names, attributes and texts, in whichever order attributes were set. */
function picture(node: Node): unknown {
  const children = [...node.children].map(picture);
  const attributes = [...node.attributes].map(({ name, value }) => `${name}=${value}`).sort();
  return [node.localName, attributes, children.length === 0 ? node.textContent : children];
}

describe("a chart at another N", () => {
  const ns = [1, 2, 3, 5, 8, 11, 16, 23, 32, 64, 128, 1024, 16, 1];
  const charts = new Map<string, Chart>();
  beforeAll(() => {
    const { sections } = reportOnMany({ checkpoints: 9, problems: 60, draws: 16 });
    for (const { id, chart } of sections) if (chart !== undefined) charts.set(id, chart);
  });

  test.each([
    ["likelihood-trajectory-1", undefined],
    ["likelihood-trajectory-1", "student, step 300"],
    ["matrix", "student, step 300"],
    ["pass-against-coverage", undefined],
    ["pass-against-loss", "student, step 300"],
  ])("%s, %s selected: what is changed in place is what is drawn anew", (id, model) => {
    const chart = charts.get(id);
    if (chart === undefined) throw new Error(`no chart ${id}`);
    const { document } = parseHTML("<!doctype html><html><body></body></html>");
    const options = (n: number) => ({
      n,
      model,
      width: 700,
      height: 300,
      document: document as unknown as DrawingDocument,
      isStyled: true,
    });
    let moved = drawnChart(chart, options(4));
    document.body.append(moved.svg as never);
    const seen = new Set<string>();
    const elements = new Set<unknown>();
    for (const n of ns) {
      moved = movedChart(moved, chart, options(n));
      const drawn = picture(drawnChart(chart, options(n)).svg as unknown as Node);
      expect(picture(document.body.firstElementChild as never), `N = ${n}`).toEqual(drawn);
      seen.add(JSON.stringify(drawn));
      for (const { element } of moved.plots) elements.add(element);
    }
    expect(seen.size).toBeGreaterThan(4);
    // Each plot was made once more at the most: when it first changed.
    expect(elements.size).toBeLessThanOrEqual(2 * moved.plots.length);
  });
});
