/** The runs that `lmcov serve` follows: looks at them in turn, tells everyone who listens, and has reports made. */
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LiveMessage } from "../report/index.ts";
import type { TaskSources } from "./draw-sources.ts";
import { type ReportSubject, ServedReports } from "./serve-reports.ts";
import { FollowedRun } from "./serve-run.ts";

/** Milliseconds between looks. */
const lookEvery = 300;

/** Reports that are kept and made anew as their runs grow. */
const mostReports = 12;

export type Listener = (message: LiveMessage) => void;

export class RunWatch {
  readonly runs: readonly FollowedRun[];
  readonly #reports: ServedReports;
  /** The runs of reports that pages asked for, the one that was asked for last at the end. */
  readonly #wanted = new Map<string, readonly number[]>();
  readonly #listeners = new Set<Listener>();
  readonly #stop = new AbortController();

  constructor(paths: readonly string[]) {
    const names = distinctNames(paths);
    // The only report that can be asked for is there when a page is opened.
    if (paths.length === 1) this.#wanted.set("0", [0]);
    this.runs = paths.map((path, id) => new FollowedRun({ id, name: names[id] ?? path, path }));
    this.#reports = new ServedReports((name, report) => this.#tell({ type: "report", name, report }));
  }

  /** Follows the runs until `close`. */
  async follow(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.look();
      await sleep(lookEvery, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
    }
  }

  /** Looks at every run once. */
  async look(): Promise<void> {
    let changed = false;
    for (const run of this.runs) {
      const look = await run.look();
      changed ||= look.changed;
      if (look.restarted || look.lines.length > 0) {
        this.#tell({ type: "lines", id: run.id, restarted: look.restarted, lines: look.lines });
      }
      if (look.grown) this.#grown(run);
    }
    if (changed) this.#tellRuns();
    this.#reports.advance();
  }

  /** Tells a listener what is known, and from then on what changes; returns how to end that. */
  listen(listener: Listener): () => void {
    listener(this.#runsMessage());
    for (const { id, lines } of this.runs) {
      listener({ type: "lines", id, restarted: true, lines: lines.all });
    }
    for (const { key } of this.#reports.subjects) {
      const report = this.#reports.state(key);
      if (report !== undefined) listener({ type: "report", name: key, report });
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** The last report on a run, or on several together, as the page takes it; undefined where there is none yet. */
  report(ids: readonly number[]): Buffer | undefined {
    const key = ids.join("-");
    this.#wanted.delete(key);
    this.#wanted.set(key, ids);
    const [oldest] = this.#wanted.keys();
    if (this.#wanted.size > mostReports && oldest !== undefined) {
      this.#wanted.delete(oldest);
      this.#reports.forget(oldest);
    }
    if (this.#reports.state(key) === undefined && ids.some((id) => this.runs[id]?.isThere)) {
      this.#reports.ask(this.#subject(ids));
      this.#reports.advance();
    }
    return this.#reports.data(key);
  }

  /** Where the draws are that the last report counts; undefined where none are read on demand. */
  sources(ids: readonly number[]): readonly TaskSources[] | undefined {
    return this.#reports.sources(ids.join("-"));
  }

  close(): void {
    this.#stop.abort();
    this.#reports.close();
    this.#listeners.clear();
  }

  #grown(run: FollowedRun): void {
    for (const ids of this.#wanted.values()) {
      if (ids.includes(run.id)) this.#reports.ask(this.#subject(ids));
    }
  }

  #subject(ids: readonly number[]): ReportSubject {
    const runs = ids.flatMap((id) => this.runs[id] ?? []);
    return {
      key: ids.join("-"),
      paths: runs.map(({ path }) => path),
      names: runs.map(({ name }) => name),
    };
  }

  #runsMessage(): LiveMessage {
    return { type: "runs", runs: this.runs.map(({ state }) => state) };
  }

  #tellRuns(): void {
    this.#tell(this.#runsMessage());
  }

  #tell(message: LiveMessage): void {
    for (const listener of this.#listeners) listener(message);
  }
}

/** The last folder's name, with as many before it as tell the paths apart. */
function distinctNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split("/").filter((part) => part !== "" && part !== "."));
  for (let length = 1; length < 20; length += 1) {
    const names = parts.map((list, index) => list.slice(-length).join("/") || basename(paths[index] ?? ""));
    if (new Set(names).size === names.length) return names;
  }
  return [...paths];
}
