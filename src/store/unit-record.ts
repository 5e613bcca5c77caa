/** A finished unit of work as one line of a segment: a checksum, then JSON. A line that a crash tore is no line. */
import { crc32 } from "node:zlib";
import type { Row } from "../record/index.ts";

/** Why a unit failed for good. */
export interface UnitFailure {
  /** A word that groups failures, such as `server error`. */
  readonly kind: string;
  readonly reason: string;
}

/** Tokens that a unit cost. */
export interface UnitUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A unit that finished, with its rows; or one that failed for good, with rows that say so, such as unscored outcomes. */
export interface UnitRecord {
  /** Sixteen hexadecimal digits. */
  readonly key: string;
  readonly rows: readonly Row[];
  readonly usage?: UnitUsage;
  readonly failed?: UnitFailure;
}

const unitKeyPattern = /^[0-9a-f]{16}$/;

const isUnitKey = (text: string): boolean => unitKeyPattern.test(text);

/** Fields that may hold numbers which JSON has no word for; they stand as text. */
const realFields = ["logProbability", "score", "reward", "gold"] as const;
const realList = "tokenLogProbabilities";

/** One line, with its line feed. */
export function unitLine(record: UnitRecord): string {
  const { key, usage, failed, rows } = record;
  const head = {
    key,
    ...(usage !== undefined && { usage: [usage.inputTokens, usage.outputTokens] }),
    ...(failed !== undefined && { failed }),
    rows: rows.some(holdsUnspeakable) ? rows.map(speakable) : rows,
  };
  const json = JSON.stringify(head);
  return `${checksum(json)} ${json}\n`;
}

/** The record in a line without its line feed; undefined where the line is torn, foreign or damaged. */
export function unitOfLine(line: Buffer): UnitRecord | undefined {
  if (line.length < 12 || line[8] !== 0x20) return undefined;
  const json = line.subarray(9);
  if (line.toString("latin1", 0, 8) !== checksum(json)) return undefined;
  try {
    return recordOf(JSON.parse(json.toString("utf8")));
  } catch {
    return undefined;
  }
}

const checksum = (bytes: string | Buffer) => crc32(bytes).toString(16).padStart(8, "0");

function recordOf(value: unknown): UnitRecord | undefined {
  const { key, rows, usage, failed } = value as Record<string, unknown>;
  if (typeof key !== "string" || !isUnitKey(key) || !Array.isArray(rows)) return undefined;
  const tokens = Array.isArray(usage) ? usage.map(Number) : undefined;
  const failure = failed as UnitFailure | undefined;
  return {
    key,
    rows: rows.map(withNumbers),
    ...(tokens !== undefined && {
      usage: { inputTokens: tokens[0] ?? 0, outputTokens: tokens[1] ?? 0 },
    }),
    ...(failure !== undefined && {
      failed: { kind: String(failure.kind), reason: String(failure.reason) },
    }),
  };
}

const isUnspeakable = (value: unknown) => typeof value === "number" && !Number.isFinite(value);
const textOfReal = (value: unknown) => (isUnspeakable(value) ? String(value) : value);
const realOfText = (value: unknown) => (typeof value === "string" ? Number(value) : value);

function holdsUnspeakable(row: Row): boolean {
  const fields = row as unknown as Record<string, unknown>;
  const list = fields[realList];
  return (
    realFields.some((field) => isUnspeakable(fields[field])) ||
    (Array.isArray(list) && list.some(isUnspeakable))
  );
}

const speakable = (row: Row): unknown => mapReals(row, textOfReal);

function withNumbers(value: unknown): Row {
  const fields = value as Record<string, unknown>;
  const list = fields[realList];
  const written =
    realFields.some((field) => typeof fields[field] === "string") ||
    (Array.isArray(list) && list.some((item) => typeof item === "string"));
  return (written ? mapReals(value, realOfText) : value) as Row;
}

function mapReals(row: unknown, change: (value: unknown) => unknown): unknown {
  const fields = { ...(row as Record<string, unknown>) };
  for (const field of realFields) if (field in fields) fields[field] = change(fields[field]);
  const list = fields[realList];
  if (Array.isArray(list)) fields[realList] = list.map(change);
  return fields;
}
