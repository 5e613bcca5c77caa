/** verl's rollouts: `<step>.jsonl` with `input`, `output`, `gts`, `score`, `step` and what the reward function adds. */
import { basename } from "node:path";
import type { Row } from "../record/index.ts";
import { fileFingerprint } from "./byte-source.ts";
import { nameOf, shown } from "./draws.ts";
import type { ImportContext, Importer } from "./importer.ts";
import { readHead } from "./input-head.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { recordBatches } from "./record-lines.ts";
import { numberOf, RolloutRows, rolloutColumns } from "./rollout-rows.ts";

export const verl: Importer = {
  name: "verl",
  summary: "verl rollouts or validation generations (<step>.jsonl): input, output, gts, score, step",
  recognise(head) {
    const records = head.jsonLines.map(asRecord).filter((record) => record !== undefined);
    const fits = (record: JsonRecord) =>
      typeof fieldOf(record, "input") === "string" &&
      typeof fieldOf(record, "output") === "string" &&
      Object.hasOwn(record, "score") &&
      (Object.hasOwn(record, "gts") || Object.hasOwn(record, "step") || stepInName(head.path) !== undefined);
    return records.some(fits) ? 0.9 : 0;
  },
  read: readVerl,
};

async function* readVerl(path: string, context: ImportContext): AsyncGenerator<Row[]> {
  const sample = (await readHead(path)).jsonLines.map(asRecord).filter((record) => record !== undefined);
  const columns = [...new Set(sample.flatMap((record) => Object.keys(record)))];
  const maker = new RolloutRows({
    path,
    context,
    drawSet: await fileFingerprint(path),
    columns: rolloutColumns(sample, { scores: ["score"], columns }),
  });
  for await (const records of recordBatches(path, context)) {
    const rows: Row[] = [];
    for (const { record, line } of records) {
      const prompt = fieldOf(record, "input");
      const response = fieldOf(record, "output");
      const bad = typeof prompt !== "string" ? "input" : typeof response !== "string" ? "output" : undefined;
      if (bad !== undefined || typeof prompt !== "string" || typeof response !== "string") {
        const field = bad ?? "input";
        context.reject({ file: path, line, field, reason: `not a text: ${shown(fieldOf(record, field))}` });
        continue;
      }
      const score = fieldOf(record, "score");
      if (typeof score !== "number" && typeof score !== "boolean") {
        context.reject({ file: path, line, field: "score", reason: `not a number: ${shown(score)}` });
        continue;
      }
      const step = fieldOf(record, "step") ?? stepInName(path);
      if (step !== undefined && !isStep(step)) {
        context.reject({ file: path, line, field: "step", reason: `not a step: ${shown(step)}` });
        continue;
      }
      maker.append(rows, {
        prompt,
        response,
        step: numberOf(step),
        task: nameOf(fieldOf(record, "data_source")),
        target: targetOf(record),
        values: record,
        line,
      });
    }
    if (rows.length > 0) yield rows;
  }
}

function stepInName(path: string): number | undefined {
  const digits = /^(\d{1,15})\.jsonl/.exec(basename(path))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function isStep(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function targetOf(record: JsonRecord): string | undefined {
  const target = fieldOf(record, "gts") ?? undefined;
  if (target === undefined) return undefined;
  return nameOf(target) ?? (typeof target === "object" ? JSON.stringify(target) : undefined);
}
