/**
 * Next-token distributions of checkpoints as Parquet parts of a run folder, under `distributions/`: what a training reads
 * that has them as its teacher. Their parts are named in the journal as those of rows are.
 */
import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { InputError } from "../record/index.ts";
import { type Connection, openDatabase, sqlText } from "./database.ts";
import { plainNumber } from "./row-parts.ts";
import { distributionsFolder, readJournal } from "./run-folder.ts";
import { syncFile } from "./sync-file.ts";

/** Whose distributions, at the tokens of which response. */
export interface DistributionsKey {
  readonly model: string;
  readonly step?: number | undefined;
  readonly task: string;
  readonly problem: string;
  readonly promptHash: string;
  readonly samplingHash: string;
  readonly role: string;
  readonly drawnBy?: string | undefined;
  readonly drawSet: string;
  readonly draw: number;
  /** Tokens listed a step; the size of the vocabulary where distributions are whole. */
  readonly top: number;
  readonly isWhole: boolean;
}

/** Next-token distributions of a teacher along one response, whole or the likeliest tokens only. */
export interface TokenDistributions extends DistributionsKey {
  readonly prompt: string;
  readonly response: string;
  /** Hash of the tokenizer that the ids belong to. */
  readonly tokenizer: string;
  readonly vocabularySize: number;
  /** [tokens, top], row-major, likeliest first; absent where distributions are whole, which go by id. */
  readonly ids?: Int32Array | undefined;
  /** [tokens, top], nats; the end of sequence counts as a token where it was scored. */
  readonly logProbabilities: Float32Array;
}

const keyColumns = [
  ["model", "VARCHAR"],
  ["step", "DOUBLE"],
  ["task", "VARCHAR"],
  ["problem", "VARCHAR"],
  ["promptHash", "VARCHAR"],
  ["samplingHash", "VARCHAR"],
  ["role", "VARCHAR"],
  ["drawnBy", "VARCHAR"],
  ["drawSet", "VARCHAR"],
  ["draw", "BIGINT"],
  ["top", "BIGINT"],
  ["isWhole", "BOOLEAN"],
] as const;
const columns = [
  ...keyColumns,
  ["prompt", "VARCHAR"],
  ["response", "VARCHAR"],
  ["tokenizer", "VARCHAR"],
  ["vocabularySize", "BIGINT"],
  ["ids", "INTEGER[]"],
  ["logProbabilities", "FLOAT[]"],
] as const;

const key = {
  model: z.string().min(1),
  step: z.number().nonnegative().optional(),
  task: z.string(),
  problem: z.string(),
  promptHash: z.string(),
  samplingHash: z.string(),
  role: z.string(),
  drawnBy: z.string().optional(),
  drawSet: z.string(),
  draw: z.int().nonnegative(),
  top: z.int().positive(),
  isWhole: z.boolean(),
};
const keySchema = z.object(key);
const rowSchema = z.object({
  ...key,
  prompt: z.string(),
  response: z.string(),
  tokenizer: z.string(),
  vocabularySize: z.int().positive(),
  ids: z
    .custom<readonly number[]>(Array.isArray)
    .transform((list) => Int32Array.from(list))
    .optional(),
  logProbabilities: z.custom<readonly number[]>(Array.isArray).transform((list) => Float32Array.from(list)),
});

