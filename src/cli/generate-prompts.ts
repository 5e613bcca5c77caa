/** Prompts and responses from tables: what generation starts from, and what scoring is asked about. */
import { basename } from "node:path";
import { strictRecords } from "../importer/index.ts";
import { type Tokenizer, tokenizePair, tokenizePrompt } from "../model/index.ts";
import { InputError, type Provenance, shortHash } from "../record/index.ts";

/** Columns of a table by the role they play. */
export type PromptColumns = Readonly<Partial<Record<PromptRole, string>>>;

const roles = ["prompt", "response", "problem", "target", "task", "answer", "logProbability"] as const;

export type PromptRole = (typeof roles)[number];

/** Columns that are taken where they are there and the user named no other. */
const usual: Readonly<Record<PromptRole, readonly string[]>> = {
  prompt: ["prompt"],
  response: ["response"],
  problem: ["problem", "id"],
  target: ["target"],
  task: ["task"],
  answer: [],
  logProbability: [],
};

/** One row of the table. */
export interface PromptRow {
  readonly prompt: string;
  readonly response?: string;
  readonly problem: string;
  readonly task: string;
  readonly target?: string;
  readonly answer?: string;
  /** log π_D(response | prompt), nats, where its column was named. */
  readonly logProbability?: number;
  readonly promptHash: string;
  readonly source: Provenance;
}

/** `--map prompt=question target=answer`; words without `=` are given back as inputs. */
export function promptColumns(pairs: readonly string[] = []): { columns: PromptColumns; inputs: string[] } {
  const columns: Partial<Record<PromptRole, string>> = {};
  const inputs: string[] = [];
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 0) {
      inputs.push(pair);
      continue;
    }
    const role = pair.slice(0, at) as PromptRole;
    if (!(roles as readonly string[]).includes(role)) {
      throw new InputError(`--map ${pair}: "${role}" is not a role; roles are ${roles.join(", ")}`);
    }
    columns[role] = pair.slice(at + 1);
  }
  return { columns, inputs };
}

export interface PromptRequest {
  readonly columns: PromptColumns;
  readonly task?: string | undefined;
  readonly limit?: number | undefined;
  /** Whether each row must hold a response too. */
  readonly responses: boolean;
}

/**
 * The rows of a table of prompts (JSON lines, JSON, CSV or Parquet), in its order. A problem without a name is called by
 * the number of the first row with its prompt, from 1, as in training. Throws InputError naming file, line and column of the first bad row.
 */
export async function readPrompts(path: string, request: PromptRequest): Promise<PromptRow[]> {
  const { columns } = request;
  const required = [
    columns.prompt ?? "prompt",
    ...(request.responses ? [columns.response ?? "response"] : []),
  ];
  const wanted = [...new Set([...required, ...Object.values(columns)])];
  const rows: PromptRow[] = [];
  const names = new Map<string, string>();
  for await (const batch of strictRecords(path, wanted)) {
    for (const { record, line } of batch) {
      if (rows.length >= (request.limit ?? Number.POSITIVE_INFINITY)) return rows;
      const row = promptRow(record, { path, line, request });
      const problem = row.problem || (names.get(row.promptHash) ?? String(rows.length + 1));
      names.set(row.promptHash, problem);
      rows.push({ ...row, problem });
    }
  }
  if (rows.length === 0) throw new InputError(`${path}: holds no prompt`);
  return rows;
}

function promptRow(
  record: Readonly<Record<string, unknown>>,
  at: { path: string; line: number; request: PromptRequest },
): PromptRow {
  const { columns, task, responses } = at.request;
  const cellOf = (role: PromptRole): { column: string; value: unknown } | undefined => {
    const column = columns[role] ?? usual[role].find((name) => Object.hasOwn(record, name));
    if (column === undefined) return undefined;
    const value = record[column];
    return value === undefined || value === null ? undefined : { column, value };
  };
  const refuse = (column: string, value: unknown, what = "text"): never => {
    const shown = JSON.stringify(value) ?? String(value);
    throw new InputError(`${at.path}:${at.line}: ${column}: must be ${what}, is ${shown.slice(0, 80)}`);
  };
  const text = (role: PromptRole): string => {
    const cell = cellOf(role);
    if (cell === undefined) return refuse(columns[role] ?? role, null);
    return typeof cell.value === "string" ? cell.value : refuse(cell.column, cell.value);
  };
  /** Names and answers may be numbers. */
  const name = (role: PromptRole): string | undefined => {
    const cell = cellOf(role);
    if (cell === undefined) return undefined;
    const { value, column } = cell;
    if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
      return String(value);
    return typeof value === "string" ? value : refuse(column, value);
  };
  const knownLogProbability = (column: string): number => {
    const value = record[column];
    const valid = typeof value === "number" && value <= 0 && value !== Number.NEGATIVE_INFINITY;
    return valid ? value : refuse(column, value ?? null, "a finite log-probability of at most 0");
  };
  const prompt = text("prompt");
  const target = name("target");
  const answer = name("answer");
  return {
    prompt,
    ...(responses && { response: text("response") }),
    problem: name("problem") ?? "",
    task: task ?? (name("task") || stemOf(at.path)),
    ...(target !== undefined && { target }),
    ...(answer !== undefined && { answer }),
    ...(columns.logProbability !== undefined && {
      logProbability: knownLogProbability(columns.logProbability),
    }),
    promptHash: shortHash(prompt),
    source: { file: at.path, line: at.line },
  };
}

const stemOf = (path: string): string => basename(path).replace(/\.[a-z]+(?:\.(?:gz|zst))?$/i, "") || path;

/** The ids of a prompt to be continued, as in training. Throws InputError naming the prompt's place. */
export function promptTokens(row: PromptRow, tokenizer: Tokenizer): readonly number[] {
  return atPlace(row, () => tokenizePrompt(tokenizer, row.prompt));
}

/** The ids of a prompt and its response, tokenised together as in training, at the place where they part. */
export function pairTokens(
  row: PromptRow,
  tokenizer: Tokenizer,
): {
  readonly prompt: readonly number[];
  readonly response: readonly number[];
  /** Tokens of the prompt on its own that the joint tokenisation replaces. */
  readonly straddling: number;
} {
  const { prompt, response = "" } = row;
  const { ids, responseStart, straddling } = atPlace(row, () =>
    tokenizePair(tokenizer, { prompt, response }),
  );
  return { prompt: ids.slice(0, responseStart), response: ids.slice(responseStart), straddling };
}

function atPlace<Tokens>(row: PromptRow, tokens: () => Tokens): Tokens {
  try {
    return tokens();
  } catch (error) {
    throw new InputError(`${placeOf(row)}: cannot be encoded: ${(error as Error).message}`);
  }
}

export const placeOf = ({ source }: PromptRow): string =>
  source.line === undefined ? source.file : `${source.file}:${source.line}`;
