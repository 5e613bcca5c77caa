/** A small valid input of every format, as mutation begins from it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { serverDumpRecords } from "./server-answers.ts";
import { type ZipMember, zipOf, zstdFrames } from "./zip-writer.ts";

export interface SmallInput {
  /** Format and variant. */
  readonly title: string;
  readonly name: string;
  readonly bytes: Buffer;
  /** Makes the file from the (damaged) bytes where these are only a part of it. */
  readonly pack?: (bytes: Buffer) => Buffer;
}

const lines = (records: readonly unknown[]) =>
  `${records.map((record) => JSON.stringify(record)).join("\n")}\n`;

/** lm-eval: two documents, two filters, three repeats. */
export const lmEvalLines = lines(
  ["strict-match", "flexible-extract"].flatMap((filter) =>
    [0, 1].map((doc) => ({
      doc_id: doc,
      doc: { question: `What is ${doc} + 1?`, answer: `${doc + 1}` },
      target: `${doc + 1}`,
      arguments: {
        gen_args_0: {
          arg_0: `Q: What is ${doc} + 1?\nA:`,
          arg_1: { until: ["\n\n"], do_sample: true, temperature: 0.8, top_p: 0.95, max_gen_toks: 64 },
        },
      },
      resps: [[`It is ${doc + 1}.`, 'I don\'t know \\ "perhaps" 7', "…"]],
      filtered_resps: [`${doc + 1}`],
      filter,
      metrics: ["exact_match"],
      doc_hash: "0".repeat(64),
      prompt_hash: `${doc}${"a".repeat(63)}`,
      target_hash: "b".repeat(64),
      exact_match: filter === "strict-match" ? 0 : 1,
    })),
  ),
);

/** lm-eval: two multiple-choice documents of three continuations. */
export const lmEvalChoiceLines = lines(
  [0, 1].map((doc) => ({
    doc_id: doc,
    doc: { question: `Is ${doc} small?`, choices: ["yes", "no", "perhaps"], gold: doc },
    target: `${doc}`,
    arguments: Object.fromEntries(
      [" yes", " no", " perhaps"].map((text, index) => [
        `gen_args_${index}`,
        { arg_0: `Is ${doc} small?`, arg_1: text },
      ]),
    ),
    resps: [[["-0.25", "True"]], [["-1.5", "False"]], [["-7.125", "False"]]],
    filtered_resps: [
      ["-0.25", "True"],
      ["-1.5", "False"],
      ["-7.125", "False"],
    ],
    filter: "none",
    metrics: ["acc"],
    acc: doc === 0 ? 1 : 0,
  })),
);

/** verl: two groups of two draws at one step. */
export const verlLines = lines(
  [0, 1, 2, 3].map((item) => ({
    input: `user\nWhat is ${item >> 1} + 1?\nassistant\n`,
    output: `It is ${item}.`,
    gts: `${(item >> 1) + 1}`,
    score: [1, -0.5, 0.5, -1][item],
    step: 10,
    acc: [true, false, true, false][item],
  })),
);

const likelihoodSql = `SELECT 'm' || (i % 2) AS "Model", i // 2 AS "Problem Idx", -(i + 0.5) AS "Log Score", i + 0.5 AS "Neg Log Score" FROM range(8) t(i)`;

/** TRL: two groups of two draws, as messages, two reward functions. */
const trlSql = `SELECT '20' AS step, [{'role': 'user', 'content': 'Q' || (i // 2)}] AS prompt,
  [{'role': 'assistant', 'content': 'answer ' || i}] AS completion,
  (i % 2)::DOUBLE AS accuracy_reward, 0.25 AS format_reward, 0.5 - (i % 2) AS advantage FROM range(4) t(i)`;

/** lighteval: a generated answer, and two documents whose choices are scored. */
export const lightevalSql = `SELECT
  {'query': 'Q' || i, 'choices': ['yes', 'no'], 'gold_index': [i % 2], 'id': i::VARCHAR, 'task_name': 'small'} AS doc,
  {'text': CASE i WHEN 0 THEN ['an answer'] ELSE []::VARCHAR[] END,
   'logprobs': CASE i WHEN 0 THEN []::DOUBLE[] ELSE [-1.5, -0.25 * i] END,
   'output_tokens': CASE i WHEN 0 THEN [[1, 2]] ELSE [[3], [4, 5]] END} AS model_response,
  {'acc': (i % 2)::DOUBLE} AS metric FROM range(3) t(i)`;

