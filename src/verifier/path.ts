/** Is the response a path through the prompt's graph? The prompt alone decides. */
import { graphOfPrompt } from "../task/index.ts";
import type { Verifier, VerifierResult } from "./verifier.ts";

interface KnownGraph {
  readonly source: string;
  readonly target: string;
  /** As `from to`. */
  readonly edges: ReadonlySet<string>;
}

/**
 * A verifier of the graph-reasoning tasks (App. C): correct is a response that names the nodes of a path from the
 * prompt's source to its target along its edges, no node twice, whichever path the data distribution would pick.
 * No target is read. A prompt that spells out no graph, or none at all, leaves the response unscored.
 *
 * @example
 * const prompt = "7 4 | 7 9 | 4 2 / 7 2 =";
 * pathVerifier().verify({ prompt, response: "7 4 2", target: undefined }).verdict; // "correct"
 * pathVerifier().verify({ prompt, response: "7 9 2", target: undefined }).reason; // "no edge from 9 to 2"
 */
export function pathVerifier(): Verifier {
  // The draws of a prompt come one after the other.
  let known: { prompt: string; graph: KnownGraph | undefined } | undefined;
  const graphOf = (prompt: string): KnownGraph | undefined => {
    if (known?.prompt !== prompt) known = { prompt, graph: knownGraph(prompt) };
    return known.graph;
  };
  return {
    name: "path",
    verify({ response, prompt }): VerifierResult {
      if (prompt === undefined) return { verdict: "unscored", reason: "no prompt" };
      const graph = graphOf(prompt);
      if (graph === undefined) return { verdict: "unscored", reason: "the prompt spells out no graph" };
      const names = response.trim().split(/\s+/);
      const answer = names.join(" ").slice(0, 200);
      const fault = faultOf(names, graph);
      if (fault === undefined) return { verdict: "correct", answer };
      return { verdict: "incorrect", reason: fault, answer };
    },
  };
}

function knownGraph(prompt: string): KnownGraph | undefined {
  const graph = graphOfPrompt(prompt);
  if (graph === undefined) return undefined;
  const edges = new Set(graph.edges.map(({ from, to }) => `${from} ${to}`));
  return { source: String(graph.source), target: String(graph.target), edges };
}

/** Why names are no path; undefined where they are one. */
function faultOf(names: readonly string[], { source, target, edges }: KnownGraph): string | undefined {
  if (names[0] !== source) return "does not start at the source";
  for (const [index, name] of names.entries()) {
    const next = names[index + 1];
    if (next !== undefined && !edges.has(`${name} ${next}`))
      return `no edge from ${shown(name)} to ${shown(next)}`;
  }
  if (names.at(-1) !== target) return "does not end at the target";
  if (new Set(names).size < names.length) return "goes through a node twice";
  return undefined;
}

const shown = (name: string) => (/^\d{1,9}$/.test(name) ? name : "what is no node");
