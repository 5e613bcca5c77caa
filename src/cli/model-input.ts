/** What `sample` and `score` are given: prompts, and responses to them, from JSON files, logs or run folders. */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { type Prompt, promptFromText, promptOf, promptText } from "../endpoint/index.ts";
import {
  jsonRecords,
  jsonShapeOf,
  readHead,
  readRows,
  recogniseInput,
  strictRecords,
  tableColumns,
} from "../importer/index.ts";
import {
  checkpointName,
  InputError,
  type Provenance,
  type Response,
  type ResponseRole,
  type SamplingSettings,
  samplingHash,
  shortHash,
} from "../record/index.ts";
import { isRunFolder, readRun } from "../store/index.ts";
import type { ImportTally } from "./import-tally.ts";

/** A prompt to draw responses to. */
export interface PromptRecord {
  readonly id: string;
  readonly task: string;
  readonly problem: string;
  readonly promptHash: string;
  readonly prompt: Prompt;
  readonly target?: string;
  readonly source: Provenance;
}

/** A response to score. */
export interface ResponseRecord extends PromptRecord {
  readonly response: string | readonly number[];
  readonly role: ResponseRole;
  readonly drawnBy?: string;
  readonly drawSet: string;
  readonly draw: number;
  readonly sampling: SamplingSettings;
  readonly samplingHash: string;
}

/** Roles of fields, as `--map` names them; a name with dots leads into objects. */
export type InputField = "prompt" | "response" | "id" | "problem" | "task" | "target" | "draw" | "sampler";

const usualNames: Readonly<Record<InputField, readonly string[]>> = {
  prompt: ["prompt", "messages", "question"],
  response: ["response", "completion", "continuation"],
  id: ["id"],
  problem: ["problem", "problem_id", "task_id", "doc_id"],
  task: ["task", "task_name"],
  target: ["target", "answer", "reference"],
  draw: ["draw"],
  sampler: ["sampler", "drawn_by"],
};

export const inputFields = Object.keys(usualNames) as InputField[];

export interface InputOptions {
  readonly task?: string | undefined;
  readonly map: Readonly<Partial<Record<InputField, string>>>;
  readonly tally: ImportTally;
}

type JsonObject = Readonly<Record<string, unknown>>;
type FieldReader = (field: InputField) => unknown;

/** The prompts of files; a line without one is rejected. Throws InputError if a file holds none. */
export async function* promptRecords(
  paths: readonly string[],
  options: InputOptions,
): AsyncGenerator<PromptRecord> {
  for (const path of paths) {
    let found = 0;
    for await (const { read, line } of objectsOf(path, options)) {
      const record = rejecting(path, line, options, () => promptRecord(read, { path, line, options }));
      if (record === undefined) continue;
      found += 1;
      yield record;
    }
    if (found === 0) throw nothingIn(path, options, "a prompt (fields prompt, question or messages)");
  }
}

/** The responses of files, logs and run folders, each with its prompt. Throws InputError if one holds none. */
export async function* responseRecords(
  paths: readonly string[],
  options: InputOptions,
): AsyncGenerator<ResponseRecord> {
  for (const path of paths) {
    let found = 0;
    const source = await sourceOf(path, options);
    const records =
      source === "fields" ? fieldResponses(path, options) : loggedResponses(path, source, options);
    for await (const record of records) {
      found += 1;
      yield record;
    }
    if (found === 0) throw nothingIn(path, options, "a response with its prompt");
  }
}

/** `run` is a run folder, `fields` a JSON file with a prompt and a response a record, `log` what `lmcov import` reads. */
async function sourceOf(path: string, options: InputOptions): Promise<"run" | "fields" | "log"> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new InputError(`${path}: no such file or folder`);
  if (found.isDirectory()) {
    if (isRunFolder(path)) return "run";
    throw new InputError(`${path}: is a folder and not a run folder; give the log files`);
  }
  const head = await readHead(path);
  if (jsonShapeOf(head) === undefined) return (await hasPairs(path, options)) ? "fields" : "log";
  const first = head.jsonLines[0];
  if (first === undefined || options.map.prompt !== undefined) return "fields";
  const read = readerOf(first as JsonObject, options);
  return read("prompt") !== undefined && typeof read("response") === "string" ? "fields" : "log";
}

