import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { countText, plural } from "../../src/report/number-text.ts";
import type { PageReport } from "../../src/report/page-report.ts";
import { printable } from "../../src/report/printable.ts";
import type { InputSummary, NextCommand } from "../../src/report/section.ts";
import { NSlider } from "./n-slider.tsx";
import { ProblemSections } from "./problem-section.tsx";
import { SectionView } from "./section-view.tsx";
import { useOpenOnPaper } from "./sight.ts";
import { changeView, showSection } from "./state.ts";

/** Text from logs, on one line and without characters that could turn it around. */
export const text = (value: string) => printable(value, 2000);

interface PageProps {
  readonly report: PageReport;
  /** What stands between the verdict and the sections. */
  readonly children?: ComponentChildren;
  /** The report's name at the server that the page came from. */
  readonly name?: string;
}

export function Page({ report, children, name }: PageProps) {
  const { slider } = report;
  const places = [
    ...report.sections,
    ...(report.problems === undefined ? [] : [{ id: "problems", title: "Problem by problem" }]),
  ];
  useEffect(showSection, []);
  return (
    <>
      <Verdict {...report} />
      {slider !== undefined && <NSlider ns={slider.ns} start={slider.start} />}
      <nav aria-label="Sections">
        {places.map(({ id, title }) => (
          <a
            key={id}
            href={`#${id}`}
            onClick={(event) => {
              event.preventDefault();
              changeView({ section: id });
              showSection();
            }}
          >
            {text(title)}
          </a>
        ))}
      </nav>
      <main>
        {children}
        {report.sections.map((section) => (
          <SectionView key={section.id} section={section} start={slider?.start} />
        ))}
        <ProblemSections
          packed={report.problems}
          start={slider?.start}
          served={report.responses === "served" ? name : undefined}
        />
        <Listed id="unknowable" title="What these logs cannot tell" items={report.unknowable} />
        <Commands next={report.next} />
        <Inputs inputs={report.inputs} />
      </main>
    </>
  );
}

/** The leading sentences in view, the others behind a line that opens them; paper shows all. */
export function Verdict({ title, verdict, leading }: Pick<PageReport, "title" | "verdict" | "leading">) {
  const further = verdict.slice(leading);
  const details = useRef<HTMLDetailsElement>(null);
  useOpenOnPaper(details);
  const sentences = (some: readonly string[]) =>
    some.map((sentence) => <p key={sentence}>{text(sentence)}</p>);
  return (
    <header>
      <h1>{text(title)}</h1>
      <section class="verdict" aria-label="Verdict">
        {sentences(verdict.slice(0, leading))}
        {further.length > 0 && (
          <details ref={details}>
            <summary class="quiet">{plural(further.length, "more sentence")}</summary>
            {sentences(further)}
          </details>
        )}
      </section>
    </header>
  );
}

function Listed({ id, title, items }: { id: string; title: string; items: readonly string[] }) {
  if (items.length === 0) return null;
  return (
    <section id={id}>
      <h2>{title}</h2>
      <ul>
        {items.map((item) => (
          <li key={item}>{text(item)}</li>
        ))}
      </ul>
    </section>
  );
}

function Commands({ next }: { next: readonly NextCommand[] }) {
  if (next.length === 0) return null;
  return (
    <section id="next">
      <h2>Next</h2>
      <ul>
        {next.map(({ command, gain }) => (
          <li key={command}>
            <code>{text(command)}</code>
            <br />
            {text(gain)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Inputs({ inputs }: { inputs: InputSummary }) {
  const { files, notes, dropped, rejected, rejections } = inputs;
  return (
    <section id="read">
      <h2>Read</h2>
      <ul>
        {files.map(({ path, importer, rows }) => (
          <li key={path}>
            <code>{text(path)}</code> ({text(importer)}, {countText(rows)} rows)
          </li>
        ))}
        {notes.map((note) => (
          <li key={note}>{text(note)}</li>
        ))}
        {dropped.map(({ reason, rows }) => (
          <li key={reason}>
            {countText(rows)} rows left out: {text(reason)}
          </li>
        ))}
        {rejected > 0 && (
          <li>
            {countText(rejected)} bad rows rejected, such as:
            {rejections.map((rejection) => (
              <div key={rejection}>
                <code>{text(rejection)}</code>
              </div>
            ))}
          </li>
        )}
      </ul>
    </section>
  );
}
