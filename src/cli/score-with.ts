/** `lmcov score-with`: log-probabilities of given responses under checkpoints, as ordinary rows of a run folder. */
import { crc32 } from "node:zlib";
import { Command } from "commander";
import { straddlingMark } from "../endpoint/index.ts";
import { tokenTexts } from "../model/index.ts";
import { InputError, type Likelihood, type Row } from "../record/index.ts";
import { countText, plural, printable } from "../report/index.ts";
import { asOnlyWriter } from "../store/index.ts";
import { findCheckpoints } from "./generate-checkpoints.ts";
import {
  type EngineOptions,
  engineOptions,
  type LocalModel,
  openLocalModel,
  testTimeSettings,
} from "./generate-model.ts";
import { promptColumns } from "./generate-prompts.ts";
import { type ModelName, steppedName, sumOf, tokensField } from "./generate-rows.ts";
import { finishedKeys, writeInChunks } from "./generate-run.ts";
import { positiveInteger } from "./log-options.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { progressLine } from "./progress.ts";
import { distributionUnits, writeTeacherDistributions } from "./score-with-distributions.ts";
import { scoringRequest } from "./score-with-request.ts";
import {
  type GivenResponse,
  keyOf,
  readGivenResponses,
  responseKey,
  writeReference,
} from "./score-with-responses.ts";
import { softwareVersions } from "./version.ts";