/** A CSV or Parquet file of no log format, with a column of prompts and one of responses. */
async function hasPairs(path: string, options: InputOptions): Promise<boolean> {
  const columns = await tableColumns(path);
  if (columns === undefined) return false;
  const has = (field: InputField) => columnsOf(field, columns, options).length > 0;
  if (!has("prompt") || !has("response")) return false;
  return options.map.prompt !== undefined || (await recogniseInput(path)).name === "table";
}

/** The columns that a field may be read from; of a path such as `request.context`, the first part. */
function columnsOf(field: InputField, columns: readonly string[], options: InputOptions): string[] {
  const mapped = options.map[field];
  const names = mapped === undefined ? usualNames[field] : [mapped, mapped.split(".")[0] ?? mapped];
  return columns.filter((column) => names.includes(column));
}

async function* tableObjects(path: string, options: InputOptions) {
  const columns = await tableColumns(path);
  if (columns === undefined) {
    throw new InputError(`${path}: is neither JSON lines, a JSON array, an object, CSV nor Parquet`);
  }
  const wanted = inputFields.flatMap((field) => columnsOf(field, columns, options));
  for await (const batch of strictRecords(path, [...new Set(wanted)])) {
    for (const { record, line } of batch) yield { read: readerOf(record, options), line };
  }
}

async function* objectsOf(path: string, options: InputOptions) {
  const head = await readHead(path);
  const shape = jsonShapeOf(head);
  if (shape === undefined) {
    yield* tableObjects(path, options);
    return;
  }
  const context = options.tally.context({ map: {}, texts: true }, () => {});
  for await (const batch of jsonRecords(path, { shape, context })) {
    for (const { record, line } of batch) yield { read: readerOf(record, options), line };
  }
}

function readerOf(record: JsonObject, options: InputOptions): FieldReader {
  return (field) => {
    const mapped = options.map[field];
    if (mapped !== undefined) return valueAt(record, mapped);
    const name = usualNames[field].find((usual) => Object.hasOwn(record, usual) && record[usual] !== null);
    return name === undefined ? undefined : record[name];
  };
}

/** The value at a path such as `request.context`; a field whose own name has dots comes first. */
function valueAt(record: JsonObject, path: string): unknown {
  if (Object.hasOwn(record, path)) return record[path];
  let value: unknown = record;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}

interface Place {
  readonly path: string;
  readonly line: number;
  readonly options: InputOptions;
}

function promptRecord(read: FieldReader, { path, line, options }: Place): PromptRecord {
  const value = read("prompt");
  if (value === undefined) throw new InputError("prompt: missing");
  const prompt = promptOf(value, "prompt");
  const promptHash = shortHash(promptText(prompt));
  const target = read("target");
  return {
    id: nameIn(read("id")) ?? String(line),
    task: options.task ?? nameIn(read("task")) ?? stemOf(path),
    problem: nameIn(read("problem")) ?? nameIn(read("id")) ?? promptHash,
    promptHash,
    prompt,
    ...((typeof target === "string" || typeof target === "number") && { target: String(target) }),
    source: { file: path, line },
  };
}

async function* fieldResponses(path: string, options: InputOptions): AsyncGenerator<ResponseRecord> {
  const counts = new Map<string, number>();
  const byId = options.map.problem !== undefined;
  for await (const { read, line } of objectsOf(path, options)) {
    const record = rejecting(path, line, options, (): ResponseRecord => {
      const prompt = promptRecord(read, { path, line, options });
      const response = responseIn(read("response"));
      const drawnBy = nameIn(read("sampler"));
      // Responses to one prompt are numbered as they come; an id of their own does not make them another problem.
      const problem = byId || nameIn(read("problem")) !== undefined ? prompt.problem : prompt.promptHash;
      const key = `${drawnBy ?? ""}\u0000${prompt.task}\u0000${problem}\u0000${prompt.promptHash}`;
      const counted = counts.get(key) ?? 0;
      counts.set(key, counted + 1);
      const draw = read("draw");
      return {
        ...prompt,
        problem,
        response,
        role: drawnBy === undefined ? "data" : "draw",
        ...(drawnBy !== undefined && { drawnBy }),
        drawSet: "",
        draw: Number.isSafeInteger(draw) && (draw as number) >= 0 ? (draw as number) : counted,
        sampling: {},
        samplingHash: samplingHash({}),
      };
    });
    if (record !== undefined) yield record;
  }
}

