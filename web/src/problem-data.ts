/** The problem views that stand compressed in the page. */
import type { ProblemView } from "../../src/report/problem-view.ts";
import { type PackedProblems, viewsFromBytes } from "../../src/report/problem-view-columns.ts";

export async function unpackedProblems({ data }: PackedProblems): Promise<ProblemView[]> {
  const binary = atob(data);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return viewsFromBytes(new Uint8Array(await new Response(stream).arrayBuffer()));
}
