/**
 * TRL's `completions_<step>.parquet`: step, prompt, completion, a column for each reward function, advantage. Prompts and
 * completions are texts or lists of messages.
 */
import { basename } from "node:path";
import type { Row } from "../record/index.ts";
import { fileFingerprint } from "./byte-source.ts";
import { batchLength, shown } from "./draws.ts";
import type { ImportContext, Importer } from "./importer.ts";
import { readHead } from "./input-head.ts";
import { fieldOf, type JsonRecord } from "./json-text.ts";
import { messagesText } from "./message-text.ts";
import { numberOf, RolloutRows, rolloutColumns } from "./rollout-rows.ts";
import { normalisedName } from "./table-column-names.ts";
import { parquetFieldRecords, parquetFields, parquetPreview } from "./table-parquet.ts";

/** Rows that decide which columns are rewards. */
const sampledRows = 200;
const ownColumns = ["step", "prompt", "completion", "advantage", "advantages", "mode", "image", "images"];

export const trl: Importer = {
  name: "trl",
  summary:
    "TRL completions_<step>.parquet: step, prompt, completion, the reward functions' columns, advantage",
  async recognise(head) {
    const fields = await parquetFields(head);
    const own = ["step", "prompt", "completion"].every((name) => fields.has(name));
    return own && (fields.has("advantage") || stepInName(head.path) !== undefined) ? 0.95 : 0;
  },
  read: readTrl,
};

async function* readTrl(path: string, context: ImportContext): AsyncGenerator<Row[]> {
  const fields = await parquetFields(await readHead(path));
  const columns = [...fields].filter((name) => !name.includes(".") && !ownColumns.includes(name));
  const sample = rowsOf(await parquetPreview(path, sampledRows));
  const numeric = columns.filter((column) => isNumeric(sample.map((record) => fieldOf(record, column))));
  const chosen = rolloutColumns(sample, { scores: rewardsAmong(numeric), columns: numeric });
  const maker = new RolloutRows({ path, context, drawSet: await fileFingerprint(path), columns: chosen });
  const read = ["step", "prompt", "completion", ...numeric].map((name) => ({ name, path: [name] as const }));
  let rows: Row[] = [];
  for await (const records of parquetFieldRecords(path, read, context)) {
    for (const { record, line } of records) {
      const prompt = textOf(fieldOf(record, "prompt"));
      const response = textOf(fieldOf(record, "completion"));
      if (prompt === undefined || response === undefined) {
        const field = prompt === undefined ? "prompt" : "completion";
        context.reject({ file: path, line, field, reason: "neither a text nor messages with texts" });
        continue;
      }
      const step = stepOf(fieldOf(record, "step"));
      if (step === undefined) {
        const reason = `not a step: ${shown(fieldOf(record, "step"))}`;
        context.reject({ file: path, line, field: "step", reason });
        continue;
      }
      maker.append(rows, {
        prompt,
        response,
        step,
        task: undefined,
        target: undefined,
        values: record,
        line,
      });
    }
    if (rows.length < batchLength) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

function stepInName(path: string): number | undefined {
  const digits = /^completions_(\d{1,15})\.parquet/.exec(basename(path))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** TRL writes steps as texts. */
function stepOf(value: unknown): number | undefined {
  const step = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : numberOf(value);
  return step !== undefined && step >= 0 ? step : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? messagesText(value) : undefined;
}

/** A column that is the whole reward; else those named after rewards; else the only number there is. */
function rewardsAmong(columns: readonly string[]): string[] {
  const whole = columns.filter((column) => /^(?:total_)?rewards?$/.test(normalisedName(column)));
  if (whole.length > 0) return whole.slice(0, 1);
  const named = columns.filter((column) => /reward|score/.test(normalisedName(column)));
  if (named.length > 0) return named;
  return columns.length === 1 ? [...columns] : [];
}

function isNumeric(values: readonly unknown[]): boolean {
  const present = values.filter((value) => value !== null && value !== undefined);
  return present.length > 0 && present.every((value) => numberOf(value) !== undefined || Number.isNaN(value));
}

function rowsOf(sample: ReadonlyMap<string, readonly unknown[]>): JsonRecord[] {
  const length = Math.max(0, ...[...sample.values()].map((values) => values.length));
  return Array.from({ length }, (_, row) =>
    Object.fromEntries([...sample].map(([column, values]) => [column, values[row]])),
  );
}
