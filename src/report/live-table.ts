/** Runs side by side as a table: a row a run, with the newest of everything that any of them has. */
import type { LiveLine, LiveLines, LiveRun } from "./live.ts";
import { countText, rateText } from "./number-text.ts";

export interface LiveTable {
  /** Heads, without that of the run's name. */
  readonly columns: readonly string[];
  /** Texts by run, at the positions of `columns`; empty where a run has nothing. */
  readonly rows: readonly { readonly id: number; readonly cells: readonly string[] }[];
}

type Probe = Extract<LiveLine, { kind: "probe" }>;

interface Column {
  readonly title: string;
  text(run: LiveRun, lines: LiveLines | undefined): string | undefined;
}

const presences = { there: "there", gone: "gone", waiting: "not there yet" } as const;

/** Columns in which no run has anything are left out. */
export function liveTable(runs: readonly LiveRun[], lines: ReadonlyMap<number, LiveLines>): LiveTable {
  const texts = runs.map((run) => columns.map(({ text }) => text(run, lines.get(run.id)) ?? ""));
  const kept = columns.flatMap((_, column) => (texts.some((row) => row[column] !== "") ? [column] : []));
  return {
    columns: kept.map((column) => columns[column]!.title),
    rows: runs.map(({ id }, row) => ({ id, cells: kept.map((column) => texts[row]![column]!) })),
  };
}

const columns: readonly Column[] = [
  { title: "folder", text: ({ presence }) => presences[presence] },
  {
    title: "step",
    text: ({ steps }, lines) =>
      lines?.last && `${countText(lines.last.step)}${steps === undefined ? "" : ` of ${countText(steps)}`}`,
  },
  { title: "loss, nats a token", text: (_, lines) => lines?.last?.lossPerToken.toPrecision(4) },
  {
    title: "held-out cross-entropy",
    text: (_, lines) => newest(lines, ({ crossEntropy }) => crossEntropy?.toPrecision(4)),
  },
  { title: "KL", text: (_, lines) => newest(lines, ({ kl }) => kl?.toPrecision(4)) },
  {
    title: "coverage",
    text: (_, lines) =>
      newest(lines, ({ coverage, bound }) => {
        const point = coverage.at(-1);
        return point && `${bound ? "≤ " : ""}${rateText(point.coverage)} (N = ${countText(point.n)})`;
      }),
  },
  {
    title: "pass@k",
    text: (_, lines) =>
      newest(lines, ({ passAtK }) => {
        const point = passAtK.at(-1);
        return point && `${rateText(point.estimate)} (k = ${countText(point.k)})`;
      }),
  },
  {
    title: "units done",
    text: ({ units }) =>
      units &&
      `${countText(units.finished)}${units.failed === 0 ? "" : `, ${countText(units.failed)} failed`}`,
  },
  {
    title: "rows read",
    text: ({ inputs }) =>
      inputs &&
      `${countText(inputs.rows)}${inputs.rejected === 0 ? "" : `, ${countText(inputs.rejected)} rejected`}`,
  },
];

/** Of the newest probe that has it. */
const newest = (
  lines: LiveLines | undefined,
  value: (probe: Probe) => string | undefined,
): string | undefined => lines?.probes.flatMap((probe) => value(probe) ?? []).at(-1);
