/** Layered graphs with one or two passable nodes a layer (App. C): their drawing, edges and paths. */
import type { RandomGenerator } from "../../numeric/index.ts";

/** layers[0] = [source], layers.at(-1) = [target], the middle ones hold `width` names each. In formulas layers count from 1. */
export interface LayeredGraph {
  readonly layers: readonly (readonly number[])[];
  /** The nodes of each layer that an edge leaves, in the layer's order; the source and the target count as passable. */
  readonly passable: readonly (readonly number[])[];
}

/** From a node to one of the next layer. */
export interface Edge {
  readonly from: number;
  readonly to: number;
}

/** The least and the most of each; a task of 32 middle layers has up to 65,536 paths. */
export const graphLimits = { middleLayers: [2, 32], width: [2, 64] } as const;

/** p(j) = j mod 2, of a node's name or a layer's number. */
export const parity = (value: number): number => value % 2;

/** The exclusive or of the parities of names. */
export const parityOf = (names: readonly number[]): number =>
  parity(names.reduce((sum, name) => sum + name, 0));

/** Draws distinct names from 1 … m: first an even and an odd one for every layer with two passable nodes, then the rest. */
export function drawGraph(
  given: {
    readonly middleLayers: number;
    readonly width: number;
    readonly names: number;
    /** Middle layers with two passable nodes, counted from 0. */
    readonly branching: ReadonlySet<number>;
  },
  generator: RandomGenerator,
): LayeredGraph {
  const used = new Set<number>();
  const draw = (wanted?: number): number => {
    for (;;) {
      const name = 1 + generator.integer(given.names);
      if (used.has(name) || (wanted !== undefined && parity(name) !== wanted)) continue;
      used.add(name);
      return name;
    }
  };
  const middle = Array.from({ length: given.middleLayers }, (_, index) => index);
  const pairs = middle.map((index) => (given.branching.has(index) ? [draw(0), draw(1)] : undefined));
  const source = draw();
  const target = draw();
  const layers = [[source]];
  const passable = [[source]];
  for (const pair of pairs) {
    const open = pair ?? [draw()];
    const closed = Array.from({ length: given.width - open.length }, () => draw());
    const layer = shuffled([...open, ...closed], generator);
    layers.push(layer);
    passable.push(layer.filter((name) => open.includes(name)));
  }
  layers.push([target]);
  passable.push([target]);
  return { layers, passable };
}

/** The edges in the order of their layers: passable nodes lead to every node of the next layer, the last layer's to the target. */
export function edgesByLayer({ layers, passable }: LayeredGraph): Edge[][] {
  return passable
    .slice(0, -1)
    .map((nodes, index) => nodes.flatMap((from) => layers[index + 1]!.map((to) => ({ from, to }))));
}

/** Every path from the source to the target: one passable node a layer. */
export function pathsOf({ passable }: LayeredGraph): number[][] {
  return passable.reduce<number[][]>(
    (paths, nodes) => paths.flatMap((path) => nodes.map((node) => [...path, node])),
    [[]],
  );
}

/** A new array in random order (Fisher and Yates). */
export function shuffled<Item>(items: readonly Item[], generator: RandomGenerator): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = generator.integer(last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
