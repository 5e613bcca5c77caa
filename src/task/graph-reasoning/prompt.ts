/** The text of a graph-reasoning prompt (App. C): `u1 v1 | u2 v2 | … | uk vk / s t =`, and back. */
import type { Edge } from "./layered-graph.ts";

/** The symbol that fills a prompt on the left. */
export const paddingSymbol = "_";

/** The graph that a prompt spells, read back by `graphOfPrompt`. */
export interface PromptGraph {
  /** In the prompt's order. */
  readonly edges: readonly Edge[];
  readonly source: number;
  readonly target: number;
}

const padding = /^[_\s]+/;

/** A prompt's tokens: two names and a separator an edge, then source, target and `=`. */
export const promptLength = (edges: number): number => 3 * edges + 3;

/** The prompt of edges in the order given, filled on the left to `length` tokens. */
export function promptText({ edges, source, target }: PromptGraph, length = 0): string {
  const list = edges.map(({ from, to }) => `${from} ${to}`).join(" | ");
  const filling = `${paddingSymbol} `.repeat(Math.max(0, length - promptLength(edges.length)));
  return `${filling}${list} / ${source} ${target} =`;
}

const namePattern = /^[1-9]\d{0,8}$/;
const pairPattern = /^\s*([1-9]\d{0,8})\s+([1-9]\d{0,8})\s*$/;

/**
 * The graph that a prompt spells out, padded or not; undefined for any other text.
 *
 * @example
 * graphOfPrompt("7 4 | 7 9 | 4 2 / 7 2 =")?.edges.length; // 3
 * graphOfPrompt("What is 7 + 4?"); // undefined
 */
export function graphOfPrompt(prompt: string): PromptGraph | undefined {
  const [list = "", rest = "", more] = prompt.split("/", 3);
  const ends = rest.trimEnd();
  if (more !== undefined || !ends.endsWith("=")) return undefined;
  const end = pairOf(ends.slice(0, -1));
  const edges = list.replace(padding, "").split("|").map(pairOf);
  if (end === undefined || !edges.every((edge) => edge !== undefined)) return undefined;
  return { edges, source: end.from, target: end.to };
}

function pairOf(text: string): Edge | undefined {
  const pair = pairPattern.exec(text);
  return pair === null ? undefined : { from: Number(pair[1]), to: Number(pair[2]) };
}

/** The names of a path in a response; undefined where it holds anything else. */
export function namesOfResponse(response: string): number[] | undefined {
  const words = response.trim().split(/\s+/);
  if (!words.every((word) => namePattern.test(word))) return undefined;
  return words.map(Number);
}

/** A path as a response spells it. */
export const responseText = (path: readonly number[]): string => path.join(" ");
