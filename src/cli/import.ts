/** `lmcov import`: logs into a run folder, resumable, nothing half-written. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { type ImportOptions, type RecogniseOptions, readRows, recogniseInput } from "../importer/index.ts";
import { InputError, type Row } from "../record/index.ts";
import { copiesSentence, countText, plural, printable } from "../report/index.ts";
import { appendJournal, asOnlyWriter, type JournalEntry, readJournal, writeParts } from "../store/index.ts";
import { CopiedRows } from "./copied-rows.ts";
import { exitCode } from "./exit-code.ts";
import { fileFingerprint } from "./file-fingerprint.ts";
import { modelsByFolder } from "./file-models.ts";
import { ImportTally, rejectionText } from "./import-tally.ts";
import { type Input, inputsOf, recognitionOf, skippable } from "./load-logs.ts";
import { type LogOptions, loadRequest, logCommand } from "./log-options.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { megabytes, progressLine } from "./progress.ts";

interface ImportCommandOptions extends LogOptions {
  readonly out: string;
  readonly texts: boolean;
}

const examples = `
Examples:
  lmcov import logs/ --out run            every log under logs/, by content
  lmcov import more/ --out run            appends; what is there already is skipped
  lmcov report run

Running the same command again after an interruption does exactly the rest.`;

export function command(): Command {
  return logCommand("import")
    .requiredOption("--out <folder>", "run folder to write or to append to")
    .option("--no-texts", "leave out prompts and responses; verdicts and counts only")
    .addHelpText("after", examples)
    .action(run);
}

async function run(words: string[], options: ImportCommandOptions): Promise<void> {
  const { inputs: paths, load } = loadRequest(words, options);
  const tally = new ImportTally();
  const copied = new CopiedRows();
  const inputs = await inputsOf(paths, tally, recognitionOf(load));
  const runInput = inputs.find((input) => input.run);
  if (runInput !== undefined) throw new InputError(`${runInput.path}: is a run folder already`);
  const packageFile = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { version: string };
  const importOptions: ImportOptions = { ...load.importOptions, texts: options.texts };
  const description = {
    software: { lmcov: version, node: process.versions.node },
    command: ["import", ...paths],
  };
  await asOnlyWriter(options.out, description, async () => {
    const finished = new Set((await readJournal(options.out)).map(({ unit }) => unit));
    const progress = progressLine({
      title: "importing",
      total: inputs.reduce((sum, input) => sum + input.bytes, 0),
      format: megabytes,
    });
    const entries: JournalEntry[] = [];
    let skipped = 0;
    let finishedBytes = 0;
    const fileModels = modelsByFolder(inputs.map(({ path }) => path));
    for (const input of inputs) {
      const fileModel = fileModels.get(input.path);
      const unit = await unitOf(input, importOptions, options.format);
      if (finished.has(unit)) skipped += 1;
      else {
        const own = new ImportTally();
        const entry = await importFile({
          input,
          unit,
          folder: options.out,
          importOptions: { ...importOptions, ...(fileModel !== undefined && { fileModel }) },
          tally: own,
          recognition: recognitionOf(load),
          copied,
          onBytes: (bytes) => progress.update(finishedBytes + bytes),
        }).catch((error: unknown) => {
          // Nothing of this file is in the run: parts that no journal line names do not count.
          if (!skippable(input, 0, error)) throw error;
          const reason = (error as Error).message.replace(`${input.path}: `, "");
          tally.reject({ file: input.path, reason });
          return undefined;
        });
        if (entry === undefined) continue;
        await appendJournal(options.out, entry);
        finished.add(unit);
        entries.push(entry);
        tally.merge(entry);
        tally.examples.push(...own.examples);
      }
      finishedBytes += input.bytes;
    }
    progress.finish();
    const copies = copiesSentence(copied.models());
    if (copies !== undefined) tally.note(copies);
    if (options.strict && tally.rejected > 0) process.exitCode = exitCode.partial;
    const rows = entries.reduce((sum, entry) => sum + entry.rows, 0);
    if (options.json) {
      printResult(
        jsonText({
          schema: "lmcov/import@1",
          run: options.out,
          imported: entries.length,
          skipped,
          rows,
          rejected: tally.rejected,
          rejections: tally.examples.map(rejectionText),
          dropped: tally.drops,
          notes: tally.notes,
        }),
      );
      return;
    }
    for (const note of tally.notes) printRemark(`• ${printable(note, 400)}`);
    for (const { reason, rows: dropped } of tally.drops)
      printRemark(`• ${countText(dropped)} rows left out: ${printable(reason, 400)}`);
    for (const rejection of tally.examples.slice(0, 5))
      printRemark(`• rejected: ${printable(rejectionText(rejection), 400)}`);
    if (tally.rejected > 5) printRemark(`• ${countText(tally.rejected)} bad rows rejected in all`);
    const already = skipped === 0 ? "" : `, ${countText(skipped)} already there`;
    printResult(
      `${plural(entries.length, "file")} imported (${countText(rows)} rows)${already} → ${printable(options.out)}`,
    );
  });
}

interface FileImport {
  readonly input: Input;
  readonly unit: string;
  readonly folder: string;
  readonly importOptions: ImportOptions;
  readonly tally: ImportTally;
  readonly recognition: RecogniseOptions;
  readonly copied: CopiedRows;
  readonly onBytes: (bytes: number) => void;
}

async function importFile(request: FileImport): Promise<JournalEntry> {
  const { input, tally, importOptions } = request;
  const importer = await recogniseInput(input.path, request.recognition);
  const context = tally.context(importOptions, request.onBytes);
  const batches = seen(readRows(input.path, { importer, context }), request.copied);
  const { parts, rows } = await writeParts(request.folder, request.unit, batches);
  if (rows === 0) throw new InputError(`${input.path}: no valid row${firstRejection(tally)}`);
  return {
    unit: request.unit,
    input: input.path,
    importer: importer.name,
    parts,
    rows,
    rejected: tally.rejected,
    notes: tally.notes,
    drops: tally.drops,
  };
}

async function* seen(batches: AsyncIterable<readonly Row[]>, copied: CopiedRows) {
  for await (const rows of batches) {
    copied.add(rows);
    yield rows;
  }
}

function firstRejection(tally: ImportTally): string {
  const first = tally.examples[0];
  return first === undefined ? "" : `; the first of ${tally.rejected} bad ones: ${rejectionText(first)}`;
}

/** The same file under the same options is the same unit of work. */
async function unitOf(input: Input, options: ImportOptions, format: string | undefined): Promise<string> {
  const hash = createHash("sha256");
  hash.update(await fileFingerprint(input.path));
  hash.update(
    JSON.stringify([options.map, options.model, options.task, options.stopping, options.texts, format]),
  );
  return hash.digest("hex").slice(0, 24);
}
