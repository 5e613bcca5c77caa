/** The process that makes one report for `lmcov serve`: paths come in as a message, the page's data goes back. */
import { pageData, type Report } from "../report/index.ts";
import { isRunFolder } from "../store/index.ts";
import { composeReport } from "./compose-report.ts";
import { composeRuns } from "./compose-runs.ts";
import { drawSources } from "./draw-sources.ts";
import type { ComposedMessage } from "./serve-reports.ts";

/** As `lmcov report` without options. */
const usual = { unscored: "exclude", level: 0.95, seed: "lmcov", budget: 64 } as const;

async function composed(paths: readonly string[], names: readonly string[]): Promise<ComposedMessage> {
  try {
    // Responses of run folders are read when someone asks for them; logs give a sample with the report.
    const served = paths.every(isRunFolder);
    const request = { ...usual, texts: !served };
    const composed =
      paths.length === 1
        ? await composeReport(paths, request)
        : await composeRuns(paths, { ...request, names });
    if (!served)
      return { data: pageData(paths.some(isRunFolder) ? sampled(composed.report) : composed.report) };
    return {
      data: pageData({ ...composed.report, responses: "served" }),
      sources: drawSources(composed, names),
    };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/** Says that responses of run folders are a sample where they stand beside those of other logs. */
function sampled(report: Report): Report {
  const note =
    "Responses here are a sample, of each verdict a few: a run folder's are shown whole only in a report on run folders alone.";
  return {
    ...report,
    problems: (report.problems ?? []).map((view) => ({ ...view, notes: [...view.notes, note] })),
  };
}

process.once("message", async (message) => {
  const { paths, names } = message as { paths: string[]; names: string[] };
  const answer = await composed(paths, names);
  process.send?.(answer, () => process.disconnect());
});
// The server ended: nobody waits for this report.
process.once("disconnect", () => process.exit());
