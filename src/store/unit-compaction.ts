/** Moves the rows of closed segments into Parquet parts; a crash at any moment neither loses nor doubles a unit. */
import { open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Row } from "../record/index.ts";
import { writeParts } from "./row-parts.ts";
import { unitPartsName } from "./run-folder.ts";
import { syncFile } from "./sync-file.ts";
import { type UnitRecord, unitLine } from "./unit-record.ts";
import {
  type CompactionHead,
  segmentName,
  type UnitFile,
  UnitsSnapshot,
  unitsFolder,
} from "./unit-segments.ts";

/**
 * Compacts the segments that `isClosed` accepts, under the writer's name and this number. The caller sees to it that
 * nobody appends to them and that no other compaction of the same units is at work. False where there are none.
 */
export async function compactUnits(
  folder: string,
  request: {
    readonly writer: string;
    readonly number: number;
    /** Asked once the segments are known: whoever opens one after that does so under another name. */
    readonly isClosed: (segment: UnitFile) => boolean | Promise<boolean>;
  },
): Promise<boolean> {
  const units = await UnitsSnapshot.open(folder);
  try {
    const segments: string[] = [];
    for (const segment of units.segments) {
      if (await request.isClosed(segment)) segments.push(segment.name);
    }
    if (segments.length === 0) return false;
    const keys: string[] = [];
    const failures = new Map<string, UnitRecord>();
    const usage = { inputTokens: 0, outputTokens: 0 };
    const batches = (async function* (): AsyncGenerator<readonly Row[]> {
      for await (const records of units.pending({ segments })) {
        const rows: Row[] = [];
        for (const record of records) {
          usage.inputTokens += record.usage?.inputTokens ?? 0;
          usage.outputTokens += record.usage?.outputTokens ?? 0;
          if (record.failed !== undefined) {
            failures.set(record.key, record);
            continue;
          }
          keys.push(record.key);
          failures.delete(record.key);
          rows.push(...record.rows);
        }
        if (rows.length > 0) yield rows;
      }
    })();
    const { parts, rows } = await writeParts(folder, unitPartsName(request.writer, request.number), batches);
    const head: CompactionHead = {
      schema: "lmcov/units@1",
      parts,
      segments,
      units: keys.length,
      failures: failures.size,
      rows,
      usage,
    };
    await writeCompaction(folder, { request, head, keys, failures: [...failures.values()] });
    for (const name of segments) await unlink(join(unitsFolder(folder), name));
    return true;
  } finally {
    await units.close();
  }
}

async function writeCompaction(
  folder: string,
  input: {
    request: { writer: string; number: number };
    head: CompactionHead;
    keys: readonly string[];
    failures: readonly UnitRecord[];
  },
): Promise<void> {
  const { writer, number } = input.request;
  const name = segmentName(writer, number).replace(/\.jsonl$/, ".compacted.jsonl");
  const path = join(unitsFolder(folder), name);
  const handle = await open(`${path}.tmp`, "w");
  try {
    await handle.writeFile(`${[JSON.stringify(input.head), ...input.keys].join("\n")}\n`);
    await handle.writeFile(input.failures.map(unitLine).join(""));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.tmp`, path);
  await syncFile(unitsFolder(folder));
}
