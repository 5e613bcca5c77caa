/** Cells of a table as text, the same in the terminal and on the page. */
import { countText, intervalText, rangeText, rateText, realText } from "./number-text.ts";
import type { Cell, IntervalCell, TableColumn } from "./section.ts";

export function cellText(cell: Cell, kind: TableColumn["kind"]): string {
  if (cell === undefined) return "–";
  if (typeof cell === "string") return cell;
  if (kind === "real") return realCell(cell);
  if (typeof cell === "number") return kind === "rate" ? rateText(cell) : countText(cell);
  if (kind === "count") return `[${countText(cell.lower)}, ${countText(cell.upper)}]`;
  const { estimate } = cell;
  return estimate === undefined ? rangeText(cell) : intervalText({ ...cell, estimate });
}

/** The interval where it is known, else the estimate alone. */
export function estimateCell(value: {
  readonly estimate: number;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
}): Cell {
  const { estimate, lower, upper } = value;
  return lower === undefined || upper === undefined ? estimate : { estimate, lower, upper };
}

function realCell(cell: number | IntervalCell): string {
  if (typeof cell === "number") return realText(cell);
  const range = `[${realText(cell.lower)}, ${realText(cell.upper)}]`;
  return cell.estimate === undefined ? range : `${realText(cell.estimate)} ${range}`;
}
