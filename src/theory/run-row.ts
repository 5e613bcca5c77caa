/** Running a row: its pieces of work, in any order and on any thread, then its judgement. */
import { randomGenerator } from "../numeric/index.ts";
import type { TheoryInstance, TheoryRecord, TheoryResult, TheoryRow, TheoryScale } from "./instance.ts";

/** Options of `runTheoryRow`. */
export interface TheoryRunOptions {
  readonly scale: TheoryScale;
  /** Seed of all random numbers, any text. */
  readonly seed: string;
}

/** Number of pieces of work in a row: one a setting. */
export function theoryPieces(row: TheoryRow, scale: TheoryScale): number {
  return row.settings(scale).length;
}

/**
 * The records of one setting, the setting's columns first. The generator is named by seed, row and setting: neither the
 * order of the pieces nor what else runs changes a number.
 *
 * @throws RangeError for a piece that the row does not have.
 */
export function theoryPiece(
  row: TheoryRow,
  piece: number,
  options: TheoryRunOptions,
): readonly TheoryRecord[] {
  const setting = row.settings(options.scale)[piece];
  if (setting === undefined) throw new RangeError(`piece is ${piece}: must be one of the row's settings`);
  const generator = randomGenerator(options.seed).split(row.name).split(JSON.stringify(setting));
  return row.measure(setting, generator).map((record) => ({ ...setting, ...record }));
}

/** Judges the pieces of a row, in the order of its settings. */
export function theoryResult(
  row: TheoryRow,
  scale: TheoryScale,
  pieces: readonly (readonly TheoryRecord[])[],
): TheoryResult {
  const table = pieces.flat();
  const { name, source, claim, plot, caveat } = row;
  const instances = row.criteria.map(
    (criterion): TheoryInstance => ({
      name: `${name}/${criterion.name}`,
      source,
      predicted: criterion.predicted,
      statement: criterion.statement,
      ...criterion.judge(table),
    }),
  );
  return {
    row: { name, source, claim, plot, ...(caveat !== undefined && { caveat }) },
    scale,
    instances,
    table,
  };
}

/**
 * Runs a row on this thread: equal seeds give equal tables.
 *
 * @throws RangeError or Error of the row's own mathematics.
 * @example
 * const row = theoryRows.find(({ name }) => name === "tightness-pair");
 * const result = row && runTheoryRow(row, { scale: "fast", seed: "lmcov" });
 * result?.instances.every(({ pass }) => pass); // true
 */
export function runTheoryRow(
  row: TheoryRow,
  options: TheoryRunOptions & { readonly progress?: (done: number, total: number) => void },
): TheoryResult {
  const total = theoryPieces(row, options.scale);
  const pieces: (readonly TheoryRecord[])[] = [];
  for (let piece = 0; piece < total; piece++) {
    pieces.push(theoryPiece(row, piece, options));
    options.progress?.(piece + 1, total);
  }
  return theoryResult(row, options.scale, pieces);
}
