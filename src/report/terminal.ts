/** The report as text for a terminal. */
import { cellText } from "./cell-text.ts";
import { countText } from "./number-text.ts";
import { printable } from "./printable.ts";
import type { InputSummary, Report, Section, Table } from "./section.ts";
import { textTable, wrappedText } from "./text-table.ts";

export interface TerminalOptions {
  /** Columns of the terminal. */
  readonly width?: number;
  /** Bold headings by ANSI codes. */
  readonly styled?: boolean;
  /** Rows of a table that are printed; the page and JSON hold all. */
  readonly shownRows?: number;
}

/** The whole report: verdict, why, what cannot be known, next command, inputs. */
export function terminalText(report: Report, options: TerminalOptions = {}): string {
  const limit = Math.max(60, options.width ?? 100);
  const heading = (text: string) =>
    options.styled ? `\u001b[1m${printable(text)}\u001b[0m` : printable(text);
  const paragraph = (text: string, indent = "") => wrappedText(printable(text, 2000), { limit, indent });
  const lines = [heading(report.title), ""];
  for (const sentence of report.verdict.slice(0, report.leading)) lines.push(...bulleted(sentence, limit));
  const further = report.verdict.slice(report.leading);
  if (further.length > 0) lines.push("", heading("Further"));
  for (const sentence of further) lines.push(...bulleted(sentence, limit));
  // A section of a picture alone is for the page.
  for (const section of report.sections.filter(({ table, remarks }) => table ?? remarks?.length)) {
    lines.push("", heading(section.title), ...sectionLines(section, limit, options.shownRows ?? 20));
  }
  if (report.unknowable.length > 0) {
    lines.push("", heading("What these logs cannot tell"));
    for (const sentence of report.unknowable) lines.push(...bulleted(sentence, limit));
  }
  if (report.next.length > 0) {
    lines.push("", heading("Next"));
    for (const { command, gain } of report.next)
      lines.push(`  ${printable(command, 400)}`, ...paragraph(gain, "      "));
  }
  lines.push("", heading("Read"), ...inputLines(report.inputs, limit));
  return lines.join("\n");
}

function sectionLines(section: Section, limit: number, shownRows: number): string[] {
  const lines = wrappedText(printable(section.explanation, 2000), { limit });
  if (section.table !== undefined) lines.push("", ...tableLines(section.table, shownRows));
  for (const remark of section.remarks ?? []) lines.push(...bulleted(remark, limit));
  return lines;
}

/** A table of the report as lines, cut after `shownRows` rows with a line that says so. */
export function tableLines(table: Table, shownRows = Number.POSITIVE_INFINITY): string[] {
  const columns = table.columns.map(({ title, kind }) => ({
    title,
    align: kind === "text" ? ("left" as const) : ("right" as const),
  }));
  const rows = table.rows
    .slice(0, shownRows)
    .map((row) => table.columns.map(({ key, kind }) => cellText(row[key], kind)));
  const hidden = table.rows.length - rows.length;
  const lines = textTable(columns, rows);
  return hidden > 0
    ? [...lines, `… and ${countText(hidden)} more rows in the HTML report and in --json`]
    : lines;
}

function inputLines(inputs: InputSummary, limit: number): string[] {
  const shownFiles = inputs.files.slice(0, 8);
  const lines = shownFiles.map(
    ({ path, importer, rows }) => `  ${printable(path, 120)} (${importer}, ${countText(rows)} rows)`,
  );
  if (inputs.files.length > shownFiles.length) {
    lines.push(`  … and ${countText(inputs.files.length - shownFiles.length)} more files`);
  }
  for (const note of inputs.notes) lines.push(...bulleted(note, limit));
  for (const { reason, rows } of inputs.dropped)
    lines.push(...bulleted(`${countText(rows)} rows left out: ${reason}`, limit));
  if (inputs.rejected > 0) {
    lines.push(...bulleted(`${countText(inputs.rejected)} bad rows rejected, such as:`, limit));
    for (const rejection of inputs.rejections.slice(0, 5)) lines.push(`    ${printable(rejection, 300)}`);
  }
  return lines;
}

function bulleted(text: string, limit: number): string[] {
  const [first = "", ...rest] = wrappedText(printable(text, 2000), { limit: limit - 2 });
  return [`• ${first}`, ...rest.map((line) => `  ${line}`)];
}
