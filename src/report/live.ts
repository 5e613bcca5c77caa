/** A run that is watched while it grows, as plain data: what `lmcov serve` sends and the page shows. */
import { countText, plural } from "./number-text.ts";

/** How a watched run is. */
export interface LiveRun {
  /** Its place on the command line, from 0. */
  readonly id: number;
  /** Unique among the runs. */
  readonly name: string;
  readonly path: string;
  /** `waiting`: it was not there yet; `gone`: it was, and is not any more. */
  readonly presence: "waiting" | "there" | "gone";
  /** Steps that the training is to take, where it is one. */
  readonly steps?: number;
  /** Units of work of a sampling or scoring job, where there are any. */
  readonly units?: {
    readonly finished: number;
    readonly failed: number;
    readonly failures: readonly { readonly kind: string; readonly units: number; readonly reason: string }[];
  };
  /** Inputs that `lmcov import` or probes wrote. */
  readonly inputs?: { readonly finished: number; readonly rows: number; readonly rejected: number };
  /** Lines of its training journal that were no such lines. */
  readonly badLines: number;
  /** What went wrong in following it. */
  readonly problem?: string;
}

/** Whether a run that is watched has a report, and whether a newer one is on its way. */
export interface ReportState {
  /** Grows by one with each report; 0 where there is none yet. */
  readonly version: number;
  readonly computing: boolean;
  /** Why there is no newer one. */
  readonly problem?: string;
}

/** A line of a training's journal, as far as the page shows it. */
export type LiveLine =
  | {
      readonly kind: "step";
      readonly step: number;
      readonly loss: number;
      readonly lossPerToken: number;
      readonly gradientNorm: number;
      readonly updateNorm: number;
    }
  | {
      readonly kind: "probe";
      readonly step: number;
      readonly crossEntropy?: number;
      readonly kl?: number;
      /** Whether `coverage` is Cov_N or, without π_D, what Cov_N is at most. */
      readonly bound: boolean;
      readonly coverage: readonly { readonly n: number; readonly coverage: number }[];
      readonly passAtK: readonly { readonly k: number; readonly estimate: number }[];
    }
  | { readonly kind: "checkpoint"; readonly step: number }
  /** The training went on under other conditions. */
  | { readonly kind: "different"; readonly step: number; readonly what: readonly string[] };

/** What the server sends, one a message. */
export type LiveMessage =
  | { readonly type: "runs"; readonly runs: readonly LiveRun[] }
  /** What is known of the report on the runs in its name, such as `0` or `0-2`, that was asked for. */
  | { readonly type: "report"; readonly name: string; readonly report: ReportState }
  /** Lines that came; `restarted` where those before do not count. */
  | {
      readonly type: "lines";
      readonly id: number;
      readonly restarted: boolean;
      readonly lines: readonly LiveLine[];
    };

/** A journal's line from JSON of unknown origin; undefined where it is none. */
export function liveLine(value: unknown): LiveLine | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const line = value as Record<string, unknown>;
  const step = line.step;
  if (typeof step !== "number" || !Number.isSafeInteger(step) || step < 0) return undefined;
  if (typeof line.probe === "object" && line.probe !== null) {
    return probeLine(step, line.probe as Record<string, unknown>);
  }
  if (typeof line.checkpoint === "string") return { kind: "checkpoint", step };
  if (Array.isArray(line.different)) {
    return { kind: "different", step, what: line.different.slice(0, 20).map(String) };
  }
  const { loss, lossPerToken, gradientNorm, updateNorm } = line;
  if (!isReal(loss) || !isReal(lossPerToken) || !isReal(gradientNorm) || !isReal(updateNorm))
    return undefined;
  return { kind: "step", step, loss, lossPerToken, gradientNorm, updateNorm };
}

function probeLine(step: number, probe: Record<string, unknown>): LiveLine {
  return {
    kind: "probe",
    step,
    ...(isReal(probe.crossEntropy) && { crossEntropy: probe.crossEntropy }),
    ...(isReal(probe.kl) && { kl: probe.kl }),
    bound: probe.coverageKind === "upper-bound",
    coverage: points(probe.coverage, "n", "coverage").map(([n, coverage]) => ({ n, coverage })),
    passAtK: points(probe.passAtK, "k", "estimate").map(([k, estimate]) => ({ k, estimate })),
  };
}

