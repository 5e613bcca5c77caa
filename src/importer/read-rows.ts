/** Reading one file with the importer that fits, and the promise that something came of it. */
import { InputError, type Row } from "../record/index.ts";
import type { ImportContext, Importer, Rejection } from "./importer.ts";
import { recogniseInput } from "./recognise.ts";

/** Options of `readRows`. */
export interface ReadRowsInput {
  /** Recognised by content if absent. */
  readonly importer?: Importer;
  readonly context: ImportContext;
}

/**
 * The rows of a file in batches. Throws InputError if the file is unusable, contradicts itself or holds no valid row.
 *
 * @example
 * let rows = 0;
 * const context = {
 *   options: { map: { logprob: "logProbability" }, texts: false },
 *   reject: () => {},
 *   note: () => {},
 *   drop: () => {},
 *   progress: () => {},
 * };
 * for await (const batch of readRows("experiments/figure-1/evaluation.jsonl", { context })) rows += batch.length;
 * rows; // 2048
 */
export async function* readRows(path: string, input: ReadRowsInput): AsyncGenerator<readonly Row[]> {
  const { context } = input;
  const importer = input.importer ?? (await recogniseInput(path, { map: context.options.map }));
  let rejected = 0;
  let first: Rejection | undefined;
  let rows = 0;
  const counting: ImportContext = {
    options: context.options,
    reject(rejection) {
      rejected += 1;
      first ??= rejection;
      context.reject(rejection);
    },
    note: (message) => context.note(message),
    drop: (reason, dropped) => context.drop(reason, dropped),
    progress: (bytes) => context.progress(bytes),
  };
  for await (const batch of importer.read(path, counting)) {
    rows += batch.length;
    if (batch.length > 0) yield batch;
  }
  if (rows > 0) return;
  if (first === undefined) throw new InputError(`${path}: holds no rows (read as ${importer.name})`);
  const place = first.member ?? (first.line === undefined ? undefined : `line ${first.line}`);
  const where = [place, first.field].filter((part) => part !== undefined).join(", ");
  throw new InputError(
    `${path}: no valid row (read as ${importer.name}); ${rejected} rejected, the first${where && ` (${where})`}: ${first.reason}`,
  );
}
