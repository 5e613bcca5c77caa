/** `lmcov plan`: where to spend the next draws or scored responses. */
import type { Command } from "commander";
import { randomGenerator } from "../numeric/index.ts";
import { InputError } from "../record/index.ts";
import { type LogOptions, levelOf, logCommand, positiveInteger } from "./log-options.ts";
import { halvingPlans, halvingText } from "./plan-halving.ts";
import { separationPlans, separationText } from "./plan-separation.ts";
import { widthPlans, widthText } from "./plan-width.ts";
import { realFromOne } from "./positive-reals.ts";
import { jsonText, printResult } from "./print.ts";
import { likelihoodsOf } from "./read-likelihoods.ts";
import { countsOf, printReadRemarks, readInputs } from "./read-logs.ts";

export interface PlanOptions extends LogOptions {
  readonly k?: number;
  readonly width: number;
  readonly stopAt: number;
  readonly separate?: boolean;
  readonly power: number;
  readonly n: number;
  readonly seed: string;
}

const examples = `
Examples:
  lmcov plan run --k 1000 --width 0.1         more draws, on which problems, for pass@1000 within 0.1
  lmcov plan run --separate --k 1             more draws to tell the two best models apart
  lmcov plan scores.parquet --n 8             of many checkpoints: which to score on twice as many responses

From verdicts or counts: every problem until its second success, one cap for the rest (lmcov sample --stop-at 2).
From log-probabilities alone: successive halving that keeps each survivor's strongest opponent.`;

export function command(): Command {
  return logCommand("plan")
    .option("--k <draws>", "k of pass@k (default: 1000; with --separate: 1)", positiveInteger)
    .option("--width <width>", "width of the interval that is wanted", levelOf, 0.1)
    .option("--stop-at <s>", "successes at which a problem stops", positiveInteger, 2)
    .option("--separate", "plan to tell the two best models of each task apart")
    .option("--power <share>", "with --separate: how likely they shall be told apart", levelOf, 0.8)
    .option("--n <number>", "N of the tournament between checkpoints", realFromOne, 8)
    .option("--seed <text>", "seed of the simulated futures", "lmcov")
    .addHelpText("after", examples)
    .action(run);
}

async function run(words: string[], options: PlanOptions): Promise<void> {
  const read = await readInputs(words, options);
  const generator = randomGenerator(options.seed);
  const inputs = read.summary;
  if (read.loaded.groups.length > 0) {
    const { models, remarks } = countsOf(read, options);
    const widths = options.separate ? [] : widthPlans(models, { ...options, generator });
    const separations = options.separate ? separationPlans(models, { ...options, generator }) : [];
    if (options.json) {
      printResult(jsonText({ schema: "lmcov/plan@1", widths, separations, halvings: [], inputs, remarks }));
      return;
    }
    printReadRemarks({ inputs, remarks });
    printResult([...widths.map(widthText), ...separations.map(separationText)].join("\n\n"));
    return;
  }
  const { tasks, remarks } = likelihoodsOf(read, options);
  const halvings = halvingPlans(tasks, options.n);
  if (halvings.length === 0) {
    throw new InputError(
      "one model alone: a plan needs verdicts, counts, or log-probabilities of several models",
    );
  }
  if (options.json) {
    printResult(jsonText({ schema: "lmcov/plan@1", widths: [], separations: [], halvings, inputs, remarks }));
    return;
  }
  printReadRemarks({ inputs, remarks });
  printResult(halvings.map(halvingText).join("\n\n"));
}
