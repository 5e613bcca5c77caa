/** What stands compressed in the page. */
import type { PackedPart, PackedReport, PageReport } from "../../src/report/page-report.ts";
import type { ProblemView } from "../../src/report/problem-view.ts";
import { viewsFromBytes } from "../../src/report/problem-view-columns.ts";

export async function unpackedReport({ rest, ...shown }: PackedReport): Promise<PageReport> {
  return { ...JSON.parse(await unpacked(rest).text()), ...shown };
}

export async function unpackedProblems(packed: PackedPart): Promise<ProblemView[]> {
  return viewsFromBytes(new Uint8Array(await unpacked(packed).arrayBuffer()));
}

/** @throws TypeError where the browser cannot unpack. */
function unpacked({ data }: PackedPart): Response {
  const binary = atob(data);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")));
}
