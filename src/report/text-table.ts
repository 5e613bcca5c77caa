/** Plain tables for terminals: a header, a rule, columns aligned by content. */
import { printable } from "./printable.ts";

export interface TextColumn {
  readonly title: string;
  readonly align?: "left" | "right";
}

const longestCell = 160;

/** Lines of a table. Titles and cells are made printable here and cut at 160 characters. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string[] {
  const titles = columns.map(({ title }) => printable(title, longestCell));
  const cells = rows.map((row) => columns.map((_, index) => printable(row[index] ?? "", longestCell)));
  const widths = columns.map((_, index) =>
    Math.max(width(titles[index] ?? ""), ...cells.map((row) => width(row[index] ?? ""))),
  );
  const line = (row: readonly string[]) =>
    columns
      .map((column, index) => {
        const cell = row[index] ?? "";
        const padding = " ".repeat((widths[index] ?? 0) - width(cell));
        return column.align === "right" ? padding + cell : cell + padding;
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((size) => "─".repeat(size)).join("  ");
  return [line(titles), rule, ...cells.map(line)];
}

/** Columns that a terminal needs: East Asian wide characters and most emoji take two, combining marks none. */
function width(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (/\p{Mark}/u.test(character)) continue;
    const wide =
      /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
    columns += wide.test(character) ? 2 : 1;
  }
  return columns;
}

/** Text broken into lines of at most `limit` characters at spaces, each begun by `indent`. */
export function wrappedText(text: string, options: { limit: number; indent?: string }): string[] {
  const indent = options.indent ?? "";
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (indent.length + longer.length > options.limit && line !== "") {
      lines.push(indent + line);
      line = word;
    } else line = longer;
  }
  if (line !== "") lines.push(indent + line);
  return lines;
}
