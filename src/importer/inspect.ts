/** Inspect logs: one JSON document (`.json`), or a zip archive of JSON members (`.eval`), finished or not. */
import { InputError, type Row } from "../record/index.ts";
import { byteChunks, fileFingerprint } from "./byte-source.ts";
import { batchLength, noteUnusedName } from "./draws.ts";
import type { ImportContext, Importer } from "./importer.ts";
import { readHead } from "./input-head.ts";
import { archiveRows } from "./inspect-archive.ts";
import { inspectHeader } from "./inspect-header.ts";
import { InspectSamples } from "./inspect-sample.ts";
import { jsonPieces, leadingKeys } from "./json-pieces.ts";
import { asRecord, type JsonRecord, parseJsonBytes } from "./json-text.ts";

export const inspect: Importer = {
  name: "inspect",
  summary:
    "Inspect logs, .eval (zip, also unfinished) or .json: epochs are draws, every scorer is a verifier, logprobs of the only turn",
  recognise(head) {
    if (isZip(head.bytes)) return 0.6;
    const keys = leadingKeys(head.bytes);
    return keys.includes("eval") && (keys.includes("status") || keys.includes("version")) ? 0.95 : 0;
  },
  async *read(path, context) {
    const { bytes } = await readHead(path);
    yield* isZip(bytes) ? archiveRows(path, context) : documentRows(path, context);
  },
};

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5 || bytes[2] === 7);
}

async function* documentRows(path: string, context: ImportContext): AsyncGenerator<Row[]> {
  const header = inspectHeader(path, await documentHead(path));
  noteUnusedName(context, { path, what: "model", given: context.options.model, held: header.model });
  noteUnusedName(context, { path, what: "task", given: context.options.task, held: header.task });
  const drawSet = header.evalId ?? (await fileFingerprint(path));
  const samples = new InspectSamples({ file: path, header, drawSet, context });
  let rows: Row[] = [];
  const chunks = byteChunks(path, (bytes) => context.progress(bytes));
  const wish = (key: string) => (key === "samples" ? "elements" : "skip");
  for await (const pieces of jsonPieces(chunks, { name: path, wish })) {
    for (const { index, bytes } of pieces) {
      if (index === undefined) continue;
      const place = { file: path, member: `samples[${index}]` };
      let sample: JsonRecord | undefined;
      try {
        sample = asRecord(parseJsonBytes(bytes));
      } catch {
        context.reject({ ...place, reason: "the sample is not JSON" });
        continue;
      }
      for (const row of samples.outcomes(sample, place)) rows.push(row);
      rows.push(...samples.response(sample, place));
    }
    if (rows.length < batchLength) continue;
    yield rows;
    rows = [];
  }
  for (const row of samples.unscored()) rows.push(row);
  if (rows.length > 0) yield rows;
  if (samples.size > 0) return;
  throw new InputError(`${path}: the Inspect log holds no usable sample (status "${header.status}")`);
}

/** The members before the samples; the whole document is searched only if they do not stand there. */
async function documentHead(path: string): Promise<JsonRecord> {
  const head: Record<string, unknown> = {};
  const wish = (key: string) => (["eval", "plan", "status"].includes(key) ? "value" : "skip");
  for await (const pieces of jsonPieces(byteChunks(path), { name: path, wish })) {
    for (const { key, bytes } of pieces) {
      try {
        head[key] = parseJsonBytes(bytes);
      } catch {
        throw new InputError(`${path}: the member "${key}" of the Inspect log is not JSON`);
      }
    }
    if (head.eval !== undefined && head.plan !== undefined && head.status !== undefined) break;
  }
  return head;
}
