import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { LiveLines, type LiveRun, liveSentence, type ReportState } from "../../src/report/live.ts";
import { liveCharts } from "../../src/report/live-chart.ts";
import { LiveChartView } from "./live-chart.tsx";
import { type LiveState, useLiveState, useReport } from "./live-source.ts";
import { Page, text } from "./page.tsx";

/** Which run is shown, and the one it is compared with; kept in the address before the `#`. */
interface Shown {
  readonly run: number;
  readonly other: number | undefined;
}

/** Runs that a server follows: how they are, their journals as charts, and the report on one or on two. */
export function LivePage() {
  const state = useLiveState();
  const [shown, show] = useShown();
  const { runs, connected } = state;
  const run = runs[shown.run] ?? runs[0];
  const other = shown.other === shown.run ? undefined : runs[shown.other ?? -1];
  if (run === undefined) {
    return (
      <main>
        <p role="status">{connected ? "No run is served." : "Connecting to lmcov serve…"}</p>
      </main>
    );
  }
  return <Runs state={state} run={run} other={other} show={show} />;
}

interface RunsView {
  readonly state: LiveState;
  readonly run: LiveRun;
  readonly other: LiveRun | undefined;
  show(shown: Shown): void;
}

function Runs({ state, run, other, show }: RunsView) {
  const compared = other === undefined ? [run] : [run, other];
  const name = compared.map(({ id }) => id).join("-");
  const reportState: ReportState =
    other === undefined ? run.report : (state.comparisons.get(name) ?? { version: 0, computing: true });
  const report = useReport(name, reportState.version);
  const bar = <RunBar state={state} run={run} other={other} show={show} reportState={reportState} />;
  const charts = <LiveCharts compared={compared} lines={state.lines} />;
  useEffect(() => {
    document.title = `${compared.map((item) => text(item.name)).join(" and ")} · lmcov`;
  }, [name]);
  return (
    <>
      {bar}
      {report === undefined ? (
        <main>
          <h1>{compared.map((item) => text(item.name)).join(" and ")}</h1>
          {charts}
        </main>
      ) : (
        <Page report={report} name={name}>
          {charts}
        </Page>
      )}
    </>
  );
}

function RunBar({ state, run, other, show, reportState }: RunsView & { reportState: ReportState }) {
  const { runs, connected, lines } = state;
  const several = runs.length > 1;
  return (
    <section class="runs" aria-label="Runs">
      {several && (
        <div class="controls">
          <label>
            Run{" "}
            <select
              value={run.id}
              onChange={({ currentTarget }) => show({ run: Number(currentTarget.value), other: other?.id })}
            >
              <RunOptions runs={runs} />
            </select>
          </label>
          <label>
            compared with{" "}
            <select
              value={other?.id ?? ""}
              onChange={({ currentTarget: { value } }) =>
                show({ run: run.id, other: value === "" ? undefined : Number(value) })
              }
            >
              <option value="">none</option>
              <RunOptions runs={runs.filter(({ id }) => id !== run.id)} />
            </select>
          </label>
        </div>
      )}
      <div role="status" class="quiet">
        {!connected && <p class="trouble">The server does not answer; this is what was last seen.</p>}
        {(other === undefined ? [run] : [run, other]).map((item) => (
          <RunStatus key={item.id} run={item} lines={lines.get(item.id)} named={other !== undefined} />
        ))}
        <p class="report-state">{reportText(reportState)}</p>
      </div>
    </section>
  );
}

function RunOptions({ runs }: { runs: readonly LiveRun[] }): ComponentChildren {
  return runs.map(({ id, name, presence }) => (
    <option key={id} value={id}>
      {text(name)}
      {presence === "there" ? "" : presence === "gone" ? " (gone)" : " (not there yet)"}
    </option>
  ));
}

function RunStatus({ run, lines, named }: { run: LiveRun; lines: LiveLines | undefined; named: boolean }) {
  const others = lines?.others ?? [];
  return (
    <div class={run.presence === "gone" ? "trouble" : ""} data-run={run.id}>
      <p>
        {named && <b>{text(run.name)}: </b>}
        {text(liveSentence(run, lines ?? new LiveLines()))}
      </p>
      {run.units?.failures.map(({ kind, units, reason }) => (
        <p class="trouble" key={kind}>
          {units.toLocaleString("en-US")} × {text(kind)}, such as: {text(reason)}
        </p>
      ))}
      {others.map((line) =>
        line.kind === "different" ? (
          <p key={line.step}>
            Went on after step {line.step} under other conditions: {text(line.what.join("; "))}
          </p>
        ) : null,
      )}
    </div>
  );
}

function reportText({ version, computing, problem }: ReportState): string {
  if (problem !== undefined)
    return text(`${version === 0 ? "No report yet" : "No newer report"}: ${problem}`);
  if (computing) return version === 0 ? "The report is being made…" : "A newer report is being made…";
  return version === 0 ? "No report yet." : "";
}

interface LiveChartsView {
  readonly compared: readonly LiveRun[];
  readonly lines: ReadonlyMap<number, LiveLines>;
}

function LiveCharts({ compared, lines }: LiveChartsView) {
  const charts = useMemo(
    () =>
      liveCharts(
        compared.flatMap(({ id, name }) => {
          const own = lines.get(id);
          return own === undefined ? [] : [{ name, lines: own }];
        }),
      ),
    [compared, lines],
  );
  if (charts.length === 0) return null;
  return (
    <section id="live" aria-labelledby="live-title">
      <h2 id="live-title">Training, as it goes</h2>
      <div class="live-charts">
        {charts.map((chart) => (
          <LiveChartView key={chart.id} chart={chart} />
        ))}
      </div>
    </section>
  );
}

function useShown(): [Shown, (shown: Shown) => void] {
  const [shown, setShown] = useState(() => shownIn(location.search));
  const show = (next: Shown) => {
    const other = next.other === undefined || next.other === next.run ? "" : `&with=${next.other}`;
    history.replaceState(null, "", `?run=${next.run}${other}${location.hash}`);
    setShown(shownIn(location.search));
  };
  return [shown, show];
}

function shownIn(search: string): Shown {
  const fields = new URLSearchParams(search);
  const number = (name: string) => {
    const value = fields.get(name);
    return value !== null && /^\d{1,4}$/.test(value) ? Number(value) : undefined;
  };
  return { run: number("run") ?? 0, other: number("with") };
}