interface ScoreOptions extends EngineOptions {
  readonly input: string;
  readonly map?: string[];
  readonly task?: string;
  readonly limit?: number;
  readonly endOfSequence: boolean;
  readonly distributions?: boolean;
  readonly topK?: number;
  readonly out?: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  lmcov score-with runs/arithmetic --input held-out.jsonl --out scored
  lmcov score-with runs/arithmetic --input runs/arithmetic      every checkpoint scores the draws of all others
  lmcov score-with runs/arithmetic --input drawn.jsonl --map logProbability=logp --out scored    a known source: KL and Cov_N
  lmcov profile scored
  lmcov select scored
  lmcov score-with teacher --input drawn --distributions --top-k 50    what truncated distillation reads

The input is a table with prompt and response, or a run folder whose responses are scored where they lie (draws keep who drew
them). Prompt and response are tokenised together, as in training. A response ends with the end-of-sequence token where the
tokenizer has one and training used it; a draw that was cut at its limit does not.

--distributions: a table of the run folder, which "distributions: FOLDER" in a training's configuration names. Whole distributions
take 4 bytes a token of the vocabulary for each token of a response; those of the likeliest K tokens and the remainder take 8·K.`;

export function command(): Command {
  return engineOptions(
    new Command("score-with")
      .argument("<checkpoints...>", "checkpoint folders, or training runs with all their checkpoints")
      .requiredOption("--input <file>", "table of prompts and responses, or a run folder")
      .option(
        "--out <folder>",
        "run folder to write or to append to (default: the input, if it is a run folder)",
      )
      .option(
        "--map <pairs...>",
        "columns of the table, as role=column; roles: prompt, response, problem, task, answer, logProbability (of the source that drew the responses)",
      )
      .option("--task <name>", "task name (default: a task column, else the file's name)")
      .option("--limit <count>", "score only the first responses", positiveInteger)
      .option("--no-end-of-sequence", "score responses without an end-of-sequence token")
      .option(
        "--distributions",
        "write the next-token distribution at each token too, for a training that has the checkpoint as its teacher",
      )
      .option(
        "--top-k <count>",
        "with --distributions: only so many of the likeliest tokens (default: the whole vocabulary)",
        positiveInteger,
      ),
  )
    .addHelpText("after", examples)
    .action(run);
}

interface Summary {
  readonly model: string;
  readonly step?: number;
  readonly scored: number;
  readonly skipped: number;
  readonly tokens: number;
  /** Mean log-probability of the responses that were scored now, nats. */
  readonly meanLogProbability: number | undefined;
  /** Draws whose text is encoded to another number of tokens than were drawn. */
  readonly otherTokens: number;
  /** Responses whose distributions were written now. */
  readonly distributions?: number;
}

async function run(words: string[], options: ScoreOptions): Promise<void> {
  const { columns, inputs } = promptColumns(options.map);
  const checkpoints = await findCheckpoints([...words, ...inputs], options);
  const testTimeTraining = await testTimeSettings(options, checkpoints);
  const { task, limit } = options;
  const given = await readGivenResponses(options.input, { columns, task, limit, responses: true });
  const out = options.out ?? (given.run ? options.input : undefined);
  if (out === undefined) throw new InputError("--out: name a run folder to write to");
  if (options.topK !== undefined && !options.distributions) {
    throw new InputError("--top-k: goes with --distributions");
  }
  const description = {
    software: softwareVersions(),
    command: ["score-with", ...words, "--input", options.input],
  };
  await asOnlyWriter(out, description, async () => {
    const finished = await finishedKeys(out, "likelihoods", rowKey);
    const progress = progressLine({ title: "scoring", total: checkpoints.length * given.responses.length });
    const summaries: Summary[] = [];
    await writeReference(given.responses, { finished, folder: out, input: options.input });
    let done = 0;
    for (const checkpoint of checkpoints) {
      const name = steppedName(checkpoint.name, testTimeTraining);
      const units = given.responses.filter((response) => {
        const key = responseKey(name, response);
        if (finished.has(key)) return false;
        finished.add(key);
        return true;
      });
      const teaching = options.distributions
        ? await distributionUnits(out, name, { responses: given.responses, top: options.topK })
        : [];
      done += given.responses.length - units.length;
      const summary = { ...name, skipped: given.responses.length - units.length };
      if (units.length === 0 && teaching.length === 0) {
        summaries.push({ ...summary, ...nothing, ...(options.distributions && { distributions: 0 }) });
        continue;
      }
      const model = await openLocalModel(checkpoint, { ...options, testTimeTraining });
      try {
        const made = await scoreUnits(units, {
          ...{ model, name, options, folder: out },
          onProgress: (count) => progress.update(done + count),
        });
        done += units.length;
        const distributions = await writeTeacherDistributions(teaching, {
          ...{ model, name, folder: out, input: options.input, top: options.topK },
          ...{ batch: options.batch, ends: options.endOfSequence },
        });
        summaries.push({ ...summary, ...made, ...(options.distributions && { distributions }) });
      } finally {
        await model.release();
      }
    }
    progress.finish();
    printSummary(summaries, { out, json: options.json ?? false, unreadable: given.unreadable });
  });
}

type Made = Pick<Summary, "scored" | "tokens" | "meanLogProbability" | "otherTokens">;
const nothing: Made = { scored: 0, tokens: 0, meanLogProbability: undefined, otherTokens: 0 };

interface Scoring {
  readonly model: LocalModel;
  readonly name: ModelName;
  readonly options: ScoreOptions;
  readonly folder: string;
  /** Called with the units scored so far. */
  readonly onProgress: (count: number) => void;
}

async function scoreUnits(units: readonly GivenResponse[], scoring: Scoring): Promise<Made> {
  const { name, options, folder } = scoring;
  let [scored, tokens, sum, otherTokens] = [0, 0, 0, 0];
  const keyOf = (response: GivenResponse) => responseKey(name, response);
  const rowsOf = async (chunk: readonly GivenResponse[]) => {
    const before = scored;
    const rows = await scoredRows(chunk, {
      ...scoring,
      onProgress: (count) => scoring.onProgress(before + count),
    });
    rows.forEach((row, index) => {
      const drawn = chunk[index]!.tokenCount;
      scored += 1;
      tokens += row.tokenCount ?? 0;
      sum += row.logProbability;
      if (drawn !== undefined && drawn !== row.tokenCount) otherTokens += 1;
    });
    return rows;
  };
  const writer = { folder, origin: "score-with", input: options.input };
  await writeInChunks(units, writer, { keyOf, rowsOf });
  return { scored, tokens, meanLogProbability: scored === 0 ? undefined : sum / scored, otherTokens };
}

async function scoredRows(
  chunk: readonly GivenResponse[],
  { model, name, options, onProgress }: Scoring,
): Promise<Likelihood[]> {
  const requests = chunk.map((given) => scoringRequest(given, model, options.endOfSequence));
  const scored = await model.scorer.score(requests, { batch: options.batch, onProgress });
  return chunk.map((given, index) => {
    const { logProbabilities } = scored[index]!;
    const { row, base } = given;
    return {
      kind: "likelihood",
      ...base,
      ...name,
      role: given.role,
      ...(given.drawnBy !== undefined && { drawnBy: given.drawnBy }),
      logProbability: sumOf(logProbabilities),
      tokenLogProbabilities: logProbabilities.map((value) => Math.min(0, value)),
      ...tokensField(
        tokenTexts((ids) => model.tokenizer.decode(ids), {
          before: Array.from(requests[index]!.prompt),
          tokens: Array.from(requests[index]!.response),
        }),
      ),
      tokenCount: logProbabilities.length,
      ...(row.answer !== undefined && { answer: row.answer }),
      fingerprint: crc32(row.response ?? ""),
      method: requests[index]!.straddling > 0 ? `${model.method}, ${straddlingMark}` : model.method,
    };
  });
}

function rowKey(row: Row): string {
  return row.kind === "likelihood" ? keyOf(row) : "";
}

function printSummary(
  summaries: readonly Summary[],
  { out, json, unreadable }: { out: string; json: boolean; unreadable: number },
): void {
  if (json) {
    printResult(jsonText({ schema: "lmcov/score-with@1", run: out, unreadable, models: summaries }));
    return;
  }
  for (const summary of summaries) {
    const { model, step, scored, skipped, tokens, meanLogProbability, otherTokens, distributions } = summary;
    const label = step === undefined ? model : `${model}, step ${step}`;
    const mean =
      meanLogProbability === undefined
        ? ""
        : `, mean log-probability ${meanLogProbability.toPrecision(5)} nats`;
    const known = skipped > 0 ? `, ${countText(skipped)} there already` : "";
    printRemark(
      `• ${printable(label, 200)}: ${plural(scored, "response")}, ${plural(tokens, "token")}${mean}${known}`,
    );
    if (distributions !== undefined) {
      printRemark(`    next-token distributions of ${plural(distributions, "response")} written`);
    }
    if (otherTokens > 0) {
      printRemark(`    ${plural(otherTokens, "draw")} whose text is encoded to other tokens than were drawn`);
    }
  }
  if (unreadable > 0) {
    printRemark(`• ${plural(unreadable, "draw")} left out: no text gives their tokens back`);
  }
  printRemark(`Next: lmcov profile ${out}, lmcov select ${out}`);
}
