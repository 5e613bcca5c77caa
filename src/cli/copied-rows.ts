/** Whether the draws in rows that pass by are copies of one another: for an import, which counts nothing. */
import { type Count, checkpointName, type Outcome, type Row } from "../record/index.ts";
import type { CopiedModel } from "../report/index.ts";
import { copiedDraws, SameText } from "../store/index.ts";

interface Problem {
  readonly text: SameText;
  /** Place of the first draw: met again, it is a repetition. */
  readonly first: string;
  draws: number;
}

const separator = "\u0000";

/** Keeps a fingerprint a problem. */
export class CopiedRows {
  /** By model, task, sampling and verifier, then by problem. */
  readonly #groups = new Map<string, { readonly label: string; readonly problems: Map<string, Problem> }>();

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      if (row.kind !== "outcome" && row.kind !== "count") continue;
      // At temperature 0 draws are copies by their settings.
      if (row.sampling.temperature !== 0) this.#add(row);
    }
  }

  /** The models whose draws are copies, each once. */
  models(): CopiedModel[] {
    const found = new Map<string, CopiedModel>();
    for (const { label, problems } of this.#groups.values()) {
      const copies = copiedDraws(
        [...problems.values()].map(({ draws, text: { fingerprint } }) => ({
          draws,
          ...(fingerprint !== undefined && { sameText: fingerprint }),
        })),
      );
      if (copies !== undefined && !found.has(label)) found.set(label, { label, copies });
    }
    return [...found.values()];
  }

  #add(row: Outcome | Count): void {
    const label = `${checkpointName(row)} on ${row.task}`;
    const groupKey = [label, row.samplingHash, row.verifier].join(separator);
    let group = this.#groups.get(groupKey);
    if (group === undefined) {
      group = { label, problems: new Map() };
      this.#groups.set(groupKey, group);
    }
    const key = row.promptHash + separator + row.problem;
    const place = `${row.kind === "outcome" ? row.draw : ""} ${row.drawSet}`;
    let problem = group.problems.get(key);
    if (problem?.first === place) return;
    if (problem === undefined) {
      problem = { text: new SameText(), first: place, draws: 0 };
      group.problems.set(key, problem);
    }
    problem.draws += row.kind === "outcome" ? 1 : row.n + row.unscored;
    problem.text.add(row.fingerprint);
  }
}
