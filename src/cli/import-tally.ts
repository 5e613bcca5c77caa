/** What an import left out and what it wants known: rejections by reason, drops, notes. Bounded however bad the log. */
import type { ImportContext, ImportOptions, Rejection } from "../importer/index.ts";

/** Rejections kept word for word; the rest are only counted. */
const shownRejections = 20;

export interface DroppedRows {
  readonly reason: string;
  readonly rows: number;
}

export class ImportTally {
  readonly notes: string[] = [];
  readonly examples: Rejection[] = [];
  rejected = 0;
  readonly #drops = new Map<string, number>();

  reject(rejection: Rejection): void {
    this.rejected += 1;
    if (this.examples.length < shownRejections) this.examples.push(rejection);
  }

  note(message: string): void {
    if (!this.notes.includes(message)) this.notes.push(message);
  }

  drop(reason: string, rows: number): void {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + rows);
  }

  /** What an importer is given: its reports come here, its progress where it is shown. */
  context(options: ImportOptions, onProgress: (bytes: number) => void): ImportContext {
    return {
      options,
      reject: (rejection) => this.reject(rejection),
      note: (message) => this.note(message),
      drop: (reason, rows) => this.drop(reason, rows),
      progress: onProgress,
    };
  }

  get drops(): DroppedRows[] {
    return [...this.#drops].map(([reason, rows]) => ({ reason, rows }));
  }

  /** Adds what another import left out. */
  merge(other: { rejected: number; notes: readonly string[]; drops: readonly DroppedRows[] }): void {
    this.rejected += other.rejected;
    for (const note of other.notes) this.note(note);
    for (const { reason, rows } of other.drops) this.drop(reason, rows);
  }
}

/** `file:line (member), field: reason`. */
export function rejectionText({ file, line, member, field, reason }: Rejection): string {
  const place = `${file}${member === undefined ? "" : ` (${member})`}${line === undefined ? "" : `:${line}`}`;
  return `${place}${field === undefined ? "" : `, ${field}`}: ${reason}`;
}
