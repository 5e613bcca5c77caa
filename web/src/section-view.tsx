import type { Section } from "../../src/report/section.ts";
import { ChartView } from "./chart-view.tsx";
import { DataTable } from "./data-table.tsx";
import { text } from "./page.tsx";

/** `start` is the N that the page begins with, where anything depends on N. */
export function SectionView({ section, start }: { section: Section; start?: number | undefined }) {
  return (
    <section id={section.id} aria-labelledby={`${section.id}-title`}>
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
