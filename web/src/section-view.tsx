import { chartHeight } from "../../src/report/chart-drawing.ts";
import type { Section } from "../../src/report/section.ts";
import { ChartView } from "./chart-view.tsx";
import { DataTable } from "./data-table.tsx";
import { text } from "./page.tsx";

/** `start` is the N that the page begins with, where anything depends on N. */
export function SectionView({ section, start }: { section: Section; start?: number | undefined }) {
  return (
    <section
      id={section.id}
      aria-labelledby={`${section.id}-title`}
      style={{ containIntrinsicHeight: `auto ${heightOf(section)}px` }}
    >
      <h2 id={`${section.id}-title`}>{text(section.title)}</h2>
      {section.chart !== undefined && <ChartView chart={section.chart} name={section.id} start={start} />}
      <details class="quiet">
        <summary>What is this?</summary>
        <p>{text(section.explanation)}</p>
        {section.formula !== undefined && (
          <p>
            <span class="formula">{text(section.formula.text)}</span>
            <br />({text(section.formula.source)})
          </p>
        )}
      </details>
      {section.table !== undefined && <DataTable table={section.table} name={section.id} />}
      {section.remarks?.map((remark) => (
        <p class="quiet" key={remark}>
          {text(remark)}
        </p>
      ))}
    </section>
  );
}

/** About how many pixels high the section is: the page's length before it was in sight. */
function heightOf({ chart, table }: Section): number {
  const drawn = chart === undefined ? 0 : 70 + chartHeight(chart, { height: 380 });
  const rows = table === undefined ? 0 : 40 + Math.min(480, 31 * (table.rows.length + 1));
  return 110 + drawn + rows;
}
