import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostileTexts } from "../../../test/hostile-text.ts";
import { randomGenerator } from "../../numeric/index.ts";
import { pathVerifier } from "../../verifier/path.ts";
import { figureOneTask, figureOneWeights } from "./figure-one.ts";
import { figureTwoTask } from "./figure-two.ts";
import { graphDrawing } from "./graph-drawing.ts";
import { type GraphLayout, graphLayout } from "./graph-layout.ts";
import type { GraphProblem } from "./graph-task.ts";
import { type Edge, edgesByLayer } from "./layered-graph.ts";
import { pathsOfPrompt } from "./path-oracle.ts";
import { paperGraphSettings } from "./settings.ts";

/** A problem of any class of either task, by the numbers that a property draws. */
function problemOf({
  seed,
  figure,
  size,
  padded,
}: {
  seed: number;
  figure: 1 | 2;
  size: number;
  padded: boolean;
}) {
  const settings = {
    ...paperGraphSettings,
    middleLayers: 2 + (size % 11),
    width: 2 + (size % 4),
    names: 200,
    edgeOrder: size % 2 === 0 ? ("shuffled" as const) : ("layered" as const),
    padded,
  };
  const generator = randomGenerator(`drawn ${seed}`);
  return figure === 1
    ? figureOneTask(settings).sample({ ...figureOneWeights.preTraining }, generator)
    : figureTwoTask(settings).sample({ G_H1: 1, G_H2: 1, G_H3: 1 }, generator);
}

const anyProblem = fc
  .record({
    seed: fc.nat(),
    figure: fc.constantFrom(1 as const, 2 as const),
    size: fc.nat(40),
    padded: fc.boolean(),
  })
  .map(problemOf);

const layoutOf = ({ prompt }: { prompt: string }): GraphLayout => {
  const layout = graphLayout(prompt);
  if (layout === undefined) throw new Error("no layout");
  return layout;
};
/** Names by layer, in the order of their rows. */
const layersOf = ({ nodes, columns }: GraphLayout) =>
  Array.from({ length: columns }, (_, layer) =>
    [...nodes.values()]
      .filter(({ column }) => column === layer)
      .sort((a, b) => a.row - b.row)
      .map(({ name }) => Number(name)),
  );
const openNodes = ({ nodes }: GraphLayout) =>
  [...nodes.values()].filter(({ kind }) => kind === "open").map(({ name }) => Number(name));
const spelt = (edges: readonly Edge[]) => edges.map(({ from, to }) => `${from} ${to}`).sort();
const sorted = (names: readonly number[]) => [...names].sort((a, b) => a - b);