function responseIn(value: unknown): string | readonly number[] {
  if (typeof value === "string") {
    if (value === "") throw new InputError("response: is empty: nothing to score");
    return value;
  }
  if (Array.isArray(value) && value.length > 0 && value.every((item) => Number.isSafeInteger(item))) {
    return value as number[];
  }
  throw new InputError("response: is not a text or a list of token ids");
}

async function* loggedResponses(
  path: string,
  source: "run" | "log",
  options: InputOptions,
): AsyncGenerator<ResponseRecord> {
  const { tally } = options;
  const context = tally.context({ map: {}, texts: true }, () => {});
  const importer = source === "log" ? await recogniseInput(path) : undefined;
  const batches =
    importer === undefined ? readRun(path, { tables: ["responses"] }) : readRows(path, { importer, context });
  for await (const batch of batches) {
    for (const row of batch) {
      if (row.kind !== "response") continue;
      const named = importer?.name !== "table" || row.model !== stemOf(path);
      if (importer !== undefined && isConversation(importer.name, row)) {
        tally.note(
          `${path}: its prompts are conversations, which are taken as plain text: a model that was asked them under its chat template scores another prompt here`,
        );
      }
      const record = rejecting(path, row.source.line, options, () => loggedResponse(row, named));
      if (record !== undefined) yield options.task === undefined ? record : { ...record, task: options.task };
    }
  }
}

/** Inspect asks in conversations; a server's dump holds messages joined with their roles. */
function isConversation(format: string, { prompt = "" }: Response): boolean {
  if (format === "inspect") return true;
  return format === "server-dump" && /^(?:system|developer|user|assistant|tool): /.test(prompt);
}

/** `named`: the log says which model drew the response; else it is data. */
function loggedResponse(row: Response, named: boolean): ResponseRecord {
  if (row.prompt === undefined) throw new InputError("the log holds no prompt to this response");
  if (row.text === "") throw new InputError("the response is empty: nothing to score");
  const form = row.sampling.other?.prompt;
  const prompt = promptFromText(
    row.prompt,
    form === "messages" || form === "tokens" ? form : "text",
    "prompt",
  );
  const role = row.role === "draw" && !named ? "data" : row.role;
  return {
    id: `${row.problem}/${row.draw}`,
    task: row.task,
    problem: row.problem,
    promptHash: row.promptHash,
    prompt,
    ...(row.target !== undefined && { target: row.target }),
    source: row.source,
    response: row.text,
    role,
    ...(role === "draw" && { drawnBy: checkpointName(row) }),
    drawSet: row.drawSet,
    draw: row.draw,
    sampling: row.sampling,
    samplingHash: row.samplingHash,
  };
}

function rejecting<Value>(
  path: string,
  line: number | undefined,
  { tally }: InputOptions,
  read: () => Value,
): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    tally.reject({ file: path, ...(line !== undefined && { line }), reason: error.message });
    return undefined;
  }
}

function nothingIn(path: string, { tally }: InputOptions, what: string): InputError {
  const first = tally.examples.find(({ file }) => file === path);
  const why = first === undefined ? "" : `; line ${first.line}: ${first.reason}`;
  return new InputError(`${path}: holds no record with ${what}${why}; --map names other fields`);
}

function nameIn(value: unknown): string | undefined {
  if (typeof value === "string" && value !== "") return value;
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}

function stemOf(path: string): string {
  return basename(path)
    .replace(/\.(?:gz|zst|zstd)$/i, "")
    .replace(/(?<=.)\.[A-Za-z]\w{0,8}$/, "");
}
