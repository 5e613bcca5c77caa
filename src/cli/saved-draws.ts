/** The responses that models drew, from logs and run folders, each with the log's own verdict where it has one. */
import { readRows, recogniseInput } from "../importer/index.ts";
import { InputError, type Outcome, type Response, type Row } from "../record/index.ts";
import { readRun } from "../store/index.ts";
import type { ImportTally } from "./import-tally.ts";
import { type Input, inputsOf } from "./load-logs.ts";
import { drawName } from "./re-score.ts";

export interface SavedDraw {
  readonly response: Response;
  readonly logged: Outcome | undefined;
}

export interface SavedDrawOptions {
  readonly tally: ImportTally;
  readonly model?: string | undefined;
  readonly task?: string | undefined;
  readonly format?: string | undefined;
}

/** Throws InputError for an input that holds no response. */
export async function* savedDraws(
  paths: readonly string[],
  options: SavedDrawOptions,
): AsyncGenerator<SavedDraw> {
  const recognition = { map: {}, ...(options.format !== undefined && { format: options.format }) };
  for (const input of await inputsOf(paths, options.tally, recognition)) {
    let found = 0;
    const draws = input.run ? drawsOfRun(input.path) : drawsOfLog(input, options, recognition);
    for await (const draw of draws) {
      found += 1;
      yield draw;
    }
    if (found === 0) throw new InputError(`${input.path}: holds no text of a response to judge`);
  }
}

/** A run's tables are read one after the other; verdicts come first. */
async function* drawsOfRun(path: string): AsyncGenerator<SavedDraw> {
  const logged = new Map<string, Outcome>();
  for await (const batch of readRun(path, { tables: ["outcomes"] })) keepVerdicts(logged, batch);
  for await (const batch of readRun(path, { tables: ["responses"] })) yield* drawsIn(batch, logged);
}

async function* drawsOfLog(
  input: Input,
  options: SavedDrawOptions,
  recognition: { readonly map: object; readonly format?: string },
): AsyncGenerator<SavedDraw> {
  const importer = await recogniseInput(input.path, recognition);
  const context = options.tally.context(
    {
      map: {},
      texts: true,
      ...(options.model !== undefined && { model: options.model }),
      ...(options.task !== undefined && { task: options.task }),
    },
    () => {},
  );
  for await (const batch of readRows(input.path, { importer, context })) {
    const logged = new Map<string, Outcome>();
    keepVerdicts(logged, batch);
    yield* drawsIn(batch, logged);
  }
}

function keepVerdicts(logged: Map<string, Outcome>, batch: readonly Row[]): void {
  for (const row of batch) {
    if (row.kind !== "outcome" || row.verdict === "unscored") continue;
    if (!logged.has(drawName(row))) logged.set(drawName(row), row);
  }
}

function* drawsIn(batch: readonly Row[], logged: ReadonlyMap<string, Outcome>): Generator<SavedDraw> {
  for (const row of batch) {
    if (row.kind !== "response" || row.role !== "draw") continue;
    yield { response: row, logged: logged.get(drawName(row)) };
  }
}