describe("the layout of a prompt", () => {
  test("finds the layers, passable nodes, edges and number of paths that the generator knows", () => {
    fc.assert(
      fc.property(anyProblem, ({ graph, prompt }: GraphProblem) => {
        const layout = layoutOf({ prompt });
        expect(layersOf(layout).map(sorted)).toEqual(graph.layers.map(sorted));
        expect(sorted(openNodes(layout))).toEqual(sorted(graph.passable.flat()));
        expect([...layout.edges].sort()).toEqual(spelt(edgesByLayer(graph).flat()));
        expect(layout.pathCount).toBe(pathsOfPrompt(prompt).length);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test("puts passable nodes first, and takes an edge once however often it is listed", () => {
    const layout = layoutOf({ prompt: "7 4 | 7 1 | 4 2 | 7 4 / 7 2 =" });
    expect(layersOf(layout)).toEqual([[7], [4, 1], [2]]);
    expect(layout).toMatchObject({ pathCount: 1, source: "7", target: "2", columns: 3, rows: 2 });
    expect(layout.edges.size).toBe(3);
  });

  test("knows a dead end that goes on for a while, and edges beyond the target", () => {
    const layout = layoutOf({ prompt: "7 4 | 7 1 | 1 3 | 4 2 | 2 9 / 7 2 =" });
    expect(layersOf(layout)).toEqual([[7], [4, 1], [2, 3], [9]]);
    expect(sorted(openNodes(layout))).toEqual([2, 4, 7]);
  });

  test.each([
    ["prose", "What is 7 + 4?"],
    ["nothing", ""],
    ["no edges", "/ 7 4 ="],
    ["an unknown separator", "7 4 ; 4 2 / 7 2 ="],
    ["a name of zero", "0 4 / 0 4 ="],
    ["a cycle", "7 4 | 4 7 / 7 4 ="],
    ["an edge from a node to itself", "7 7 | 7 4 / 7 4 ="],
    ["an edge that skips a layer", "7 4 | 4 2 | 7 2 / 7 2 ="],
    ["an edge within a layer", "7 4 | 7 5 | 4 5 / 7 4 ="],
    ["a node that the source does not reach", "7 4 | 5 4 / 7 4 ="],
    ["a target that is not there", "7 4 / 7 9 ="],
    ["a source that is not there", "7 4 / 9 4 ="],
    ["text after it", "7 4 / 7 4 = and"],
    ["more layers than a task has", `${chain(35)} / 1 36 =`],
    ["a wider layer than a task has", `${fan(65)} / 1 2 =`],
    ["very many edges", `${fan(30_000)} / 1 2 =`],
    ["a long line", "7 4 | ".repeat(200_000)],
    ...hostileTexts.map((text, index) => [`hostile text ${index}`, text]),
  ])("is none for %s", (_, prompt) => {
    expect(graphLayout(prompt)).toBeUndefined();
  });

  test("takes the largest graph of a task", () => {
    const settings = { ...paperGraphSettings, middleLayers: 32, width: 64, names: 1 << 20 };
    const { prompt } = figureTwoTask(settings).problem("G_H2", randomGenerator("largest"));
    const layout = layoutOf({ prompt });
    expect(layersOf(layout).map(({ length }) => length)).toEqual([1, ...Array(32).fill(64), 1]);
    expect(layout.pathCount).toBe(2 ** 16);
  });
});

function chain(edges: number): string {
  return Array.from({ length: edges }, (_, at) => `${at + 1} ${at + 2}`).join(" | ");
}

function fan(width: number): string {
  return Array.from({ length: width }, (_, at) => `1 ${at + 2}`).join(" | ");
}

const prompt = "7 4 | 7 9 | 4 2 | 4 5 / 7 2 =";
const drawn = (response: string | undefined, given: { prompt?: string; width?: number } = {}) =>
  graphDrawing(layoutOf({ prompt, ...given }), {
    width: 600,
    ...given,
    ...(response !== undefined && { response }),
  });
const marksOf = ({ marks }: ReturnType<typeof graphDrawing>, kind: string) =>
  marks.filter(({ attributes }) => String(attributes.class).split(" ").includes(kind));
const named = (drawing: ReturnType<typeof graphDrawing>, kind: string, name: string) =>
  marksOf(drawing, kind).map(({ attributes }) => attributes[name]);

describe("the drawing", () => {
  test("has every edge and node once, those on a path to the target told apart by their line", () => {
    fc.assert(
      fc.property(anyProblem, (problem: GraphProblem) => {
        const drawing = drawn(undefined, problem);
        const { graph } = problem;
        const edges = edgesByLayer(graph).flat();
        expect(named(drawing, "edge", "data-edge").sort()).toEqual(spelt(edges));
        const passable = new Set(graph.passable.flat());
        const open = edges.filter(({ to }) => passable.has(to));
        expect(named(drawing, "open", "data-edge").filter(Boolean)).toHaveLength(open.length);
        expect(sorted(named(drawing, "node", "data-node").map(Number))).toEqual(sorted(graph.layers.flat()));
        const solid = marksOf(drawing, "node").filter(
          ({ attributes }) => attributes["stroke-dasharray"] === undefined,
        );
        expect(sorted(solid.map(({ attributes }) => Number(attributes["data-node"])))).toEqual(
          sorted([...passable]),
        );
      }),
      { seed: 2, numRuns: 60 },
    );
  });

  test("places layers from left to right, and nodes and names inside", () => {
    fc.assert(
      fc.property(anyProblem, fc.integer({ min: 0, max: 2000 }), (problem: GraphProblem, width) => {
        const drawing = drawn("1234567 <b> 7", { ...problem, width });
        const boxes = marksOf(drawing, "node").map(({ attributes }) => attributes as Record<string, number>);
        const layerOf = new Map(problem.graph.layers.flatMap((layer, at) => layer.map((name) => [name, at])));
        // Seven pixels a digit at the font's size.
        const isInside = ({ x, y, width: wide, height, ...rest }: Record<string, number>) =>
          x! >= 4 &&
          x! + wide! <= drawing.width - 4 &&
          y! >= 20 &&
          y! + height! <= drawing.height - 4 &&
          wide! >= 7 * String(rest["data-node"]).length;
        expect(boxes.filter((box) => !isInside(box))).toEqual([]);
        const columns = problem.graph.layers.map((_, layer) => {
          const own = boxes.filter((box) => layerOf.get(Number(box["data-node"])) === layer);
          return [...new Set(own.map(({ x }) => x!))];
        });
        expect(columns.every(({ length }) => length === 1)).toBe(true);
        const places = columns.flat();
        expect(places).toEqual(sorted(places));
        expect(new Set(places).size).toBe(places.length);
        const corners = new Set(boxes.map(({ x, y }) => `${x} ${y}`));
        expect(corners.size).toBe(boxes.length);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  test("tells a response's steps apart as the search over the edges and the verifier do", () => {
    const answers = fc.tuple(
      anyProblem,
      fc.nat(),
      fc.array(fc.nat(30), { maxLength: 14 }),
      fc.constantFrom("path", "broken", "any"),
    );
    fc.assert(
      fc.property(answers, ([problem, pick, guesses, kind]) => {
        const paths = pathsOfPrompt(problem.prompt);
        const path = paths[pick % paths.length]!.split(" ");
        const nodes = problem.graph.layers.flat();
        const words =
          kind === "any" ? guesses.map((guess) => String(nodes[guess % nodes.length])) : [...path];
        if (kind === "broken") words[pick % words.length] = String(nodes[pick % nodes.length]);
        const response = words.join(" ");
        const drawing = drawn(response, problem);
        const edges = new Set(
          edgesByLayer(problem.graph)
            .flat()
            .map(({ from, to }) => `${from} ${to}`),
        );
        const steps = words.slice(1).map((word, index) => `${words[index]} ${word}`);
        expect(named(drawing, "valid", "data-step")).toEqual(steps.filter((step) => edges.has(step)));
        expect(named(drawing, "invalid", "data-step")).toEqual(steps.filter((step) => !edges.has(step)));
        expect(marksOf(drawing, "cross")).toHaveLength(steps.filter((step) => !edges.has(step)).length);
        const isPath = paths.includes(response);
        expect(drawing.captions[1]!.startsWith("The response is a valid path.")).toBe(isPath);
        const { reason } = pathVerifier().verify({ response, prompt: problem.prompt, target: undefined });
        if (!isPath) expect(drawing.captions[1]).toContain(`The response is no path: ${reason}`);
      }),
      { seed: 4, numRuns: 150 },
    );
  });

  test("puts names that the graph does not have below it, and text that is no name as a question mark", () => {
    const drawing = drawn("7 99 <script>alert(1)</script> 2");
    expect(named(drawing, "strange", "data-node")).toEqual(["99", "?"]);
    expect(named(drawing, "invalid", "data-step")).toEqual(["7 99", "99 ?", "? 2"]);
    expect(drawing.captions[1]).toBe(
      "The response is no path: no edge from 7 to 99, no edge from 99 to what is no node, no edge from what is no node to 2.",
    );
    expect(JSON.stringify(drawing)).not.toContain("alert");
    expect(drawing.description).toContain("The response goes 7, 99 (no edge), ? (no edge), 2 (no edge).");
  });

  test("of an empty response is the graph, and says so", () => {
    const drawing = drawn("  \n");
    expect(drawing.marks).toEqual(drawn(undefined).marks);
    expect(drawing.captions[1]).toBe(
      "The response is no path: does not start at the source, does not end at the target.",
    );
  });

  test("stays small for long and hostile responses, and says that there is more", () => {
    const graph = drawn(undefined).marks.length;
    const long = ["7 4 ".repeat(100_000), "x ".repeat(100_000), "1 2 3 4 5 ".repeat(1000), ...hostileTexts];
    for (const response of long) {
      const drawing = drawn(response);
      expect(drawing.marks.length).toBeLessThan(graph + 80);
      expect(drawing.description.length).toBeLessThan(1200);
      expect(JSON.stringify(drawing)).not.toMatch(/[<>\u0000-\u001f\u202a-\u202e\u2066-\u2069]/);
    }
    expect(drawn("7 4 ".repeat(100)).captions[1]).toMatch(/ The response is longer than what is drawn\.$/);
  });

  test("keeps every curve inside, wherever a step without an edge leads", () => {
    const nodes = [...layoutOf({ prompt }).nodes.keys(), "88"];
    const outside: number[] = [];
    for (const from of nodes) {
      for (const to of nodes) {
        const drawing = drawn(`${from} ${to} 4`);
        for (const { attributes } of marksOf(drawing, "invalid")) {
          const numbers = [...String(attributes.d).matchAll(/-?[\d.]+/g)].map(Number);
          const limits = [drawing.width, drawing.height];
          outside.push(...numbers.filter((value, index) => value < 0 || value > limits[index % 2]!));
        }
      }
    }
    expect(outside).toEqual([]);
  });
});
