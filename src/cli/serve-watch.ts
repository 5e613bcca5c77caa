/** The runs that `lmcov serve` follows: looks at them in turn, tells everyone who listens, and has reports made. */
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LiveMessage } from "../report/index.ts";
import type { TaskSources } from "./draw-sources.ts";
import { type ReportSubject, ServedReports } from "./serve-reports.ts";
import { FollowedRun } from "./serve-run.ts";

/** Milliseconds between looks. */
const lookEvery = 300;

export type Listener = (message: LiveMessage) => void;

export class RunWatch {
  readonly runs: readonly FollowedRun[];
  readonly #reports: ServedReports;
  readonly #listeners = new Set<Listener>();
  readonly #stop = new AbortController();

  constructor(paths: readonly string[]) {
    const names = distinctNames(paths);
    this.runs = paths.map((path, id) => new FollowedRun({ id, name: names[id] ?? path, path }));
    this.#reports = new ServedReports((key, report) => {
      const ids = key.split("-").map(Number);
      const [run] = ids.length === 1 ? this.runs.filter(({ id }) => id === ids[0]) : [];
      if (run === undefined) {
        this.#tell({ type: "comparison", name: key, report });
        return;
      }
      run.report = report;
      this.#tellRuns();
    });
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
    for (const { key, paths } of this.#reports.subjects) {
      const report = this.#reports.state(key);
      if (paths.length > 1 && report !== undefined) listener({ type: "comparison", name: key, report });
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** The last report on a run, or on two that are compared, as the page takes it; undefined where there is none yet. */
  report(ids: readonly number[]): Buffer | undefined {
    const key = ids.join("-");
    if (ids.length > 1 && this.#reports.state(key) === undefined) {
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
    this.#reports.ask(this.#subject([run.id]));
    for (const subject of this.#reports.subjects) {
      const ids = subject.key.split("-").map(Number);
      if (ids.length > 1 && ids.includes(run.id)) this.#reports.ask(subject);
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
