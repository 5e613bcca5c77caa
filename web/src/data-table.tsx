import type { ComponentChildren } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { cellText } from "../../src/report/cell-text.ts";
import type { Cell, Table } from "../../src/report/section.ts";
import { tableCsv } from "../../src/report/table-csv.ts";
import { saveFile } from "./download.ts";
import { text } from "./page.tsx";
import { useAsideClass } from "./sight.ts";
import { selectModel, useView } from "./state.ts";

interface Order {
  readonly key: string;
  readonly descending: boolean;
}

const rowHeight = 30;
/** Rows drawn above and below those in sight. */
const margin = 20;
/** Shorter tables are drawn whole: they print and are searched by the browser. */
const longTable = 400;

/** Longer tables are searched in their texts alone. */
const hugeTable = 2000;

export interface DataTableProps {
  readonly table: Table;
  readonly name: string;
  /** What stands beside the search. */
  readonly controls?: ComponentChildren;
  readonly rowClass?: (row: Row) => string;
  /** The column whose cells open something. */
  readonly link?: {
    readonly key: string;
    readonly href: (row: Row) => string;
    readonly open: (row: Row) => void;
  };
}

type Row = Table["rows"][number];

/** A table that sorts by its heads, filters by a text, and draws only the rows in sight where there are many. */
export function DataTable({ table, name, controls, rowClass, link }: DataTableProps) {
  const [order, setOrder] = useState<Order | undefined>(undefined);
  const [filter, setFilter] = useState("");
  const [top, setTop] = useState(0);
  const frame = useRef<HTMLDivElement>(null);
  useAsideClass(frame);
  const rows = useMemo(() => arranged(table, order, filter), [table, order, filter]);
  const whole = rows.length <= longTable;
  const first = whole ? 0 : Math.max(0, Math.floor(top / rowHeight) - margin);
  const last = whole ? rows.length : Math.min(rows.length, first + 2 * margin + 24);
  const many = table.rows.length > 12 || filter !== "" || controls !== undefined;
  return (
    <div>
      <div class="controls">
        {many && (
          <input
            type="search"
            placeholder={`filter ${table.rows.length} rows`}
            aria-label="Filter rows"
            value={filter}
            onInput={(event) => {
              setFilter(event.currentTarget.value);
              setTop(0);
              frame.current?.scrollTo(0, 0);
            }}
          />
        )}
        {controls}
        <button type="button" onClick={() => saveFile(`${name}-table.csv`, "text/csv", tableCsv(table))}>
          table as CSV
        </button>
      </div>
      <section
        class="scroll"
        ref={frame}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard
        tabIndex={0}
        aria-label="Table"
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <table>
          <thead>
            <tr>
              {table.columns.map(({ key, title, kind }) => {
                const sorted = order?.key === key ? (order.descending ? "descending" : "ascending") : "none";
                return (
                  <th key={key} scope="col" class={kind === "text" ? "text" : undefined} aria-sort={sorted}>
                    <button
                      type="button"
                      onClick={() =>
                        setOrder({
                          key,
                          descending:
                            sorted !== "descending" && kind !== "text" ? true : sorted === "ascending",
                        })
                      }
                    >
                      {text(title)}
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {first > 0 && <tr class="spacer" style={{ height: `${first * rowHeight}px` }} />}
            {rows.slice(first, last).map((row, index) => (
              <tr
                key={first + index}
                class={rowClass?.(row)}
                style={whole ? undefined : { height: `${rowHeight}px` }}
              >
                {table.columns.map(({ key, kind }) => (
                  <td key={key} class={kind === "text" ? "text" : undefined}>
                    {link?.key === key ? (
                      <a
                        href={link.href(row)}
                        onClick={(event) => {
                          event.preventDefault();
                          link.open(row);
                        }}
                      >
                        {text(cellText(row[key], kind))}
                      </a>
                    ) : key === "model" ? (
                      <ModelCell model={cellText(row[key], kind)} />
                    ) : (
                      text(cellText(row[key], kind))
                    )}
                  </td>
                ))}
              </tr>
            ))}
            {last < rows.length && (
              <tr class="spacer" style={{ height: `${(rows.length - last) * rowHeight}px` }} />
            )}
          </tbody>
        </table>
      </section>
    </div>
  );
}

/** A model's name that makes it stand out in all charts. */
function ModelCell({ model }: { model: string }) {
  const selected = useView("model") === model;
  return (
    <button type="button" aria-pressed={selected} onClick={() => selectModel(model)}>
      {text(model)}
    </button>
  );
}

function arranged(table: Table, order: Order | undefined, filter: string): Table["rows"] {
  const wanted = filter.trim().toLowerCase();
  const searched =
    table.rows.length <= hugeTable ? table.columns : table.columns.filter(({ kind }) => kind === "text");
  const kept =
    wanted === ""
      ? table.rows
      : table.rows.filter((row) =>
          searched.some(({ key, kind }) => cellText(row[key], kind).toLowerCase().includes(wanted)),
        );
  if (order === undefined) return kept;
  const sign = order.descending ? -1 : 1;
  return [...kept].sort((left, right) => sign * compared(left[order.key], right[order.key]));
}

/** Numbers by size, texts by name, what is missing last. */
function compared(left: Cell, right: Cell): number {
  const [a, b] = [sortValue(left), sortValue(right)];
  if (typeof a === "string" || typeof b === "string") {
    return String(a).localeCompare(String(b), "en", { numeric: true });
  }
  return a - b;
}

function sortValue(cell: Cell): string | number {
  if (cell === undefined) return Number.NEGATIVE_INFINITY;
  if (typeof cell !== "object") return cell;
  return cell.estimate ?? (cell.lower + cell.upper) / 2;
}
