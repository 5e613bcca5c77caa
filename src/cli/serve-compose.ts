/** The process that makes one report for `lmcov serve`: paths come in as a message, the page's data goes back. */
import { pageData } from "../report/index.ts";
import { composeComparison } from "./compose-comparison.ts";
import { composeReport } from "./compose-report.ts";
import type { ComposedMessage } from "./serve-reports.ts";

/** As `lmcov report` without options. */
const usual = { unscored: "exclude", level: 0.95, seed: "lmcov", budget: 64, texts: true } as const;

async function composed(paths: readonly string[], names: readonly string[]): Promise<ComposedMessage> {
  try {
    const report =
      paths.length === 1
        ? (await composeReport(paths, usual)).report
        : await composeComparison(paths, { ...usual, names });
    return { data: pageData(report) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

process.once("message", async (message) => {
  const { paths, names } = message as { paths: string[]; names: string[] };
  const answer = await composed(paths, names);
  process.send?.(answer, () => process.disconnect());
});
// The server ended: nobody waits for this report.
process.once("disconnect", () => process.exit());
