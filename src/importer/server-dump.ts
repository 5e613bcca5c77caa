/** Dumps of completion servers' answers (OpenAI, vLLM, SGLang, llama.cpp), alone or beside their requests. */
import type { Row } from "../record/index.ts";
import { fileFingerprint } from "./byte-source.ts";
import { nameOf } from "./draws.ts";
import type { ImportContext, Importer } from "./importer.ts";
import { readHead } from "./input-head.ts";
import { leadingKeys } from "./json-pieces.ts";
import { firstRecords, jsonRecords, jsonShapeOf } from "./json-records.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { exchangesOf } from "./server-request.ts";
import { ExchangeRows } from "./server-rows.ts";

export const serverDump: Importer = {
  name: "server-dump",
  summary:
    "answers of OpenAI, vLLM, SGLang and llama.cpp servers (.json, .jsonl), alone or as {request, response}",
  recognise(head) {
    const records = firstRecords(head);
    if (records.length > 0) return records.some((record) => exchangesOf(record).length > 0) ? 0.85 : 0;
    if (head.whole || jsonShapeOf(head) !== "document") return 0;
    const keys = leadingKeys(head.bytes);
    return keys.includes("choices") && keys.includes("object") && keys.includes("model") ? 0.85 : 0;
  },
  read: readServerDump,
};

async function* readServerDump(path: string, context: ImportContext): AsyncGenerator<Row[]> {
  const shape = jsonShapeOf(await readHead(path)) ?? "lines";
  const maker = new ExchangeRows({ path, context, drawSet: await fileFingerprint(path) });
  for await (const records of jsonRecords(path, { shape, context })) {
    const rows: Row[] = [];
    for (const { record, line } of records) {
      const exchanges = exchangesOf(record);
      if (exchanges.length === 0) {
        context.reject({
          file: path,
          line,
          reason: failureIn(record) ?? "holds no answer of a completion server",
        });
      }
      for (const exchange of exchanges) maker.append(rows, exchange, line);
    }
    if (rows.length > 0) yield rows;
  }
}

/** The message of an answer that is an error. */
function failureIn(record: JsonRecord): string | undefined {
  const response = asRecord(fieldOf(record, "response")) ?? record;
  const error = fieldOf(response, "error") ?? fieldOf(asRecord(fieldOf(response, "body")), "error");
  if (error === undefined || error === null) return undefined;
  const message = nameOf(fieldOf(asRecord(error), "message")) ?? nameOf(error);
  return `the server answered with an error${message === undefined ? "" : `: ${message.slice(0, 120)}`}`;
}
