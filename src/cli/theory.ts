/** `lmcov theory`: the paper's claims as instances that run, measured beside predicted. */
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { InputError } from "../record/index.ts";
import { plural } from "../report/index.ts";
import {
  type TheoryInstance,
  type TheoryResult,
  type TheoryRow,
  type TheoryScale,
  theoryRows,
} from "../theory/index.ts";
import { exitCode } from "./exit-code.ts";
import { positiveInteger } from "./log-options.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { progressLine } from "./progress.ts";
import { writeTheoryPlots } from "./theory-plot.ts";
import { resultLines, rowListLines } from "./theory-text.ts";
import { theoryResults, totalPieces } from "./theory-threads.ts";

interface TheoryOptions {
  readonly list?: boolean;
  readonly scale: TheoryScale;
  readonly seed: string;
  readonly threads: number;
  readonly plot?: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  lmcov theory                                    every row, about two minutes on two cores
  lmcov theory --list                             rows with their claims
  lmcov theory tightness-pair --plot figures      one row, its picture as figures/tightness-pair.svg
  lmcov theory --scale fast --json

Each row states its statistics and tolerances before it measures (--list shows them). Exit code 1 when one falls outside.`;

export function command(): Command {
  return new Command("theory")
    .argument("[names...]", "rows to run; all where none is given")
    .option("--list", "print the rows: claim, statistics and tolerances")
    .option("--scale <scale>", "fast (seconds) or full", scaleOf, "full")
    .option("--seed <text>", "seed of all random numbers", "lmcov")
    .option("--threads <number>", "threads to run on", positiveInteger, availableParallelism())
    .option("--plot <folder>", "write a picture of each row, ROW.svg")
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action(run);
}

async function run(names: string[], options: TheoryOptions): Promise<void> {
  const rows = rowsNamed(names);
  if (options.list) {
    printResult(
      options.json
        ? jsonText({ schema: "lmcov/theory-rows@1", rows: rows.map(listed) })
        : rowListLines(rows).join("\n"),
    );
    return;
  }
  const { scale, seed, threads } = options;
  const progress = progressLine({ title: "theory", total: totalPieces(rows, { scale, seed }) });
  const results = await theoryResults({
    rows,
    scale,
    seed,
    threads,
    onPiece: (done, row) => progress.update(done, `, ${row}`),
  });
  progress.finish();
  if (options.plot !== undefined) await writeTheoryPlots(results, options.plot);
  printTheoryResults(results, options);
}

/** Prints results and sets the exit code: 1 where a criterion falls outside. */
export function printTheoryResults(
  results: readonly TheoryResult[],
  { json, scale, seed }: Pick<TheoryOptions, "json" | "scale" | "seed">,
): void {
  const instances = results.flatMap((result) => result.instances);
  if (json) {
    const details = results.map(({ row, table }) => ({ ...row, table }));
    const found = instances.map(instanceJson);
    printResult(jsonText({ schema: "lmcov/theory@1", scale, seed, instances: found, rows: details }));
  } else printResult(results.map((result) => resultLines(result).join("\n")).join("\n\n"));
  const outside = instances.filter(({ pass }) => !pass);
  if (outside.length === 0) {
    if (!json) printRemark(`all ${instances.length} criteria hold`);
    return;
  }
  printRemark(
    `${plural(outside.length, "criterion falls", "criteria fall")} outside: ${outside.map(({ name }) => name).join(", ")}`,
  );
  process.exitCode = exitCode.checkFailed;
}

/** A statistic that does not exist, such as a slope through 0, is null. */
function instanceJson({ name, source, predicted, measured, lower, upper, pass, statement }: TheoryInstance) {
  return { name, source, predicted, measured: measured ?? null, lower, upper, pass, statement };
}

function rowsNamed(names: readonly string[]): readonly TheoryRow[] {
  const known = theoryRows.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new InputError(`there is no row "${unknown}"; rows are ${known.join(", ")}`);
  }
  return names.length === 0 ? theoryRows : theoryRows.filter(({ name }) => names.includes(name));
}

function listed({ name, source, claim, criteria, caveat }: TheoryRow) {
  return {
    name,
    source,
    claim,
    criteria: criteria.map(({ name: criterion, statement, predicted }) => ({
      name: criterion,
      statement,
      predicted,
    })),
    caveat,
  };
}

function scaleOf(text: string): TheoryScale {
  if (text === "fast" || text === "full") return text;
  throw new InvalidArgumentError("fast or full.");
}
