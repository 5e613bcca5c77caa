/** Training and evaluation sets from files. */
import { basename, relative } from "node:path";
import { strictRecords } from "../importer/index.ts";
import { InputError } from "../record/index.ts";
import { plural } from "../report/index.ts";
import { isRunFolder, readRun, rowFiles } from "../store/index.ts";
import type { Example } from "../train/index.ts";
import { printRemark } from "./print.ts";

export interface ExampleColumns {
  readonly prompt: string;
  readonly response: string;
  readonly problem?: string | undefined;
  readonly target?: string | undefined;
  readonly logProbability?: string | undefined;
}

/** Every row must be an example; throws InputError naming file, line and field of the first that is none. */
export async function readExamples(
  path: string,
  columns: ExampleColumns,
  limit = Number.POSITIVE_INFINITY,
): Promise<Example[]> {
  if (isRunFolder(path)) return responsesOf(path, limit);
  const examples: Example[] = [];
  const shown = relative(process.cwd(), path) || path;
  const wanted = Object.values(columns).filter((name) => name !== undefined);
  for await (const batch of strictRecords(path, [...new Set(wanted)])) {
    for (const { record, line } of batch) {
      if (examples.length >= limit) return examples;
      examples.push(exampleOf(record, columns, `${shown}:${line}`));
    }
  }
  if (examples.length === 0) throw new InputError(`${path}: holds no example`);
  return examples;
}

/** The files behind a set of examples, of which one may be a run folder; none where there is no set. */
export async function exampleFiles(path: string | undefined): Promise<readonly string[]> {
  if (path === undefined) return [];
  return isRunFolder(path) ? rowFiles(path, "responses") : [path];
}

/** The responses of a run: reference responses, and draws that ended and whose text gives their tokens back. */
async function responsesOf(folder: string, limit: number): Promise<Example[]> {
  const examples: Example[] = [];
  let leftOut = 0;
  for await (const batch of readRun(folder, { tables: ["responses"] })) {
    for (const row of batch) {
      if (row.kind !== "response" || row.prompt === undefined || row.role === "choice") continue;
      if (row.text === "" || row.finishReason === "length" || row.text.includes("\ufffd")) {
        leftOut += 1;
        continue;
      }
      if (examples.length >= limit) continue;
      const { prompt, text, problem, target } = row;
      examples.push({
        ...{ prompt, response: text, problem },
        ...(target !== undefined && { target }),
        place: `${relative(process.cwd(), folder) || folder}: ${problem}`,
      });
    }
  }
  if (examples.length === 0) throw new InputError(`${folder}: holds no response with its prompt that ended`);
  if (leftOut > 0) {
    printRemark(
      `• ${plural(leftOut, "response")} of ${folder} left out: empty, cut at their limit, or no text`,
    );
  }
  return examples;
}

function exampleOf(
  record: Readonly<Record<string, unknown>>,
  columns: ExampleColumns,
  place: string,
): Example {
  const text = (column: string): string => {
    const value = record[column];
    if (typeof value === "string") return value;
    throw new InputError(`${place}: ${column}: must be text, is ${JSON.stringify(value) ?? String(value)}`);
  };
  const name = (column: string): string => {
    const value = record[column];
    return typeof value === "number" || typeof value === "bigint" ? String(value) : text(column);
  };
  const { prompt, response, problem, target, logProbability } = columns;
  return {
    prompt: text(prompt),
    response: text(response),
    ...(problem !== undefined && { problem: name(problem) }),
    ...(target !== undefined && { target: name(target) }),
    ...(logProbability !== undefined && {
      logProbability: logProbabilityOf(record[logProbability], `${place}: ${logProbability}`),
    }),
    place,
  };
}

function logProbabilityOf(value: unknown, place: string): number {
  if (typeof value === "number" && value <= 1e-6) return Math.min(0, value);
  throw new InputError(`${place}: must be a log-probability of at most 0, is ${String(value)}`);
}

/** The evaluation set's task name where none is given. */
export const taskOf = (path: string) => basename(path).replace(/\.[a-z]+(?:\.(?:gz|zst))?$/i, "");
