/** The theory lab in the terminal: criteria first, then the table that they judged. */
import { type Cell, type TableColumn, tableLines } from "../report/index.ts";
import type { TheoryInstance, TheoryRecord, TheoryResult, TheoryRow } from "../theory/index.ts";

const text = (key: string, title: string): TableColumn => ({ key, title, kind: "text" });

const shownRecords = 40;

export function rowListLines(rows: readonly TheoryRow[]): string[] {
  return rows.flatMap(({ name, source, claim, criteria, caveat }, index) => [
    ...(index === 0 ? [] : [""]),
    `${name} · ${source}`,
    `  ${claim}`,
    ...criteria.map(({ name: criterion, statement }) => `  • ${criterion}: ${statement}`),
    ...(caveat === undefined ? [] : [`  ${caveat}`]),
  ]);
}

export function resultLines({ row, instances, table }: TheoryResult): string[] {
  const { name, source, claim, caveat } = row;
  return [
    `${name} · ${source}`,
    claim,
    ...(caveat === undefined ? [] : [caveat]),
    "",
    ...tableLines({
      columns: [
        text("pass", ""),
        text("name", "criterion"),
        text("predicted", "predicted"),
        text("measured", "measured"),
        text("statement", "statistic and tolerance"),
      ],
      rows: instances.map(instanceCells),
    }),
    "",
    ...detailLines(table),
  ];
}

function instanceCells({
  name,
  pass,
  predicted,
  statement,
  ...finding
}: TheoryInstance): Record<string, Cell> {
  return {
    pass: pass ? "pass" : "FAIL",
    name: name.slice(name.indexOf("/") + 1),
    predicted: cellText(predicted),
    measured: measuredText(finding),
    statement,
  };
}

function measuredText({
  measured,
  lower,
  upper,
}: Pick<TheoryInstance, "measured" | "lower" | "upper">): string {
  if (measured === undefined) return "none";
  if (lower === undefined || upper === undefined) return cellText(measured);
  return `${cellText(measured)} [${cellText(lower)}, ${cellText(upper)}]`;
}

/** The first records; a row may have hundreds. */
function detailLines(table: readonly TheoryRecord[]): string[] {
  const lines = recordLines(table.slice(0, shownRecords));
  const left = table.length - shownRecords;
  return left > 0 ? [...lines, `… and ${left} more (--json has all)`] : lines;
}

function recordLines(table: readonly TheoryRecord[]): string[] {
  const keys = [...new Set(table.flatMap((record) => Object.keys(record)))];
  const cells = (record: TheoryRecord) =>
    Object.fromEntries(keys.map((key) => [key, record[key] === undefined ? "–" : cellText(record[key])]));
  return tableLines({ columns: keys.map((key) => text(key, key)), rows: table.map(cells) });
}

function cellText(value: number | string): string {
  if (typeof value === "string") return value;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (value === 0 || (Number.isInteger(value) && size < 1e6)) return String(value);
  return size >= 1e6 || size < 1e-3 ? value.toExponential(2) : value.toPrecision(4);
}
