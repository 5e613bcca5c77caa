/** What `lmcov generate` prints when it is through. */
import { checkpointName } from "../record/index.ts";
import { countText, plural, printable } from "../report/index.ts";
import type { BestOfNRule, ChosenDraw } from "./generate-best.ts";
import type { DrawSummary } from "./generate-draws.ts";
import { jsonText, printRemark, printResult } from "./print.ts";

export function printSummary(
  summaries: readonly DrawSummary[],
  result: {
    readonly options: { readonly out: string; readonly json?: boolean; readonly bestOf?: BestOfNRule };
    readonly chosen: readonly ChosenDraw[] | undefined;
  },
): void {
  const { options, chosen } = result;
  if (options.json) {
    printResult(
      jsonText({
        schema: "lmcov/generate@1",
        run: options.out,
        models: summaries,
        ...(chosen && { chosen }),
      }),
    );
    return;
  }
  for (const summary of summaries) {
    const { drawn, skipped, tokens, cut } = summary;
    const known = skipped > 0 ? `, ${countText(skipped)} there already` : "";
    printRemark(
      `• ${printable(checkpointName(summary), 200)}: ${plural(drawn, "draw")}, ${plural(tokens, "token")}${known}`,
    );
    if (cut > 0 && summary.drawn > 0) {
      printRemark(`    ${countText(cut)} of ${countText(drawn)} ended at the token limit, not by themselves`);
    }
  }
  for (const { problem, draw, reward, ties, text, ...model } of chosen ?? []) {
    const whose = summaries.length > 1 ? `${printable(checkpointName(model), 200)}, ` : "";
    const shown =
      draw === undefined
        ? "no draw has a reward"
        : `draw ${draw} (${options.bestOf} ${reward?.toPrecision(4)}${ties === 1 ? "" : `, first of ${ties}`}): ${printable(text ?? "", 200)}`;
    printResult(`${whose}${printable(problem, 80)}: ${shown}`);
  }
  printRemark(`Next: lmcov report ${options.out}`);
}
