/**
 * large_language_monkeys files: one YAML document a problem with `prompt`, `question`, `samples`, `gt_answer` or
 * `test_cases`, and `is_correct` where it was evaluated. The folder names the task, and the model unless it is given.
 */
import { basename, dirname, resolve } from "node:path";
import { crc32 } from "node:zlib";
import { parseDocument } from "yaml";
import { InputError, type Row, type RowBase } from "../record/index.ts";
import { byteChunks, fileFingerprint, messageOf } from "./byte-source.ts";
import {
  batchLength,
  drawnText,
  outcomeRow,
  promptHashOf,
  shown,
  stemOf,
  unknownSampling,
  verdictOf,
} from "./draws.ts";
import type { ImportContext, Importer } from "./importer.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";

/** A problem's file is read whole; ten thousand samples of a thousand characters take 10 MB. */
const largestFile = 32 << 20;
/** Aliases repeat a part of the document: few are honest, many are a bomb. */
const mostAliases = 100;

export const monkeys: Importer = {
  name: "monkeys",
  summary:
    "large_language_monkeys .yaml, one a problem: prompt, samples, and is_correct where it was evaluated",
  recognise(head) {
    if (!/\.ya?ml$/i.test(head.name)) return 0;
    const text = Buffer.from(head.bytes.buffer, head.bytes.byteOffset, head.bytes.byteLength).toString(
      "latin1",
    );
    const keys = new Set([...text.matchAll(/^([a-z_]+):/gm)].map((match) => match[1]));
    const problem = ["prompt", "question", "gt_answer", "test_cases"].some((key) => keys.has(key));
    return problem && (keys.has("samples") || keys.has("is_correct")) ? 0.9 : 0;
  },
  read: readMonkeys,
};

async function* readMonkeys(path: string, context: ImportContext): AsyncGenerator<Row[]> {
  const document = await yamlRecord(path, context);
  const samples = listOf(path, document, "samples");
  const verdicts = listOf(path, document, "is_correct");
  const draws = samples?.length ?? verdicts?.length;
  if (draws === undefined) throw new InputError(`${path}: neither samples nor is_correct is in the file`);
  if (samples !== undefined && verdicts !== undefined && samples.length !== verdicts.length) {
    throw new InputError(`${path}: ${samples.length} samples and ${verdicts.length} verdicts (is_correct)`);
  }
  const folder = basename(dirname(resolve(path)));
  const task = context.options.task ?? folder;
  const problem = stemOf(path);
  const prompt = textOf(fieldOf(document, "prompt")) ?? textOf(fieldOf(document, "question"));
  const target = textOf(fieldOf(document, "gt_answer"));
  const base: RowBase = {
    model: context.options.model || folder,
    task,
    problem,
    promptHash: promptHashOf({ prompt, task, problem }),
    ...unknownSampling,
    source: { file: path },
  };
  const drawSet = await fileFingerprint(path);
  let rows: Row[] = [];
  for (let draw = 0; draw < draws; draw += 1) {
    const text = samples?.[draw];
    const value = verdicts?.[draw];
    const verdict = isNull(value) ? undefined : verdictOf(value);
    if (verdict === undefined && !isNull(value)) {
      const reason = `neither true nor false: ${shown(value)}`;
      context.reject({ file: path, field: `is_correct[${draw}]`, reason });
      continue;
    }
    if (samples !== undefined && typeof text !== "string") {
      context.reject({ file: path, field: `samples[${draw}]`, reason: "not a text" });
      continue;
    }
    rows.push(
      outcomeRow(base, {
        drawSet,
        draw,
        ...(verdict === undefined
          ? { verdict: "unscored", reason: "no verdict in the log" }
          : { verdict: verdict ? "correct" : "incorrect" }),
        ...(typeof text === "string" && { fingerprint: crc32(text) }),
        verifier: verdicts === undefined ? "none" : "is_correct",
      }),
    );
    if (context.options.texts && typeof text === "string") {
      rows.push(drawnText(base, { drawSet, draw, prompt, text, target }));
    }
    if (rows.length < batchLength) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

/** The document with every scalar as the text that stands there. */
async function yamlRecord(path: string, context: ImportContext): Promise<JsonRecord> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of byteChunks(path, (bytes) => context.progress(bytes))) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > largestFile) throw new InputError(`${path}: a YAML file over 32 MiB is not read`);
  }
  let value: unknown;
  try {
    const document = parseDocument(Buffer.concat(chunks).toString("utf8"), {
      schema: "failsafe",
      logLevel: "silent",
    });
    const first = document.errors[0];
    if (first !== undefined) throw new Error(first.message.split("\n")[0]);
    value = document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    throw new InputError(`${path}: the YAML is damaged (${messageOf(error)})`);
  }
  const record = asRecord(value);
  if (record === undefined) throw new InputError(`${path}: the YAML document is not a mapping`);
  return record;
}

function listOf(path: string, document: JsonRecord, key: string): unknown[] | undefined {
  const value = fieldOf(document, key);
  if (value === undefined || isNull(value)) return undefined;
  if (!Array.isArray(value)) throw new InputError(`${path}: ${key} is not a list`);
  return value;
}

function isNull(value: unknown): boolean {
  return value === undefined || value === null || value === "" || value === "null" || value === "~";
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && !isNull(value) ? value : undefined;
}
