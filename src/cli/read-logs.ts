/** What every command on logs does first: read, choose scorer and denominator, and say what was left out. */
import type { InputSummary, ModelCounts } from "../report/index.ts";
import { countText, printable } from "../report/index.ts";
import type { CountGroup } from "../store/index.ts";
import { exitCode } from "./exit-code.ts";
import { rejectionText } from "./import-tally.ts";
import { type LoadedLogs, type LoadOptions, loadLogs, withoutCounts } from "./load-logs.ts";
import { type LogOptions, loadRequest } from "./log-options.ts";
import { selectedCounts } from "./model-counts.ts";
import { printRemark } from "./print.ts";

/** What was read, before any choice of scorer or model. */
export interface ReadInputs {
  readonly loaded: LoadedLogs;
  readonly words: readonly string[];
  readonly summary: InputSummary;
}

export interface ReadLogs {
  readonly models: readonly ModelCounts[];
  readonly groups: readonly CountGroup[];
  readonly inputs: InputSummary;
  readonly words: readonly string[];
  /** What was chosen on the user's behalf, the denominator last. */
  readonly remarks: readonly string[];
}

/** Reads logs as the options say; sets exit code 3 under `--strict` if a row was rejected. */
export async function readInputs(
  words: readonly string[],
  options: LogOptions,
  request: Pick<LoadOptions, "keepRewards" | "observer" | "names"> = {},
): Promise<ReadInputs> {
  const { inputs, load } = loadRequest(words, options);
  const loaded = await loadLogs(inputs, { ...load, ...request });
  if (options.strict && loaded.tally.rejected > 0) process.exitCode = exitCode.partial;
  const summary = {
    files: loaded.files,
    rejected: loaded.tally.rejected,
    rejections: loaded.tally.examples.map(rejectionText),
    dropped: loaded.tally.drops,
    notes: loaded.tally.notes,
  };
  return { loaded, words: inputs, summary };
}

/** The counts in what was read; throws InputError where there are none. */
export function countsOf(read: ReadInputs, options: LogOptions & { rewarded?: boolean }): ReadLogs {
  const { loaded } = read;
  if (loaded.groups.length === 0) throw withoutCounts(read.words, loaded);
  const selected = selectedCounts(loaded.groups, scorerChoice(loaded, options));
  const remarks = [...selected.remarks];
  const { agreement } = loaded;
  if (agreement !== undefined && agreement.compared > 0) {
    remarks.push(
      `Re-scored by ${options.verify}: agrees with the log's own verdict on ${countText(agreement.agreed)} of ${countText(agreement.compared)} draws.`,
    );
  }
  const repeated = loaded.groups.reduce((sum, group) => sum + group.repeated, 0);
  if (repeated > 0) {
    remarks.push(`${countText(repeated)} draws or counts were given more than once and counted once.`);
  }
  return {
    models: selected.models,
    groups: selected.groups,
    words: read.words,
    inputs: read.summary,
    remarks: [...remarks, denominatorText(selected.models, options.unscored)],
  };
}

/** The options with the name that outcomes of a re-scoring verifier carry. */
export function scorerChoice<Options extends LogOptions>(
  { verifierName }: LoadedLogs,
  options: Options,
): Options {
  return { ...options, ...(verifierName !== undefined && { verify: verifierName }) };
}

/** Reads logs for a command on counts. */
export async function readLogs(
  words: readonly string[],
  options: LogOptions,
  request: Pick<LoadOptions, "keepRewards" | "observer"> & { rewarded?: boolean } = {},
): Promise<ReadLogs> {
  const { rewarded = false, ...loading } = request;
  return countsOf(await readInputs(words, options, loading), { ...options, rewarded });
}

/** Remarks about the input on standard error, for commands whose result is a table. */
export function printReadRemarks(read: { inputs: InputSummary; remarks: readonly string[] }): void {
  const { inputs } = read;
  for (const note of [...inputs.notes, ...read.remarks]) printRemark(`• ${printable(note, 400)}`);
  for (const { reason, rows } of inputs.dropped) {
    printRemark(`• ${countText(rows)} rows left out: ${printable(reason, 400)}`);
  }
  if (inputs.rejected === 0) return;
  printRemark(`• ${countText(inputs.rejected)} bad rows rejected, such as:`);
  for (const text of inputs.rejections.slice(0, 5)) printRemark(`    ${printable(text, 400)}`);
}

/** What a draw without a verdict is in the counts of these models, and how many there are. */
export function denominatorText(models: readonly ModelCounts[], policy: LogOptions["unscored"]): string {
  let unscored = 0;
  let without = 0;
  for (const model of models) {
    for (const problem of model.problems) unscored += problem.unscored;
    without += model.unscoredProblems.length;
  }
  const rule =
    policy === "incorrect"
      ? "Denominator: all draws; unscored ones count as not correct"
      : "Denominator: scored draws; unscored ones are left out of n";
  const seen = unscored === 0 ? "none here" : `${countText(unscored)} here`;
  const problems =
    without === 0 ? "" : `; ${countText(without)} problems without a scored draw are in no estimate`;
  return `${rule} (${seen})${problems}.`;
}
