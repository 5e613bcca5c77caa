/**
 * human-eval samples (`task_id`, `completion`) and results (the same with `passed` and `result`), as JSON lines.
 * A timed-out program is a failure: that is the benchmark's own verdict.
 */
import { crc32 } from "node:zlib";
import type { Row } from "../record/index.ts";
import { fileFingerprint } from "./byte-source.ts";
import {
  DrawNumbers,
  modelNameOf,
  nameOf,
  promptHashOf,
  shown,
  taskNameOf,
  unknownSampling,
} from "./draws.ts";
import type { ImportContext, Importer } from "./importer.ts";
import { readHead } from "./input-head.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { recordBatches } from "./record-lines.ts";

export const humanEval: Importer = {
  name: "human-eval",
  summary: "human-eval samples or results (.jsonl): task_id, completion, and passed where it was run",
  recognise(head) {
    const records = head.jsonLines.map(asRecord);
    const fits = (record: JsonRecord | undefined) =>
      nameOf(fieldOf(record, "task_id")) !== undefined && typeof fieldOf(record, "completion") === "string";
    return records.length > 0 && records.some(fits) && fits(records[0]) ? 0.9 : 0;
  },
  read: readHumanEval,
};

async function* readHumanEval(path: string, context: ImportContext): AsyncGenerator<Row[]> {
  const drawSet = await fileFingerprint(path);
  const draws = new DrawNumbers();
  const promptHashes = new Map<string, string>();
  const model = modelNameOf(context.options, path);
  // In a file with verdicts a sample without one is an unscored draw of theirs.
  const { jsonLines } = await readHead(path);
  const verifier = jsonLines.some((line) => fieldOf(asRecord(line), "passed") !== undefined)
    ? "passed"
    : "none";
  for await (const records of recordBatches(path, context)) {
    const rows: Row[] = [];
    for (const { record, line } of records) {
      const place = { file: path, line };
      const problem = nameOf(fieldOf(record, "task_id"));
      if (problem === undefined) {
        context.reject({ ...place, field: "task_id", reason: "the problem's name is missing" });
        continue;
      }
      const completion = fieldOf(record, "completion");
      if (typeof completion !== "string") {
        context.reject({ ...place, field: "completion", reason: `not a text: ${shown(completion)}` });
        continue;
      }
      const passed = fieldOf(record, "passed");
      if (passed !== undefined && typeof passed !== "boolean") {
        context.reject({ ...place, field: "passed", reason: `neither true nor false: ${shown(passed)}` });
        continue;
      }
      const task = taskNameOf({ options: context.options, path, problem });
      let promptHash = promptHashes.get(problem);
      if (promptHash === undefined) {
        promptHash = promptHashOf({ task, problem });
        promptHashes.set(problem, promptHash);
      }
      const base = {
        model,
        task,
        problem,
        promptHash,
        ...unknownSampling,
        source: place,
        drawSet,
        draw: draws.take(problem),
      };
      rows.push({
        kind: "outcome",
        ...base,
        ...(passed === undefined
          ? { verdict: "unscored", reason: `no verdict in the ${verifier === "none" ? "log" : "row"}` }
          : { verdict: passed ? "correct" : "incorrect" }),
        fingerprint: crc32(completion),
        verifier: passed === undefined ? verifier : "passed",
      });
      if (context.options.texts) rows.push({ kind: "response", ...base, role: "draw", text: completion });
    }
    if (rows.length > 0) yield rows;
  }
}
