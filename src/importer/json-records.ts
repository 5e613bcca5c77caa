/** The objects of a JSON file of any shape: JSON lines, one array, or one document over several lines. */
import { InputError } from "../record/index.ts";
import { byteChunks } from "./byte-source.ts";
import type { ImportContext, InputHead } from "./importer.ts";
import { JsonPieces, jsonPieces } from "./json-pieces.ts";
import { asRecord, type JsonRecord, parseJsonBytes } from "./json-text.ts";
import { type RecordLine, recordBatches } from "./record-lines.ts";

/** JSON lines, one array of objects, or one object over several lines. */
export type JsonShape = "lines" | "array" | "document";

/** A document that is one object is read whole, up to this length. */
const longestDocument = 256 << 20;

/** The shape that a file's beginning shows; undefined if it is no JSON. */
export function jsonShapeOf(head: InputHead): JsonShape | undefined {
  if (head.jsonLines.some((value) => asRecord(value) !== undefined)) return "lines";
  const first = firstCharacter(head);
  if (first === "[") return "array";
  return first === "{" ? "document" : undefined;
}

/** The first objects of the file, as far as its beginning holds them whole. */
export function firstRecords(head: InputHead): JsonRecord[] {
  const shape = jsonShapeOf(head);
  if (shape === undefined) return [];
  if (shape === "lines") return objectsAmong(head.jsonLines);
  const bytes = Buffer.from(head.bytes.buffer, head.bytes.byteOffset, head.bytes.byteLength);
  if (shape === "document") return head.whole ? objectsAmong([parsed(bytes)]) : [];
  const pieces = new JsonPieces("", () => "elements");
  try {
    pieces.push(bytes);
  } catch {
    // What stands before the damage is enough to recognise the file by.
  }
  return objectsAmong(pieces.found.slice(0, 50).map((piece) => parsed(piece.bytes)));
}

/** All objects, batch by batch; `line` is the line, or the place in an array, from 1. What is none is rejected. */
export async function* jsonRecords(
  path: string,
  input: { readonly shape: JsonShape; readonly context: ImportContext },
): AsyncGenerator<RecordLine[]> {
  const { shape, context } = input;
  if (shape === "lines") {
    yield* recordBatches(path, context);
    return;
  }
  const chunks = byteChunks(path, (bytes) => context.progress(bytes));
  if (shape === "document") {
    yield [{ record: await wholeDocument(path, chunks), line: 1 }];
    return;
  }
  for await (const pieces of jsonPieces(chunks, { name: path, wish: () => "elements" })) {
    const records: RecordLine[] = [];
    for (const { index, bytes } of pieces) {
      const line = (index ?? 0) + 1;
      const record = asRecord(parsed(bytes));
      if (record !== undefined) records.push({ record, line });
      else context.reject({ file: path, line, reason: "the element is not a JSON object" });
    }
    yield records;
  }
}

async function wholeDocument(path: string, chunks: AsyncIterable<Buffer>): Promise<JsonRecord> {
  const kept: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    kept.push(Buffer.from(chunk));
    length += chunk.length;
    if (length > longestDocument) throw new InputError(`${path}: one JSON object over 256 MiB is not read`);
  }
  const record = asRecord(parsed(Buffer.concat(kept)));
  if (record === undefined) throw new InputError(`${path}: the JSON is damaged or cut short`);
  return record;
}

function parsed(bytes: Buffer): unknown {
  try {
    return parseJsonBytes(bytes);
  } catch {
    return undefined;
  }
}

function objectsAmong(values: readonly unknown[]): JsonRecord[] {
  return values.map(asRecord).filter((record) => record !== undefined);
}

function firstCharacter(head: InputHead): string | undefined {
  const start = Buffer.from(head.bytes.subarray(0, 64 << 10));
  return /[^\s\ufeff]/.exec(start.toString("utf8"))?.[0];
}