/** Writes one part, named after the unit of work; gives its name, which the caller enters into the journal. */
export async function writeDistributions(
  folder: string,
  unit: string,
  rows: readonly TokenDistributions[],
): Promise<string> {
  const { DuckDBDataChunk, listValue, BIGINT, BOOLEAN, DOUBLE, FLOAT, INTEGER, VARCHAR, LIST } = await import(
    "@duckdb/node-api"
  );
  const types = { VARCHAR, DOUBLE, BIGINT, BOOLEAN, "INTEGER[]": LIST(INTEGER), "FLOAT[]": LIST(FLOAT) };
  const name = `${distributionsFolder}/${unit}.parquet`;
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  const { connection, close } = await openDatabase();
  try {
    await connection.run(
      `CREATE TABLE part (${columns.map(([column, type]) => `"${column}" ${type}`).join(", ")})`,
    );
    const appender = await connection.createAppender("part");
    // Lists are long: few rows at a time.
    for (let start = 0; start < rows.length; start += 64) {
      const slice = rows.slice(start, start + 64);
      const chunk = DuckDBDataChunk.create(
        columns.map(([, type]) => types[type]),
        slice.length,
      );
      chunk.setColumns(
        columns.map(([column, type]) =>
          slice.map((row) => {
            const value = row[column];
            if (value === undefined) return null;
            if (typeof value === "object") return listValue(Array.from(value));
            return typeof value === "number" && type === "BIGINT" ? BigInt(value) : value;
          }),
        ),
      );
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    await connection.run(`COPY part TO ${sqlText(`${path}.tmp`)} (FORMAT parquet, COMPRESSION zstd)`);
  } finally {
    close();
  }
  await syncFile(`${path}.tmp`);
  await rename(`${path}.tmp`, path);
  await syncFile(dirname(path));
  return name;
}

/** The finished parts of a run's distributions, as full paths. */
export async function distributionParts(folder: string): Promise<string[]> {
  const names = (await readJournal(folder)).flatMap(({ parts }) => parts);
  return names
    .filter((name) => name.startsWith(`${distributionsFolder}/`))
    .map((name) => {
      const path = join(folder, name);
      if (!existsSync(path)) throw new InputError(`${path}: is named in the run's journal and missing`);
      return path;
    });
}

/** Of which responses, and of how many tokens a step, a run has distributions. */
export async function* readDistributionKeys(folder: string): AsyncGenerator<readonly DistributionsKey[]> {
  yield* parts(folder, keyColumns, (value) => keySchema.parse(value));
}

/** The distributions of a run, a part at a time; throws InputError naming a part that this version did not write. */
export async function* readDistributions(folder: string): AsyncGenerator<readonly TokenDistributions[]> {
  yield* parts(folder, columns, (value) => {
    const row = rowSchema.parse(value);
    const { top, ids, logProbabilities, vocabularySize, isWhole } = row;
    if (
      logProbabilities.length % top !== 0 ||
      (isWhole ? top !== vocabularySize : ids?.length !== logProbabilities.length)
    ) {
      throw new Error("ids and logProbabilities do not go together");
    }
    return row;
  });
}

async function* parts<Value>(
  folder: string,
  wanted: readonly (readonly [string, string])[],
  rowOf: (value: unknown) => Value,
): AsyncGenerator<readonly Value[]> {
  const { connection, close } = await openDatabase();
  try {
    for (const path of await distributionParts(folder)) {
      const rows = await partRows(connection, path, wanted).catch((error: unknown) => refuse(path, error));
      for await (const chunk of rows) {
        yield chunk.map((value) => {
          try {
            return rowOf(value);
          } catch (error) {
            return refuse(path, error);
          }
        });
      }
    }
  } finally {
    close();
  }
}

async function partRows(
  connection: Connection,
  path: string,
  wanted: readonly (readonly [string, string])[],
) {
  const names = wanted.map(([name]) => `"${name}"`).join(", ");
  const result = await connection.stream(`SELECT ${names} FROM read_parquet(${sqlText(path)})`);
  return (async function* () {
    for await (const chunk of result.yieldRowsJs()) {
      yield chunk.map((values) =>
        Object.fromEntries(
          values.flatMap((value, index) =>
            value === null ? [] : [[wanted[index]?.[0] ?? "", plainNumber(value)]],
          ),
        ),
      );
    }
  })();
}

function refuse(path: string, error: unknown): never {
  const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
  throw new InputError(`${path}: is not a part that this version reads (${reason})`);
}
