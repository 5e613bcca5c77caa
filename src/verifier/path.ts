/** Is the response a path through the prompt's graph? The prompt alone decides. */
import { graphOfPrompt, type KnownGraph, knownGraph, pathFaults, wordsOfResponse } from "../task/index.ts";
import type { Verifier, VerifierResult } from "./verifier.ts";

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
    if (known?.prompt !== prompt) {
      const graph = graphOfPrompt(prompt);
      known = { prompt, graph: graph && knownGraph(graph) };
    }
    return known.graph;
  };
  return {
    name: "path",
    verify({ response, prompt }): VerifierResult {
      if (prompt === undefined) return { verdict: "unscored", reason: "no prompt" };
      const graph = graphOf(prompt);
      if (graph === undefined) return { verdict: "unscored", reason: "the prompt spells out no graph" };
      const words = wordsOfResponse(response);
      const answer = words.join(" ").slice(0, 200);
      const [fault] = pathFaults(words, graph);
      if (fault === undefined) return { verdict: "correct", answer };
      return { verdict: "incorrect", reason: fault, answer };
    },
  };
}
