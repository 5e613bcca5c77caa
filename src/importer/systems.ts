/**
 * GSM8K-style files that hold several systems' solutions a problem, as JSON lines:
 * `{question, ground_truth, "<system>": {is_correct, solution}}`. Every system is a model.
 */
import { crc32 } from "node:zlib";
import type { Row } from "../record/index.ts";
import { shortHash } from "../record/index.ts";
import { fileFingerprint } from "./byte-source.ts";
import { DrawNumbers, shown, stemOf, unknownSampling } from "./draws.ts";
import type { ImportContext, Importer } from "./importer.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { recordBatches } from "./record-lines.ts";

export const systems: Importer = {
  name: "systems",
  summary:
    "several systems a problem (.jsonl): question, ground_truth, and {is_correct, solution} for each system",
  recognise(head) {
    const first = asRecord(head.jsonLines[0]);
    return first !== undefined && questionOf(first) !== undefined && systemsOf(first).length > 0 ? 0.95 : 0;
  },
  read: readSystems,
};

async function* readSystems(path: string, context: ImportContext): AsyncGenerator<Row[]> {
  const drawSet = await fileFingerprint(path);
  const draws = new DrawNumbers();
  const task = context.options.task ?? stemOf(path);
  if (context.options.model !== undefined) {
    context.note(`${path} names its own systems: the model name given is not used`);
  }
  for await (const records of recordBatches(path, context)) {
    const rows: Row[] = [];
    for (const { record, line } of records) {
      const question = questionOf(record);
      if (question === undefined) {
        context.reject({ file: path, line, field: "question", reason: "the question is missing" });
        continue;
      }
      const found = systemsOf(record);
      if (found.length === 0) {
        context.reject({ file: path, line, field: "is_correct", reason: "no system with is_correct" });
      }
      const promptHash = shortHash(question);
      const target = finalAnswerOf(fieldOf(record, "ground_truth"));
      for (const { model, verdict, solution } of found) {
        if (typeof verdict !== "boolean") {
          const field = `${model}.is_correct`;
          context.reject({ file: path, line, field, reason: `neither true nor false: ${shown(verdict)}` });
          continue;
        }
        const base = {
          model,
          task,
          problem: promptHash,
          promptHash,
          ...unknownSampling,
          source: { file: path, line },
          drawSet,
          draw: draws.take(model + promptHash),
        };
        rows.push({
          kind: "outcome",
          ...base,
          verdict: verdict ? "correct" : "incorrect",
          ...(solution !== undefined && { fingerprint: crc32(solution) }),
          verifier: "is_correct",
        });
        if (!context.options.texts || solution === undefined) continue;
        rows.push({
          kind: "response",
          ...base,
          role: "draw",
          prompt: question,
          text: solution,
          ...(target !== undefined && { target }),
        });
      }
    }
    if (rows.length > 0) yield rows;
  }
}

function questionOf(record: JsonRecord): string | undefined {
  const question = fieldOf(record, "question") ?? fieldOf(record, "problem") ?? fieldOf(record, "prompt");
  return typeof question === "string" && question !== "" ? question : undefined;
}

interface SystemAnswer {
  readonly model: string;
  readonly verdict: unknown;
  readonly solution: string | undefined;
}

function systemsOf(record: JsonRecord): SystemAnswer[] {
  const found: SystemAnswer[] = [];
  for (const [model, value] of Object.entries(record)) {
    const system = asRecord(value);
    if (system === undefined || !Object.hasOwn(system, "is_correct") || model === "") continue;
    const solution = fieldOf(system, "solution");
    found.push({
      model,
      verdict: fieldOf(system, "is_correct"),
      solution: typeof solution === "string" ? solution : undefined,
    });
  }
  return found;
}

/** What stands after the last `####` or `A:` of a worked solution, else the whole text. */
function finalAnswerOf(solution: unknown): string | undefined {
  if (typeof solution !== "string") return undefined;
  const marked = /(?:^|\n)\s*(?:####|A:)\s*(.+?)\s*$/.exec(solution);
  return marked?.[1] ?? solution;
}
