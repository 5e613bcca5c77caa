/**
 * Inspect's `.eval` archive. Verdicts come from the summaries, which are small; the samples are read where texts are
 * asked for, where the run asked for log-probabilities, or where no summary speaks of them. An unfinished log has only its journal.
 */
import { InputError, type Row } from "../record/index.ts";
import { fileFingerprint } from "./byte-source.ts";
import { batchLength, noteUnusedName } from "./draws.ts";
import type { ImportContext } from "./importer.ts";
import { type InspectHeader, inspectHeader } from "./inspect-header.ts";
import { InspectSamples } from "./inspect-sample.ts";
import { jsonPieces } from "./json-pieces.ts";
import { asRecord, type JsonRecord, parseJsonBytes } from "./json-text.ts";
import { ZipArchive } from "./zip-archive.ts";

const largestHeader = 64 << 20;
const largestSample = 256 << 20;
const sampleName = /^samples\/(.+?)(?:\/sample)?\.json$/s;

/** The rows of an archive, in batches. */
export async function* archiveRows(path: string, context: ImportContext): AsyncGenerator<Row[]> {
  const archive = await ZipArchive.open(path);
  try {
    const header = await archiveHeader(path, archive);
    noteUnusedName(context, { path, what: "model", given: context.options.model, held: header.model });
    noteUnusedName(context, { path, what: "task", given: context.options.task, held: header.task });
    const drawSet = header.evalId ?? (await fileFingerprint(path));
    const samples = new InspectSamples({ file: path, header, drawSet, context });
    const finished = archive.has("summaries.json");
    if (!finished) context.note(`${path}: an unfinished log, read from its journal`);
    let rows: Row[] = [];
    for (const member of finished ? ["summaries.json"] : journalSummaries(archive)) {
      for await (const batch of summaryRecords(path, archive, member)) {
        for (const { record, place } of batch) {
          for (const row of samples.outcomes(record, place, !finished)) rows.push(row);
        }
        if (rows.length < batchLength) continue;
        yield rows;
        rows = [];
      }
    }
    const members = archive.names.filter((name) => sampleName.test(name));
    const beyondSummaries = members.length > samples.size;
    for (const member of members) {
      const name = sampleName.exec(member)?.[1] ?? "";
      const summarised = samples.has(name);
      const isWanted = context.options.texts || header.asksLogProbabilities;
      if (!isWanted && (summarised || !beyondSummaries)) continue;
      const place = { file: path, member };
      const record = await sampleRecord(archive, { member, context, place });
      if (record === undefined) continue;
      for (const row of samples.outcomes(record, place, true)) rows.push(row);
      rows.push(...samples.response(record, place));
      if (rows.length < batchLength) continue;
      yield rows;
      rows = [];
    }
    for (const row of samples.unscored()) rows.push(row);
    if (rows.length > 0) yield rows;
    if (samples.size === 0) {
      throw new InputError(`${path}: the Inspect log holds no usable sample (status "${header.status}")`);
    }
  } finally {
    archive.close();
  }
}

async function archiveHeader(path: string, archive: ZipArchive): Promise<InspectHeader> {
  const member = ["header.json", "_journal/start.json"].find((name) => archive.has(name));
  if (member === undefined) {
    throw new InputError(
      `${path}: the zip archive is no Inspect log (neither header.json nor _journal/start.json)`,
    );
  }
  const content = await archive.content(member, largestHeader);
  let log: JsonRecord | undefined;
  try {
    log = asRecord(parseJsonBytes(content));
  } catch {
    log = undefined;
  }
  if (log === undefined) throw new InputError(`${path}: the member ${member} is not a JSON object`);
  return inspectHeader(path, log);
}

/** The journal's summaries, latest first: what they say last counts. */
function journalSummaries(archive: ZipArchive): string[] {
  const numbered = archive.names.flatMap((name) => {
    const number = /^_journal\/summaries\/(\d{1,9})\.json$/.exec(name)?.[1];
    return number === undefined ? [] : [{ name, number: Number(number) }];
  });
  return numbered.sort((left, right) => right.number - left.number).map(({ name }) => name);
}

interface PlacedRecord {
  readonly record: JsonRecord | undefined;
  readonly place: { readonly file: string; readonly member: string };
}

async function* summaryRecords(
  path: string,
  archive: ZipArchive,
  member: string,
): AsyncGenerator<PlacedRecord[]> {
  const name = `${path}: the member ${member}`;
  for await (const pieces of jsonPieces(archive.chunks(member), { name, wish: () => "elements" })) {
    yield pieces.map(({ index, bytes }) => {
      const place = { file: path, member: `${member}[${index ?? 0}]` };
      try {
        return { record: asRecord(parseJsonBytes(bytes)), place };
      } catch {
        return { record: undefined, place };
      }
    });
  }
}

async function sampleRecord(
  archive: ZipArchive,
  input: { member: string; context: ImportContext; place: PlacedRecord["place"] },
): Promise<JsonRecord | undefined> {
  const content = await archive.content(input.member, largestSample);
  try {
    const record = asRecord(parseJsonBytes(content));
    if (record !== undefined) return record;
  } catch {
    // Rejected below.
  }
  input.context.reject({ ...input.place, reason: "the sample is not a JSON object" });
  return undefined;
}
