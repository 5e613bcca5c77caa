/** Which runs are shown side by side, and which two are compared; kept in the address before the `#`. */
import { useState } from "preact/hooks";
import type { LiveRun } from "../../src/report/live.ts";
import { mostRuns } from "../../src/report/live-chart.ts";

export interface Choice {
  /** Numbers of the runs that are shown; undefined: the first ones. */
  readonly runs: readonly number[] | undefined;
  /** Numbers of the two that are compared, the earlier first. */
  readonly compared: readonly [number, number] | undefined;
}

export interface ShownRuns {
  /** In the order of the command line. */
  readonly shown: readonly LiveRun[];
  readonly compared: readonly [LiveRun, LiveRun] | undefined;
}

export function useChoice(): [Choice, (choice: Choice) => void] {
  const [choice, setChoice] = useState(() => choiceIn(location.search));
  const choose = (next: Choice) => {
    history.replaceState(null, "", `${location.pathname}${searchOf(next)}${location.hash}`);
    setChoice(next);
  };
  return [choice, choose];
}

/** The runs that a choice means among those that are served. */
export function shownRuns(all: readonly LiveRun[], { runs, compared }: Choice): ShownRuns {
  const chosen = all.filter(({ id }) => runs?.includes(id) ?? true).slice(0, mostRuns);
  const shown = chosen.length === 0 ? all.slice(0, mostRuns) : chosen;
  const [before, after] = (compared ?? []).map((id) => shown.find((run) => run.id === id));
  if (before !== undefined && after !== undefined && before !== after) {
    return { shown, compared: [before, after] };
  }
  // Of two, what changed is what one wants to know.
  const [first, second, ...others] = shown;
  const two = first !== undefined && second !== undefined && others.length === 0;
  return { shown, compared: two ? [first, second] : undefined };
}

function choiceIn(search: string): Choice {
  const fields = new URLSearchParams(search);
  const numbers = (name: string) => {
    const value = fields.get(name) ?? "";
    return /^\d{1,4}(-\d{1,4})*$/.test(value) ? value.split("-").map(Number) : undefined;
  };
  const [before, after] = numbers("compare") ?? [];
  return {
    runs: numbers("runs"),
    compared: before === undefined || after === undefined ? undefined : [before, after],
  };
}

function searchOf({ runs, compared }: Choice): string {
  const fields = [
    ...(runs === undefined ? [] : [`runs=${runs.join("-")}`]),
    ...(compared === undefined ? [] : [`compare=${compared.join("-")}`]),
  ];
  return fields.length === 0 ? "" : `?${fields.join("&")}`;
}
