/** The beginning of a file, from which importers recognise it. */
import { basename } from "node:path";
import { byteChunks } from "./byte-source.ts";
import type { InputHead } from "./importer.ts";
import { asRecord, parseJsonBytes } from "./json-text.ts";

const headLength = 1 << 20;
/** A first line may be longer than the head; it is read up to this length. */
const longestFirstLine = 32 << 20;
const parsedLines = 200;

/** Reads the head of a file. Throws InputError if the file cannot be read or decompressed. */
export async function readHead(path: string): Promise<InputHead> {
  const chunks: Buffer[] = [];
  let length = 0;
  let hasLine = false;
  let whole = true;
  for await (const chunk of byteChunks(path)) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    hasLine ||= chunk.includes(0x0a);
    if (length < headLength || (!hasLine && length < longestFirstLine)) continue;
    whole = false;
    break;
  }
  const bytes = Buffer.concat(chunks);
  return {
    path,
    name: basename(path).replace(/\.(?:gz|zst|zstd)$/i, ""),
    bytes,
    whole,
    jsonLines: firstJsonLines(bytes, whole),
  };
}

function firstJsonLines(bytes: Buffer, whole: boolean): unknown[] {
  const values: unknown[] = [];
  let lines = 0;
  let start = 0;
  let firstIsDamaged = false;
  while (lines < parsedLines && start < bytes.length) {
    const found = bytes.indexOf(0x0a, start);
    if (found < 0 && !whole) break;
    const line = bytes.subarray(start, found < 0 ? bytes.length : found);
    start += line.length + 1;
    if (line.toString("latin1").trim() === "") continue;
    lines += 1;
    try {
      values.push(parseJsonBytes(line, { exactIntegers: true }));
    } catch {
      if (lines > 1) continue;
      // One damaged line must not hide what the others are; a document over several lines is no JSON lines.
      firstIsDamaged = line[0] === 0x7b;
      if (!firstIsDamaged) break;
    }
  }
  const objects = values.filter((value) => asRecord(value) !== undefined);
  if (!firstIsDamaged) return values;
  return 2 * objects.length >= lines ? objects : [];
}
