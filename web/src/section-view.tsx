import type { Section } from "../../src/report/section.ts";
import { ChartView } from "./chart-view.tsx";
import { DataTable } from "./data-table.tsx";
import { text } from "./page.tsx";

export function SectionView({ section }: { section: Section }) {
  return (
    <section id={section.id} aria-labelledby={`${section.id}-title`}>
      <h2 id={`${section.id}-title`}>{text(section.title)}</h2>
      {section.chart !== undefined && <ChartView chart={section.chart} name={section.id} />}
      <details class="quiet">
        <summary>What is this?</summary>
        <p>{text(section.explanation)}</p>
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