/** Queries of the Parquet files among the small inputs. */
export const parquetQueries = { likelihoods: likelihoodSql, trl: trlSql, lighteval: lightevalSql };

const evaluation = {
  eval_id: "eval1",
  run_id: "run1",
  task_id: "task1",
  created: "2026-01-01T00:00:00Z",
  task: "sums",
  model: "model-a",
  model_generate_config: { temperature: 0.7 },
  config: { epochs: 2 },
  scorers: [{ name: "match" }],
};

const sampleOf = (id: number, epoch: number) => ({
  id,
  epoch,
  input: `What is ${id} + ${id}?`,
  target: `${2 * id}`,
  messages: [{ role: "user", content: `What is ${id} + ${id}?` }],
  output: {
    model: "model-a",
    choices: [{ message: { role: "assistant", content: `${2 * id}` }, stop_reason: "stop" }],
    usage: { output_tokens: 2 },
  },
  scores: {
    match: { value: (id + epoch) % 2 ? "C" : "I", answer: `${2 * id}` },
    grade: { value: { style: 0.5, truth: 1 } },
  },
  metadata: {},
});

const summaryOf = (id: number, epoch: number) => {
  const { messages: _messages, output: _output, ...summary } = sampleOf(id, epoch);
  return { ...summary, completed: true };
};

const sampleKeys = [1, 2].flatMap((id) => [1, 2].map((epoch) => [id, epoch] as const));
const header = {
  version: 2,
  status: "success",
  eval: evaluation,
  plan: { name: "plan", config: { top_p: 0.9 } },
};

/** An Inspect log as one JSON document. */
export const inspectDocument = JSON.stringify(
  { ...header, samples: sampleKeys.map(([id, epoch]) => sampleOf(id, epoch)), reductions: [] },
  undefined,
  2,
);

/** Members of a finished `.eval` archive. */
export function inspectMembers(method: ZipMember["method"] = "deflate"): ZipMember[] {
  return [
    {
      name: "_journal/start.json",
      content: JSON.stringify({ version: 2, eval: evaluation, plan: header.plan }),
      method,
    },
    ...sampleKeys.map(([id, epoch]) => ({
      name: `samples/${id}_epoch_${epoch}.json`,
      content: JSON.stringify(sampleOf(id, epoch)),
      method,
    })),
    {
      name: "_journal/summaries/1.json",
      content: JSON.stringify(sampleKeys.map(([id, epoch]) => summaryOf(id, epoch))),
      method,
    },
    {
      name: "summaries.json",
      content: JSON.stringify(sampleKeys.map(([id, epoch]) => summaryOf(id, epoch))),
      method,
    },
    { name: "header.json", content: JSON.stringify(header), method },
  ];
}

export const humanEvalLines = lines([
  { task_id: "HumanEval/0", completion: "    return 1\n", result: "passed", passed: true },
  { task_id: "HumanEval/0", completion: "    return 2\n", result: "failed: AssertionError", passed: false },
  { task_id: "HumanEval/1", completion: "    while True: pass\n", result: "timed out", passed: false },
  { task_id: "HumanEval/1", completion: "    return 1\n", result: "passed", passed: true },
]);

export const monkeysDocument = `gt_answer: '72'
is_correct:
- true
- false
- true
prompt: "Q: How many?\\nA:"
question: How many?
samples:
- "The answer is 72"
- |
  Perhaps
  71
- 'It''s 72'
`;

export const systemsLines = lines(
  [1, 2, 3].map((item) => ({
    question: `What is ${item} × 2?`,
    ground_truth: `Twice ${item}.\n#### ${2 * item}`,
    small: { is_correct: item === 1, solution: `A: ${item}` },
    large: { is_correct: true, solution: `A: ${2 * item}` },
  })),
);

export const countLines = lines([
  { model: "m1", problem: 1, n: 10, c: 3, k: 1, "pass@k": 0.3 },
  { model: "m1", problem: 1, n: 10, c: 3, k: 100, "pass@k": 1 },
  { model: "m1", problem: 2, n: 20, c: 0, k: 1, "pass@k": 0 },
  { model: "m2", problem: 1, n: 10, c: 10, k: 1, "pass@k": 1 },
]);

