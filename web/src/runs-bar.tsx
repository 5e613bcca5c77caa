import {
  LiveLines,
  type LiveRun,
  liveSentence,
  liveTrouble,
  type ReportState,
} from "../../src/report/live.ts";
import { mostRuns } from "../../src/report/live-chart.ts";
import { liveTable } from "../../src/report/live-table.ts";
import { LineSample } from "./live-chart.tsx";
import type { LiveState } from "./live-source.ts";
import { text } from "./page.tsx";
import type { Choice, ShownRuns } from "./shown-runs.ts";

interface RunsBarProps extends ShownRuns {
  readonly state: LiveState;
  readonly reportState: ReportState;
  choose(choice: Choice): void;
}

/** How the runs are, which are shown, and which two are compared. */
export function RunsBar(props: RunsBarProps) {
  const { state, shown, reportState } = props;
  const several = state.runs.length > 1;
  return (
    <section class="runs" aria-label="Runs">
      {several && <RunsTable {...props} />}
      {several && shown.length > 1 && <ComparedRuns {...props} />}
      <div role="status" class="quiet">
        {!state.connected && <p class="trouble">The server does not answer; this is what was last seen.</p>}
        {shown.map((run) => (
          <RunStatus key={run.id} run={run} lines={state.lines.get(run.id)} named={several} />
        ))}
        <p class="report-state">{reportText(reportState)}</p>
      </div>
    </section>
  );
}

function RunsTable({ state, shown, compared, choose }: RunsBarProps) {
  const { columns, rows } = liveTable(state.runs, state.lines);
  const ids = shown.map(({ id }) => id);
  const show = (id: number, isShown: boolean) => {
    const runs = state.runs.map((run) => run.id).filter((own) => (own === id ? isShown : ids.includes(own)));
    const pair = compared?.map((run) => run.id);
    const kept = runs.length > 2 && pair?.every((own) => runs.includes(own));
    choose({ runs, compared: kept && ids.length > 2 ? [pair?.[0] ?? 0, pair?.[1] ?? 0] : undefined });
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard
    <div class="scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col" class="text">
              run
            </th>
            {columns.map((title) => (
              <th scope="col" key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, cells }, row) => {
            const place = ids.indexOf(id);
            const last = place >= 0 && ids.length === 1;
            return (
              <tr key={id} data-row={id}>
                <th scope="row" class="text">
                  <label>
                    <input
                      type="checkbox"
                      checked={place >= 0}
                      disabled={last || (place < 0 && ids.length >= mostRuns)}
                      onChange={({ currentTarget }) => show(id, currentTarget.checked)}
                    />{" "}
                    {place >= 0 && ids.length > 1 && <LineSample colour={place} dash={0} />}
                    {text(state.runs[row]?.name ?? "")}
                  </label>
                </th>
                {cells.map((cell, index) => (
                  <td key={columns[index]}>{text(cell)}</td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function ComparedRuns({ shown, compared, choose }: RunsBarProps) {
  const ids = shown.map(({ id }) => id);
  const [before, after] = compared ?? [];
  const choice = (first: number | undefined, second: number | undefined) => {
    if (first === undefined) return choose({ runs: ids, compared: undefined });
    const other = second === undefined || second === first ? ids.find((id) => id !== first) : second;
    choose({ runs: ids, compared: other === undefined ? undefined : [first, other] });
  };
  return (
    <div class="controls">
      <label>
        what changed from{" "}
        <select
          aria-label="Run before"
          value={before?.id ?? ""}
          onChange={({ currentTarget: { value } }) =>
            choice(
              value === "" ? undefined : Number(value),
              after?.id === Number(value) ? before?.id : after?.id,
            )
          }
        >
          {ids.length > 2 && <option value="">no run: all side by side</option>}
          <RunOptions runs={shown} />
        </select>
      </label>
      {before !== undefined && (
        <label>
          to{" "}
          <select
            aria-label="Run after"
            value={after?.id ?? ""}
            onChange={({ currentTarget: { value } }) =>
              choice(before.id === Number(value) ? after?.id : before.id, Number(value))
            }
          >
            <RunOptions runs={shown} />
          </select>
        </label>
      )}
    </div>
  );
}

const RunOptions = ({ runs }: { runs: readonly LiveRun[] }) => (
  <>
    {runs.map(({ id, name }) => (
      <option key={id} value={id}>
        {text(name)}
      </option>
    ))}
  </>
);

/** In words: of a single run how it is, of several only what is not as it should be. */
function RunStatus({ run, lines, named }: { run: LiveRun; lines: LiveLines | undefined; named: boolean }) {
  const others = lines?.others ?? [];
  const sentence = named ? liveTrouble(run) : liveSentence(run, lines ?? new LiveLines());
  return (
    <div class={run.presence === "gone" ? "trouble" : ""} data-run={run.id}>
      {sentence !== "" && (
        <p>
          {named && <strong>{text(run.name)}: </strong>}
          {text(sentence)}
        </p>
      )}
      {run.units?.failures.map(({ kind, units, reason }) => (
        <p class="trouble" key={kind}>
          {named && <strong>{text(run.name)}: </strong>}
          {units.toLocaleString("en-US")} × {text(kind)}, such as: {text(reason)}
        </p>
      ))}
      {others.map((line) =>
        line.kind === "different" ? (
          <p key={line.step}>
            {named && <strong>{text(run.name)}: </strong>}
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
