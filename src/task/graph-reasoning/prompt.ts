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

/** A prompt's tokens: two names and a separator an edge, then source, target and `=`. */
export const promptLength = (edges: number): number => 3 * edges + 3;

/** The prompt of edges in the order given, filled on the left to `length` tokens. */
export function promptText({ edges, source, target }: PromptGraph, length = 0): string {
  const list = edges.map(({ from, to }) => `${from} ${to}`).join(" | ");
  const padding = `${paddingSymbol} `.repeat(Math.max(0, length - promptLength(edges.length)));
  return `${padding}${list} / ${source} ${target} =`;
}

const namePattern = /^[1-9]\d{0,8}$/;

/**
 * The graph that a prompt spells out, padded or not; undefined for any other text.
 *
 * @example
 * graphOfPrompt("7 4 | 7 9 | 4 2 / 7 2 =")?.edges.length; // 3
 * graphOfPrompt("What is 7 + 4?"); // undefined
 */
export function graphOfPrompt(prompt: string): PromptGraph | undefined {
  const words = (prompt.match(/[|/=_]|[^|/=_\s]+/g) ?? []) as string[];
  const start = words.findIndex((word) => word !== paddingSymbol);
  const slash = words.length - 4;
  if (start < 0 || (slash - start) % 3 !== 2 || words[slash] !== "/" || words[slash + 3] !== "=")
    return undefined;
  const edges: Edge[] = [];
  for (let at = start; at < slash; at += 3) {
    if (!areNames(words[at], words[at + 1])) return undefined;
    if (at + 2 < slash && words[at + 2] !== "|") return undefined;
    edges.push({ from: Number(words[at]), to: Number(words[at + 1]) });
  }
  if (!areNames(words[slash + 1], words[slash + 2])) return undefined;
  return { edges, source: Number(words[slash + 1]), target: Number(words[slash + 2]) };
}

const areNames = (...words: (string | undefined)[]) =>
  words.every((word) => word !== undefined && namePattern.test(word));

/** The names of a path in a response; undefined where it holds anything else. */
export function namesOfResponse(response: string): number[] | undefined {
  const words = response.trim().split(/\s+/);
  if (!words.every((word) => namePattern.test(word))) return undefined;
  return words.map(Number);
}

/** A path as a response spells it. */
export const responseText = (path: readonly number[]): string => path.join(" ");
