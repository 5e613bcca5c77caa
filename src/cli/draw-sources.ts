/** Where the draws behind a report's problem views are, so that their texts can be read when someone asks. */
import { shortName } from "../report/index.ts";
import type { DrawGroup } from "../store/index.ts";
import type { ComposedReport } from "./compose-report.ts";

/** The draws of one model of a view. */
export interface DrawSource {
  /** As the page shows it. */
  readonly label: string;
  /** Position of the input that holds them. */
  readonly input: number;
  readonly group: Omit<DrawGroup, "position">;
}

export interface TaskSources {
  readonly task: string;
  /** In the order of the view. */
  readonly models: readonly DrawSource[];
}

/** Sources for each problem view; `names` are those that told the inputs apart. */
export function drawSources(
  { report, counted, originOf }: Pick<ComposedReport, "report" | "counted" | "originOf">,
  names: readonly string[],
): TaskSources[] {
  return (report.problems ?? []).map(({ task, models }) => ({
    task,
    models: models.flatMap((label) => {
      const found = counted.find(({ counts }) => counts.task === task && counts.label === label);
      if (found === undefined) return [];
      const { model, step, trainingTokens, samplingHash, verifier } = found.group;
      const origin = originOf(model);
      return [
        {
          label: shortName(label),
          input: origin === undefined ? 0 : names.indexOf(origin.input),
          group: {
            model: origin?.model ?? model,
            ...(step !== undefined && { step }),
            ...(trainingTokens !== undefined && { trainingTokens }),
            samplingHash,
            verifier,
          },
        },
      ];
    }),
  }));
}
