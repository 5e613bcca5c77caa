import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { countText, rateText } from "../../src/report/number-text.ts";
import type { PackedPart } from "../../src/report/page-report.ts";
import type { ProblemView } from "../../src/report/problem-view.ts";
import {
  type ProblemFilter,
  problemViewTable,
  reach,
  successRate,
} from "../../src/report/problem-view-table.ts";
import { DataTable } from "./data-table.tsx";
import { unpackedProblems } from "./packed.ts";
import { text } from "./page.tsx";
import { ProblemDialog } from "./problem-dialog.tsx";
import { useInSight } from "./sight.ts";
import { changeView, hashOf, useMovingN, useView, view as viewState } from "./state.ts";

/** Draws at deployment where neither the address nor the page's slider names any. */
const usualN = 16;

const filters: readonly (readonly [ProblemFilter, (n: string) => string])[] = [
  ["all", () => "all problems"],
  ["unsolved", () => "never solved by this model"],
  ["unsolved-by-all", () => "never solved by any model"],
  ["below", (n) => `rate under 1/${n}`],
  ["reached", (n) => `rate of at least 1/${n}`],
  ["shown", () => "with responses to read"],
];

interface ProblemSectionsProps {
  readonly packed: PackedPart | undefined;
  /** N of the page's slider to begin with. */
  readonly start: number | undefined;
  /** The report's name at the server that has the responses; undefined where the page holds them. */
  readonly served: string | undefined;
}

/** The problems of every task of the report, once they are unpacked. */
export function ProblemSections({ packed, start = usualN, served }: ProblemSectionsProps) {
  const [views, setViews] = useState<readonly ProblemView[]>([]);
  useEffect(() => {
    let wanted = packed !== undefined;
    if (packed !== undefined) {
      unpackedProblems(packed).then((found) => {
        if (wanted) setViews(found);
      });
    }
    return () => {
      wanted = false;
    };
  }, [packed]);
  return (
    <>
      {views.map((view, index) => (
        <ProblemSection
          key={view.task}
          view={view}
          id={index === 0 ? "problems" : `problems-${index + 1}`}
          named={views.length > 1}
          start={start}
          served={served}
        />
      ))}
    </>
  );
}

interface ProblemSectionProps {
  readonly view: ProblemView;
  readonly id: string;
  /** True where the report has several tasks. */
  readonly named: boolean;
  readonly start: number;
  readonly served: string | undefined;
}

function ProblemSection({ view, id, named, start, served }: ProblemSectionProps) {
  const [filter, setFilter] = useState<ProblemFilter>("all");
  const place = useRef<HTMLElement>(null);
  const { n = start } = useMovingN(start, useInSight(place) === true);
  const wanted = useView("model");
  const problem = useView("problem");
  const task = useView("task");
  const counted = view.draws.length;
  const model = Math.max(0, view.models.slice(0, counted).indexOf(wanted ?? ""));
  const opened = !named || task === view.task ? positionOf(view, problem) : -1;
  // N decides which rows there are only where the filter asks for it.
  const filterN = filter === "below" || filter === "reached" ? n : start;
  const table = useMemo(
    () => problemViewTable(view, { model, filter, n: filterN }),
    [view, model, filter, filterN],
  );
  const values = (at: number | undefined) => ({
    problem: at === undefined ? undefined : view.problems[at],
    task: at === undefined || !named ? undefined : view.task,
  });
  const isOffered = ([key]: (typeof filters)[number]) => key !== "shown" || view.shown.length > 0;
  const under = useMemo(() => shareUnder(view, model, n), [view, model, n]);
  return (
    <section id={id} ref={place} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Problem by problem{named && ` · ${text(view.task)}`}</h2>
      <details class="quiet">
        <summary>What is this?</summary>
        <p>
          Correct draws c of n draws for each problem, and the share c/n with its {percent(view.level)}{" "}
          Clopper–Pearson interval, which takes n as fixed. Shaded: a rate under 1/N, so that N draws are
          expected to hold less than one correct one, and darker where no draw was correct. A problem opens by
          its name.
        </p>
      </details>
      <p class="quiet">
        <span class="swatch below" /> rate under 1/N at N = {rateOrCount(n)} <span class="swatch none" /> no
        correct draw · together {countText(under)} of {countText(view.problems.length)} problems of{" "}
        {text(view.models[model] ?? "")}
      </p>
      <DataTable
        table={table}
        name={id}
        rowClass={(row) => reach(successRate(view, model, Number(row.at)), n)}
        link={{
          key: "problem",
          href: (row) => hashOf({ ...viewState(), ...values(Number(row.at)) }),
          open: (row) => changeView(values(Number(row.at))),
        }}
        controls={
          <>
            {counted > 1 && (
              <label>
                model{" "}
                <select
                  aria-label="Highlighted model"
                  value={String(model)}
                  onChange={(event) => changeView({ model: view.models[Number(event.currentTarget.value)] })}
                >
                  {view.models.slice(0, counted).map((label, index) => (
                    <option key={label} value={String(index)}>
                      {text(label)}
                    </option>
                  ))}
                </select>
              </label>
            )}
            <label>
              show{" "}
              <select
                aria-label="Shown problems"
                value={filter}
                onChange={(event) => setFilter(event.currentTarget.value as ProblemFilter)}
              >
                {filters.filter(isOffered).map(([key, label]) => (
                  <option key={key} value={key}>
                    {label(rateOrCount(n))}
                  </option>
                ))}
              </select>
            </label>
          </>
        }
      />
      {view.notes.map((note) => (
        <p class="quiet" key={note}>
          {text(note)}
        </p>
      ))}
      {opened >= 0 && (
        <ProblemDialog
          view={view}
          problem={opened}
          order={table.rows.map((row) => Number(row.at))}
          onMove={(at) => changeView(values(at))}
          served={served}
        />
      )}
    </section>
  );
}

/** The problem that the address names; −1 for none. */
function positionOf({ problems }: ProblemView, name: string | undefined): number {
  if (name === undefined) return -1;
  const found = problems.indexOf(name);
  if (found >= 0 || !name.includes("\ufffd")) return found;
  // An address holds no half of a surrogate pair.
  return problems.findIndex((problem) => new URLSearchParams([["", problem]]).get("") === name);
}

function shareUnder(view: ProblemView, model: number, n: number): number {
  let under = 0;
  for (let at = 0; at < view.problems.length; at += 1) {
    const reached = reach(successRate(view, model, at), n);
    if (reached === "below" || reached === "none") under += 1;
  }
  return under;
}

const rateOrCount = (n: number) => (Number.isInteger(n) ? countText(n) : rateText(n));
const percent = (level: number) => `${Number((100 * level).toPrecision(6))}%`;
