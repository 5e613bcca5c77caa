/** The objects of a JSON-lines file with their line numbers. */
import type { ImportContext } from "./importer.ts";
import { asRecord, type JsonRecord, parseJsonBytes } from "./json-text.ts";
import { lineBatches } from "./line-source.ts";

/** One JSON object of a JSON-lines file and its line number. */
export interface RecordLine {
  readonly record: JsonRecord;
  readonly line: number;
}

/** The objects of a JSON-lines file, batch by batch; a line that is none is rejected, an empty one skipped. */
export async function* recordBatches(
  path: string,
  context: ImportContext,
  options: { readonly exactIntegers?: boolean } = {},
): AsyncGenerator<RecordLine[]> {
  for await (const { first, lines } of lineBatches(path, (bytes) => context.progress(bytes))) {
    const records: RecordLine[] = [];
    for (const [index, bytes] of lines.entries()) {
      const line = first + index;
      const record = recordOf(bytes, { file: path, line, context, ...options });
      if (record !== undefined) records.push({ record, line });
    }
    yield records;
  }
}

/** The object on a line, or undefined after rejecting the line (an empty line is not rejected). */
export function recordOf(
  bytes: Buffer,
  input: { file: string; line: number; context: ImportContext; exactIntegers?: boolean },
): JsonRecord | undefined {
  const { file, line, context } = input;
  if (bytes.length === 0 || isBlank(bytes)) return undefined;
  try {
    const record = asRecord(parseJsonBytes(bytes, { exactIntegers: input.exactIntegers ?? false }));
    if (record === undefined) context.reject({ file, line, reason: "the line is not a JSON object" });
    return record;
  } catch {
    context.reject({ file, line, reason: "the line is not JSON (cut short or damaged)" });
    return undefined;
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.length < 64 && bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
