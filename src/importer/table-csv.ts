/** CSV and TSV with a header line: quoted fields may hold separators, quotes and line ends. */
import { InputError } from "../record/index.ts";
import type { ImportContext } from "./importer.ts";
import { lineBatches } from "./line-source.ts";
import type { TableRecord } from "./table-record.ts";

const separators = [",", "\t", ";", "|"] as const;
/** A quoted field that goes on longer than this was never closed. */
const longestRecord = 16 << 20;

/** The rows of a CSV file, each with the line it begins on. An empty cell is null. */
export async function* csvRecords(path: string, context: ImportContext): AsyncGenerator<TableRecord[]> {
  let header: string[] | undefined;
  let separator = ",";
  let open: { text: string; line: number } | undefined;
  for await (const { first, lines } of lineBatches(path, (bytes) => context.progress(bytes))) {
    const records: TableRecord[] = [];
    for (const [index, bytes] of lines.entries()) {
      let text = bytes.toString("utf8");
      let line = first + index;
      if (line === 1 && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
      if (open !== undefined) {
        text = `${open.text}\n${text}`;
        line = open.line;
        if (text.length > longestRecord) {
          throw new InputError(`${path}: the quotation mark opened on line ${line} is never closed`);
        }
      }
      if (oddQuotes(text)) {
        open = { text, line };
        continue;
      }
      open = undefined;
      if (text.trim() === "") continue;
      if (header === undefined) {
        separator = separatorOf(text);
        header = fieldsOf(text, separator).map((name) => name.trim());
        requireNames(path, header);
        continue;
      }
      const fields = fieldsOf(text, separator);
      if (fields.length !== header.length) {
        const reason = `the row has ${fields.length} fields and the header ${header.length}`;
        context.reject({ file: path, line, reason });
        continue;
      }
      const record: Record<string, unknown> = Object.create(null);
      for (const [column, name] of header.entries()) {
        record[name] = fields[column] === "" ? null : fields[column];
      }
      records.push({ record, line });
    }
    yield records;
  }
  if (open !== undefined) {
    context.reject({ file: path, line: open.line, reason: "a quotation mark is never closed" });
  }
}

function requireNames(path: string, header: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of header) {
    if (name !== "" && seen.has(name)) throw new InputError(`${path}: the column "${name}" appears twice`);
    seen.add(name);
  }
}

/** The separator that splits the header into the most fields. */
function separatorOf(header: string): string {
  let best: string = separators[0];
  for (const candidate of separators) {
    if (fieldsOf(header, candidate).length > fieldsOf(header, best).length) best = candidate;
  }
  return best;
}

function oddQuotes(text: string): boolean {
  let odd = false;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

function fieldsOf(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator);
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] !== '"') {
      const end = text.indexOf(separator, at);
      fields.push(end < 0 ? text.slice(at) : text.slice(at, end));
      if (end < 0) return fields;
      at = end + 1;
      continue;
    }
    let field = "";
    at += 1;
    for (;;) {
      const end = text.indexOf('"', at);
      if (end < 0) return [...fields, field + text.slice(at)];
      field += text.slice(at, end);
      at = end + 1;
      if (text[at] !== '"') break;
      field += '"';
      at += 1;
    }
    const end = text.indexOf(separator, at);
    field += end < 0 ? text.slice(at) : text.slice(at, end);
    fields.push(field);
    if (end < 0) return fields;
    at = end + 1;
  }
}
