/** Reports of a server, made one at a time in a process of their own, so that the server answers meanwhile. */
import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReportState } from "../report/index.ts";
import type { TaskSources } from "./draw-sources.ts";
import { millisecondsNow } from "./progress.ts";

/** What a report is about: paths of logs or run folders, and how to call their models where names are the same. */
export interface ReportSubject {
  readonly key: string;
  readonly paths: readonly string[];
  readonly names: readonly string[];
}

interface Kept {
  readonly subject: ReportSubject;
  state: ReportState;
  data: Buffer | undefined;
  sources: readonly TaskSources[] | undefined;
  /** When it was asked for again, by `millisecondsNow`; undefined where nothing is to be done. */
  asked: number | undefined;
  /** When what it is about changed last. */
  changed: number;
  /** How long the last one took, and when it ended. */
  took: number;
  ended: number;
}

/** A report waits until its run was quiet for this long … */
const quietMilliseconds = 400;
/** … or has been waited for for this long. */
const longestWait = 3000;

export class ServedReports {
  readonly #kept = new Map<string, Kept>();
  readonly #onState: (key: string, state: ReportState) => void;
  #child: ChildProcess | undefined;
  #closed = false;

  /** `onState` is called whenever a report begins, is there or failed. */
  constructor(onState: (key: string, state: ReportState) => void) {
    this.#onState = onState;
  }

  /** Asks for a report, or for a newer one. */
  ask(subject: ReportSubject): void {
    const now = millisecondsNow();
    const kept = this.#kept.get(subject.key) ?? {
      subject,
      state: { version: 0, computing: false },
      data: undefined,
      sources: undefined,
      asked: undefined,
      changed: now,
      took: 0,
      ended: now,
    };
    kept.asked ??= now;
    kept.changed = now;
    this.#kept.set(subject.key, kept);
  }

  /** Subjects that were asked for. */
  get subjects(): ReportSubject[] {
    return [...this.#kept.values()].map(({ subject }) => subject);
  }

  state(key: string): ReportState | undefined {
    return this.#kept.get(key)?.state;
  }

  /** The last report as the page takes it. */
  data(key: string): Buffer | undefined {
    return this.#kept.get(key)?.data;
  }

  /** Where the draws are that the last report counts; undefined where they are not read on demand. */
  sources(key: string): readonly TaskSources[] | undefined {
    return this.#kept.get(key)?.sources;
  }

  forget(key: string): void {
    this.#kept.delete(key);
  }

  /** Begins the report that has waited longest, if none is being made; call it regularly. */
  advance(): void {
    if (this.#child !== undefined || this.#closed) return;
    const now = millisecondsNow();
    const due = [...this.#kept.values()]
      .filter((kept) => isDue(kept, now))
      .sort((left, right) => (left.asked ?? 0) - (right.asked ?? 0))[0];
    if (due !== undefined) this.#make(due);
  }

  close(): void {
    this.#closed = true;
    this.#child?.kill();
  }

  #make(kept: Kept): void {
    kept.asked = undefined;
    const began = millisecondsNow();
    this.#set(kept, { version: kept.state.version, computing: true });
    const child = fork(composer, [], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#child = child;
    let answer: ComposedMessage | undefined;
    let complaint = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-2000);
    });
    child.on("message", (message) => {
      answer = message as ComposedMessage;
    });
    child.on("error", (error) => {
      complaint = error.message;
    });
    child.once("close", () => {
      this.#child = undefined;
      if (this.#closed) return;
      kept.ended = millisecondsNow();
      kept.took = kept.ended - began;
      const { version } = kept.state;
      if (answer?.data !== undefined) {
        kept.data = Buffer.from(answer.data);
        kept.sources = answer.sources;
        this.#set(kept, { version: version + 1, computing: false });
      } else {
        const problem = answer?.problem ?? (complaint.trim() || "the report's process ended without one");
        this.#set(kept, { version, computing: false, problem });
      }
    });
    child.send({ paths: kept.subject.paths, names: kept.subject.names });
  }

  #set(kept: Kept, state: ReportState): void {
    kept.state = state;
    this.#onState(kept.subject.key, state);
  }
}

/** What the composing process sends back. */
export interface ComposedMessage {
  readonly data?: string;
  readonly sources?: readonly TaskSources[];
  readonly problem?: string;
}

/** Reports that take long are made less often: at most half of the time goes into one. */
function isDue({ asked, changed, took, ended, state }: Kept, now: number): boolean {
  if (asked === undefined) return false;
  if (state.version > 0 && now - ended < took) return false;
  return now - changed >= quietMilliseconds || now - asked >= longestWait;
}

// The sources run as they are, too.
const composer = fileURLToPath(new URL(`./serve-compose${extname(import.meta.url)}`, import.meta.url));
