/** `lmcov score-with`: log-probabilities of given responses under checkpoints, as ordinary rows of a run folder. */
import { crc32 } from "node:zlib";
import { Command } from "commander";
import type { ScoringRequest } from "../decode/index.ts";
import { straddlingMark } from "../endpoint/index.ts";
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
import { pairTokens, placeOf, promptColumns, promptTokens } from "./generate-prompts.ts";
import { type ModelName, steppedName, sumOf } from "./generate-rows.ts";
import { finishedKeys, writeInChunks } from "./generate-run.ts";
import { positiveInteger } from "./log-options.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { progressLine } from "./progress.ts";
import { type GivenResponse, readGivenResponses } from "./score-with-responses.ts";
import { softwareVersions } from "./version.ts";

interface ScoreOptions extends EngineOptions {
  readonly input: string;
  readonly map?: string[];
  readonly task?: string;
  readonly limit?: number;
  readonly endOfSequence: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  lmcov score-with runs/arithmetic --input held-out.jsonl --out scored
  lmcov score-with runs/arithmetic --input runs/arithmetic      every checkpoint scores the draws of all others
  lmcov profile scored
  lmcov select scored

The input is a table with prompt and response, or a run folder whose responses are scored where they lie (draws keep who drew
them). Prompt and response are tokenised together, as in training. A response ends with the end-of-sequence token where the
tokenizer has one and training used it; a draw that was cut at its limit does not.`;

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
        "columns of the table, as role=column; roles: prompt, response, problem, task, answer",
      )
      .option("--task <name>", "task name (default: a task column, else the file's name)")
      .option("--limit <count>", "score only the first responses", positiveInteger)
      .option("--no-end-of-sequence", "score responses without an end-of-sequence token"),
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
}

async function run(words: string[], options: ScoreOptions): Promise<void> {
  const { columns, inputs } = promptColumns(options.map);
  const checkpoints = await findCheckpoints([...words, ...inputs], options);
  const testTimeTraining = await testTimeSettings(options, checkpoints);
  const { task, limit } = options;
  const given = await readGivenResponses(options.input, { columns, task, limit, responses: true });
  const out = options.out ?? (given.run ? options.input : undefined);
  if (out === undefined) throw new InputError("--out: name a run folder to write to");
  const description = {
    software: softwareVersions(),
    command: ["score-with", ...words, "--input", options.input],
  };
  await asOnlyWriter(out, description, async () => {
    const finished = await finishedKeys(out, "likelihoods", rowKey);
    const progress = progressLine({ title: "scoring", total: checkpoints.length * given.responses.length });
    const summaries: Summary[] = [];
    let done = 0;
    for (const checkpoint of checkpoints) {
      const name = steppedName(checkpoint.name, testTimeTraining);
      const units = given.responses.filter((response) => {
        const key = responseKey(name, response);
        if (finished.has(key)) return false;
        finished.add(key);
        return true;
      });
      done += given.responses.length - units.length;
      const made = { scored: 0, tokens: 0, sum: 0, otherTokens: 0 };
      if (units.length > 0) {
        const model = await openLocalModel(checkpoint, { ...options, testTimeTraining });
        await writeInChunks(
          units,
          { folder: out, origin: "score-with", input: options.input },
          {
            keyOf: (response) => responseKey(name, response),
            rowsOf: async (chunk) => {
              const rows = await scoredRows(chunk, {
                model,
                name,
                options,
                onProgress: (count) => progress.update(done + count),
              });
              done += chunk.length;
              rows.forEach((row, index) => {
                const drawn = chunk[index]!.tokenCount;
                made.scored += 1;
                made.tokens += row.tokenCount ?? 0;
                made.sum += row.logProbability;
                if (drawn !== undefined && drawn !== row.tokenCount) made.otherTokens += 1;
              });
              return rows;
            },
          },
        );
        await model.release();
      }
      const { scored, tokens, sum, otherTokens } = made;
      summaries.push({
        ...name,
        scored,
        skipped: given.responses.length - units.length,
        tokens,
        meanLogProbability: scored === 0 ? undefined : sum / scored,
        otherTokens,
      });
    }
    progress.finish();
    printSummary(summaries, { out, json: options.json ?? false, unreadable: given.unreadable });
  });
}

async function scoredRows(
  chunk: readonly GivenResponse[],
  at: { model: LocalModel; name: ModelName; options: ScoreOptions; onProgress: (count: number) => void },
): Promise<Likelihood[]> {
  const { model, name, options } = at;
  const requests = chunk.map((given) => scoringRequest(given, model, options.endOfSequence));
  requests.forEach(({ prompt, response }, index) => {
    const length = prompt.length + response.length - 1;
    if (length <= model.decoder.contextLength) return;
    throw new InputError(
      `${placeOf(chunk[index]!.row)}: prompt and response have ${length + 1} tokens and this model's context holds ${model.decoder.contextLength}`,
    );
  });
  const scored = await model.scorer.score(requests, { batch: options.batch, onProgress: at.onProgress });
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
      tokenCount: logProbabilities.length,
      ...(row.answer !== undefined && { answer: row.answer }),
      fingerprint: crc32(row.response ?? ""),
      method: requests[index]!.straddling > 0 ? `${model.method}, ${straddlingMark}` : model.method,
    };
  });
}