function points(value: unknown, key: string, name: string): [number, number][] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, 100).flatMap((item: unknown) => {
    const fields = (item ?? {}) as Record<string, unknown>;
    const [at, found] = [fields[key], fields[name]];
    return isReal(at) && isReal(found) ? [[at, found] as [number, number]] : [];
  });
}

const isReal = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

/** Step lines that are kept at most: twice what a chart has pixels for. */
const mostSteps = 4000;

/**
 * The lines of a training's journal in bounded memory: every line that is no step, and steps at equal distances, of which
 * every second is left out whenever there are too many.
 */
export class LiveLines {
  #steps: Extract<LiveLine, { kind: "step" }>[] = [];
  #others: LiveLine[] = [];
  #stride = 1;
  #seen = 0;
  /** The newest step, also where it is not kept. */
  last: Extract<LiveLine, { kind: "step" }> | undefined;

  add(lines: readonly LiveLine[]): void {
    for (const line of lines) {
      if (line.kind !== "step") {
        this.#others.push(line);
        continue;
      }
      this.last = line;
      if (this.#seen % this.#stride === 0) this.#steps.push(line);
      this.#seen += 1;
      if (this.#steps.length < mostSteps) continue;
      this.#steps = this.#steps.filter((_, index) => index % 2 === 0);
      this.#stride *= 2;
    }
  }

  /** Every kept line, steps first, and the newest step at their end. */
  get all(): readonly LiveLine[] {
    return [...this.steps, ...this.#others];
  }

  get steps(): readonly Extract<LiveLine, { kind: "step" }>[] {
    const { last } = this;
    return last === undefined || last === this.#steps.at(-1) ? this.#steps : [...this.#steps, last];
  }

  get probes(): readonly Extract<LiveLine, { kind: "probe" }>[] {
    return this.#others.filter((line) => line.kind === "probe");
  }

  get others(): readonly LiveLine[] {
    return this.#others;
  }
}

/** What is not as it should be with a run; empty where nothing is. */
export function liveTrouble(run: LiveRun): string {
  if (run.presence === "waiting") return "The folder is not there yet; it is shown once it is.";
  const parts: string[] = [];
  if (run.presence === "gone") parts.push("The folder was deleted or moved; this is what was last seen.");
  if (run.badLines > 0) parts.push(`${plural(run.badLines, "line")} of the journal cannot be read.`);
  if (run.problem !== undefined) parts.push(run.problem);
  return parts.join(" ");
}

/** How a run is, in a sentence or two. */
export function liveSentence(run: LiveRun, lines: LiveLines): string {
  if (run.presence === "waiting") return liveTrouble(run);
  const parts: string[] = [];
  const { last } = lines;
  if (last !== undefined) {
    const of = run.steps === undefined ? "" : ` of ${countText(run.steps)}`;
    parts.push(
      `Step ${countText(last.step)}${of}: loss ${last.lossPerToken.toPrecision(4)} nats a token, gradient norm ${last.gradientNorm.toPrecision(3)}.`,
    );
  }
  if (lines.probes.length > 0) parts.push(`${plural(lines.probes.length, "probe")}.`);
  if (run.units !== undefined) {
    const { finished, failed, failures } = run.units;
    const kinds = failures.map(({ kind, units }) => `${kind} ${countText(units)}`).join(", ");
    parts.push(
      `${plural(finished, "unit")} done${failed === 0 ? "" : `, ${countText(failed)} failed (${kinds})`}.`,
    );
  }
  if (run.inputs !== undefined && lines.last === undefined) {
    const { finished, rows, rejected } = run.inputs;
    const bad = rejected === 0 ? "" : `, ${countText(rejected)} rejected`;
    parts.push(`${plural(finished, "input")} read: ${plural(rows, "row")}${bad}.`);
  }
  const trouble = liveTrouble(run);
  return [...(run.presence === "gone" ? [trouble, ...parts] : [...parts, trouble])]
    .filter((part) => part !== "")
    .join(" ");
}
