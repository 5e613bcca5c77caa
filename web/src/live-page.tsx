import { useEffect, useMemo } from "preact/hooks";
import { LiveLines, type LiveRun, type ReportState } from "../../src/report/live.ts";
import { liveCharts } from "../../src/report/live-chart.ts";
import { listText } from "../../src/report/number-text.ts";
import { LiveChartView } from "./live-chart.tsx";
import { type LiveState, useLiveState, useReport } from "./live-source.ts";
import { Page, text } from "./page.tsx";
import { RunsBar } from "./runs-bar.tsx";
import { type Choice, shownRuns, useChoice } from "./shown-runs.ts";

/** Runs that a server follows: how they are, their journals as charts, and the report on those that are shown. */
export function LivePage() {
  const state = useLiveState();
  const [choice, choose] = useChoice();
  if (state.runs.length === 0) {
    return (
      <main>
        <p role="status">{state.connected ? "No run is served." : "Connecting to lmcov serve…"}</p>
      </main>
    );
  }
  return <Runs state={state} choice={choice} choose={choose} />;
}

interface RunsProps {
  readonly state: LiveState;
  readonly choice: Choice;
  choose(choice: Choice): void;
}

const noReport: ReportState = { version: 0, computing: false };

function Runs({ state, choice, choose }: RunsProps) {
  const { shown, compared } = shownRuns(state.runs, choice);
  // A run that is not there yet comes into the report once it is.
  const there = shown.filter(({ presence }) => presence !== "waiting");
  const reported = compared ?? (there.length === 0 ? shown : there);
  const name = reported.map(({ id }) => id).join("-");
  const reportState = state.reports.get(name) ?? noReport;
  const report = useReport(name, reportState.version);
  const title = listText(reported.map((run) => text(run.name)));
  useEffect(() => {
    document.title = `${title} · lmcov`;
  }, [title]);
  const charts = <LiveCharts shown={shown} lines={state.lines} />;
  return (
    <>
      <RunsBar state={state} shown={shown} compared={compared} choose={choose} reportState={reportState} />
      {report === undefined ? (
        <main>
          <h1>{title}</h1>
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

interface LiveChartsProps {
  readonly shown: readonly LiveRun[];
  readonly lines: ReadonlyMap<number, LiveLines>;
}

function LiveCharts({ shown, lines }: LiveChartsProps) {
  const ids = shown.map(({ id }) => id).join("-");
  const charts = useMemo(
    () => liveCharts(shown.map(({ id, name }) => ({ name, lines: lines.get(id) ?? new LiveLines() }))),
    [ids, lines],
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