function scoringRequest(
  given: GivenResponse,
  model: LocalModel,
  ends: boolean,
): ScoringRequest & { readonly straddling: number } {
  const { row, cut } = given;
  const { endOfSequence, tokenizer } = model;
  const end = ends && !cut && endOfSequence !== undefined ? [endOfSequence] : [];
  if (row.response === "") {
    // A draw may end at once.
    if (given.role === "draw" && end.length > 0)
      return { prompt: promptTokens(row, tokenizer), response: end, straddling: 0 };
    throw new InputError(`${placeOf(row)}: the response is empty`);
  }
  const { prompt, response, straddling } = pairTokens(row, tokenizer);
  return { prompt, response: [...response, ...end], straddling };
}

function responseKey(name: ModelName, given: GivenResponse): string {
  const { base, role, drawnBy } = given;
  return keyOf({ ...base, ...name, role, drawnBy });
}

function rowKey(row: Row): string {
  return row.kind === "likelihood" ? keyOf(row) : "";
}

function keyOf(
  row: Omit<
    Pick<
      Likelihood,
      "model" | "task" | "promptHash" | "problem" | "samplingHash" | "drawSet" | "draw" | "role"
    >,
    never
  > & { step?: number; drawnBy?: string | undefined },
): string {
  const { model, step, task, promptHash, problem, samplingHash, drawSet, draw, role, drawnBy } = row;
  // Data are numbered by their data set, whatever settings a log has for them.
  const drawn = role === "data" ? [] : [samplingHash, drawSet, drawnBy ?? ""];
  return [model, step ?? "", task, promptHash, problem, role, draw, ...drawn].join("\u0000");
}

function printSummary(
  summaries: readonly Summary[],
  { out, json, unreadable }: { out: string; json: boolean; unreadable: number },
): void {
  if (json) {
    printResult(jsonText({ schema: "lmcov/score-with@1", run: out, unreadable, models: summaries }));
    return;
  }
  for (const { model, step, scored, skipped, tokens, meanLogProbability, otherTokens } of summaries) {
    const label = step === undefined ? model : `${model}, step ${step}`;
    const mean =
      meanLogProbability === undefined
        ? ""
        : `, mean log-probability ${meanLogProbability.toPrecision(5)} nats`;
    const known = skipped > 0 ? `, ${countText(skipped)} there already` : "";
    printRemark(
      `• ${printable(label, 200)}: ${plural(scored, "response")}, ${plural(tokens, "token")}${mean}${known}`,
    );
    if (otherTokens > 0) {
      printRemark(`    ${plural(otherTokens, "draw")} whose text is encoded to other tokens than were drawn`);
    }
  }
  if (unreadable > 0) {
    printRemark(`• ${plural(unreadable, "draw")} left out: no text gives their tokens back`);
  }
  printRemark(`Next: lmcov profile ${out}, lmcov select ${out}`);
}
