/** Paths from a prompt alone, found by depth-first search over its edges: it knows nothing of layers. */
import { InputError } from "../../record/index.ts";
import { graphOfPrompt } from "./prompt.ts";

const mostPaths = 1 << 16;

/**
 * Every simple path from the source to the target of a prompt, as responses in the order of the search.
 *
 * @param limit the most paths to look for
 * @throws InputError for a text that is no graph-reasoning prompt, and for more paths or dead ends than `limit`.
 * @example
 * pathsOfPrompt("7 4 | 7 9 | 4 2 | 4 5 / 7 2 ="); // ["7 4 2"]
 * pathsOfPrompt("7 4 | 7 9 | 4 2 | 9 2 / 7 2 ="); // ["7 4 2", "7 9 2"]
 */
export function pathsOfPrompt(prompt: string, limit = mostPaths): string[] {
  const graph = graphOfPrompt(prompt);
  if (graph === undefined) throw new InputError("prompt: is no graph-reasoning prompt (u v | … / s t =)");
  const next = new Map<number, number[]>();
  for (const { from, to } of graph.edges) next.set(from, [...(next.get(from) ?? []), to]);
  const paths: string[] = [];
  // A search that only meets dead ends has to stop as well.
  let steps = 0;
  const visit = (path: readonly number[]): void => {
    const node = path.at(-1)!;
    if (node === graph.target) {
      paths.push(path.join(" "));
      if (paths.length > limit) throw new InputError(`prompt: has more than ${limit} paths`);
      return;
    }
    steps += 1;
    if (steps > 64 * limit)
      throw new InputError(`prompt: has too many dead ends to search (over ${64 * limit})`);
    for (const neighbour of next.get(node) ?? []) {
      if (!path.includes(neighbour)) visit([...path, neighbour]);
    }
  };
  visit([graph.source]);
  return paths;
}
