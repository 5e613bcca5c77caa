/** A response as a walk through a prompt's graph: which of its steps are edges, and why it is no path. */
import type { PromptGraph } from "./prompt.ts";

/** A graph in which steps are looked up. */
export interface KnownGraph {
  readonly source: string;
  readonly target: string;
  /** As `from to`. */
  readonly edges: ReadonlySet<string>;
}

/**
 * A prompt's graph for looking steps up.
 *
 * @example
 * knownGraph({ edges: [{ from: 7, to: 4 }], source: 7, target: 4 }).edges.has("7 4"); // true
 */
export function knownGraph({ edges, source, target }: PromptGraph): KnownGraph {
  return {
    source: String(source),
    target: String(target),
    edges: new Set(edges.map(({ from, to }) => `${from} ${to}`)),
  };
}

/**
 * What a response goes through, in its order; it may hold anything.
 *
 * @example
 * wordsOfResponse(" 7 4\n<b>"); // ["7", "4", "<b>"]
 */
export function wordsOfResponse(response: string): string[] {
  return response.match(/\S+/g) ?? [];
}

export const isStep = ({ edges }: KnownGraph, from: string, to: string): boolean =>
  edges.has(`${from} ${to}`);

/**
 * All that keeps words from being a path from source to target along the edges, no node twice; nothing for a path.
 *
 * @example
 * const graph = knownGraph({ edges: [{ from: 7, to: 4 }], source: 7, target: 4 });
 * [...pathFaults(["7", "5"], graph)]; // ["no edge from 7 to 5", "does not end at the target"]
 */
export function* pathFaults(words: readonly string[], graph: KnownGraph): Generator<string> {
  if (words[0] !== graph.source) yield "does not start at the source";
  for (const [index, word] of words.entries()) {
    const next = words[index + 1];
    if (next !== undefined && !isStep(graph, word, next))
      yield `no edge from ${nodeText(word)} to ${nodeText(next)}`;
  }
  if (words.at(-1) !== graph.target) yield "does not end at the target";
  if (new Set(words).size < words.length) yield "goes through a node twice";
}

const nodeText = (word: string) => nodeName(word) ?? "what is no node";

/** A word of a response that could be a node's name; undefined for any other text. */
export const nodeName = (word: string): string | undefined => (/^\d{1,9}$/.test(word) ? word : undefined);
