/** Cells of a table as text, the same in the terminal and on the page. */
import { countText, intervalText, rangeText, rateText } from "./number-text.ts";
import type { Cell, TableColumn } from "./section.ts";

export function cellText(cell: Cell, kind: TableColumn["kind"]): string {
  if (cell === undefined) return "–";
  if (typeof cell === "string") return cell;
  if (typeof cell === "number") return kind === "rate" ? rateText(cell) : countText(cell);
  if (kind === "count") return `[${countText(cell.lower)}, ${countText(cell.upper)}]`;
  const { estimate } = cell;
  return estimate === undefined ? rangeText(cell) : intervalText({ ...cell, estimate });
}