export const drawsCsv = `model,problem,sample_idx,correct,reward,pred,temperature
m1,p1,0,1,0.5,"4, or so",0.8
m1,p1,1,0,-1.25,5,0.8
m1,"p ""2""",0,true,2,4,0.8
m1,"p ""2""",1,false,,,0.8
`;

export const listArray = JSON.stringify(
  [
    { task_id: "a", n: 4, c: 2, passed: [1, 0, 1, 0] },
    { task_id: "b", n: 3, c: 0, passed: [false, false, false] },
  ],
  undefined,
  1,
);

/** A Parquet file made by DuckDB from a query. */
export async function parquetOf(sql: string, path: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (${sql}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

/** An archive of which one member is damaged; of the other members only those of the head and `kept` are in it. */
function memberInput(title: string, damaged: string, kept: (member: ZipMember) => boolean): SmallInput {
  const members = inspectMembers().filter(
    (member) => member.name === "header.json" || member.name === damaged || kept(member),
  );
  const content = members.find(({ name }) => name === damaged)?.content ?? "";
  return {
    title,
    name: "member.eval",
    bytes: Buffer.from(content),
    pack: (bytes) =>
      zipOf(members.map((member) => (member.name === damaged ? { ...member, content: bytes } : member))),
  };
}

/** The Parquet files that `parquetQueries` make. */
export type ParquetBytes = Readonly<Record<keyof typeof parquetQueries, Buffer>>;

/** The small inputs with their Parquet files made in a folder. */
export async function madeInputs(folder: string): Promise<SmallInput[]> {
  const made: [string, Buffer][] = [];
  for (const [name, sql] of Object.entries(parquetQueries)) {
    const path = join(folder, "made.parquet");
    await parquetOf(sql, path);
    made.push([name, readFileSync(path)]);
  }
  return smallInputs(Object.fromEntries(made) as ParquetBytes);
}

/** Titles of the small inputs. */
export function inputTitles(): string[] {
  const none = Buffer.alloc(0);
  return smallInputs({ likelihoods: none, trl: none, lighteval: none }).map(({ title }) => title);
}

function smallInputs(parquet: ParquetBytes): SmallInput[] {
  const text = (title: string, name: string, content: string): SmallInput => ({
    title,
    name,
    bytes: Buffer.from(content),
  });
  return [
    text("lm-eval", "samples_sums_2026-01-01T00-00-00.000001.jsonl", lmEvalLines),
    text("lm-eval, multiple choice", "samples_small_2026-01-01T00-00-00.000001.jsonl", lmEvalChoiceLines),
    text("server-dump", "answers.jsonl", lines(serverDumpRecords)),
    text("server-dump, json array", "answers.json", JSON.stringify(serverDumpRecords, undefined, 1)),
    text("inspect json", "log.json", inspectDocument),
    { title: "inspect eval, deflate", name: "log.eval", bytes: zipOf(inspectMembers()) },
    { title: "inspect eval, zstd", name: "zstd.eval", bytes: zipOf(inspectMembers("zstd")) },
    { title: "inspect eval, stored", name: "stored.eval", bytes: zipOf(inspectMembers("stored")) },
    memberInput("inspect eval, a damaged summary", "summaries.json", ({ name }) => name === "summaries.json"),
    memberInput(
      "inspect eval, a damaged journal",
      "_journal/summaries/1.json",
      ({ name }) => name === "_journal/summaries/1.json",
    ),
    memberInput("inspect eval, a damaged sample", "samples/1_epoch_1.json", ({ name }) =>
      name.startsWith("samples/"),
    ),
    text("human-eval", "samples_results.jsonl", humanEvalLines),
    text("monkeys", "0.yaml", monkeysDocument),
    text("systems", "solutions.jsonl", systemsLines),
    text("table, json lines", "counts.jsonl", countLines),
    text("table, csv", "draws.csv", drawsCsv),
    text("table, json array", "lists.json", listArray),
    { title: "table, parquet", name: "likelihoods.parquet", bytes: parquet.likelihoods },
    text("verl", "10.jsonl", verlLines),
    { title: "trl", name: "completions_00020.parquet", bytes: parquet.trl },
    { title: "lighteval", name: "details_small_2026-01-01T00-00-00.parquet", bytes: parquet.lighteval },
    { title: "table, gzip", name: "counts.jsonl.gz", bytes: gzipSync(countLines) },
    {
      title: "human-eval, zstd",
      name: "samples.jsonl.zst",
      bytes: zstdFrames(Buffer.from(humanEvalLines), 2),
    },
  ];
}
