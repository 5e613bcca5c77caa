/** What the server tells, as it tells it; and the reports that it has. */
import { useEffect, useState } from "preact/hooks";
import { LiveLines, type LiveMessage, type LiveRun, type ReportState } from "../../src/report/live.ts";
import type { PackedReport, PageReport } from "../../src/report/page-report.ts";
import { unpackedReport } from "./packed.ts";

export interface LiveState {
  readonly connected: boolean;
  readonly runs: readonly LiveRun[];
  /** By the run's number. */
  readonly lines: ReadonlyMap<number, LiveLines>;
  /** By the report's name. */
  readonly reports: ReadonlyMap<string, ReportState>;
}

const nothing: LiveState = { connected: false, runs: [], lines: new Map(), reports: new Map() };

export function useLiveState(): LiveState {
  const [state, setState] = useState(nothing);
  useEffect(() => {
    const source = new EventSource("events");
    source.onopen = () => setState((before) => ({ ...before, connected: true }));
    source.onerror = () => setState((before) => ({ ...before, connected: false }));
    source.onmessage = ({ data }) => {
      const message = JSON.parse(data) as LiveMessage;
      setState((before) => after(before, message));
    };
    return () => source.close();
  }, []);
  return state;
}

function after(state: LiveState, message: LiveMessage): LiveState {
  if (message.type === "runs") return { ...state, runs: message.runs };
  if (message.type === "report") {
    return { ...state, reports: new Map(state.reports).set(message.name, message.report) };
  }
  const { id, restarted, lines } = message;
  const known = restarted ? new LiveLines() : (state.lines.get(id) ?? new LiveLines());
  known.add(lines);
  return { ...state, lines: new Map(state.lines).set(id, known) };
}

/** The report of that name and version; the last one stays until there is a newer one. */
export function useReport(name: string, version: number): PageReport | undefined {
  const [found, setFound] = useState<{ name: string; report: PageReport } | undefined>();
  useEffect(() => {
    let wanted = true;
    fetch(`report/${name}`)
      .then(async (response) => {
        if (response.status !== 200) return;
        const report = await unpackedReport((await response.json()) as PackedReport);
        if (wanted) setFound({ name, report });
      })
      // The line above the report says that the server is gone.
      .catch(() => undefined);
    return () => {
      wanted = false;
    };
  }, [name, version]);
  return found?.name === name ? found.report : undefined;
}
