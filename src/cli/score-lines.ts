/** The lines of `lmcov score --json`: a line for each response that has a score in the run, in the input's order. */
import { crc32 } from "node:zlib";
import { isInShard, type Shard } from "../job/index.ts";
import { cameWithDraw, type Likelihood } from "../record/index.ts";
import { readRun } from "../store/index.ts";
import type { ResponseRecord } from "./model-input.ts";
import type { OpenModel } from "./model-options.ts";
import { jsonText } from "./print.ts";
import { scoreUnit } from "./score-unit.ts";

/** Units looked up in one reading of the run: what is held in memory at once. */
const usualChunk = 65_536;

export interface ScoreLines {
  readonly folder: string;
  readonly records: AsyncIterable<ResponseRecord>;
  readonly models: readonly OpenModel[];
  readonly shard?: Shard | undefined;
  readonly chunk?: number;
}

interface Asked {
  /** Names the score in the run: two equal responses of one place have one. */
  readonly name: string;
  readonly model: string;
  readonly id: string;
}

/** The lines of one response after another, of all models each. One that failed, or was not reached, has none. */
export async function* scoreLines({ chunk = usualChunk, ...given }: ScoreLines): AsyncGenerator<string> {
  const { folder, records, models, shard } = given;
  // Of several scores under one name, as of two routes, the one of the way in which the model scores now.
  const methods = new Map(models.map(({ spec, endpoint }) => [spec.name, endpoint.likelihood?.method ?? ""]));
  let asked: Asked[] = [];
  for await (const record of records) {
    for (const model of models) {
      if (shard !== undefined && !isInShard(scoreUnit(model, record).key, shard)) continue;
      const { name } = model.spec;
      asked.push({ name: nameOfRecord(name, record), model: name, id: record.id });
    }
    if (asked.length < chunk) continue;
    yield* linesOf(folder, asked, methods);
    asked = [];
  }
  if (asked.length > 0) yield* linesOf(folder, asked, methods);
}

async function* linesOf(
  folder: string,
  asked: readonly Asked[],
  methods: ReadonlyMap<string, string>,
): AsyncGenerator<string> {
  const names = new Set(asked.map(({ name }) => name));
  const found = new Map<string, { logProbability: number; tokenCount: number | undefined; method: string }>();
  for await (const batch of readRun(folder, { tables: ["likelihoods"] })) {
    for (const row of batch) {
      // What a draw brought with it is no score.
      if (row.kind !== "likelihood" || cameWithDraw(row)) continue;
      const name = nameOf(row.model, row, row.fingerprint);
      const known = found.get(name);
      if (!names.has(name) || known?.method.startsWith(methods.get(row.model) ?? "")) continue;
      found.set(name, { logProbability: row.logProbability, tokenCount: row.tokenCount, method: row.method });
    }
  }
  for (const { name, model, id } of asked) {
    const row = found.get(name);
    if (row === undefined) continue;
    yield jsonText({ model, id, logprob: row.logProbability, tokens: row.tokenCount }, 0);
  }
}

function nameOfRecord(model: string, record: ResponseRecord): string {
  const { response } = record;
  return nameOf(model, record, crc32(typeof response === "string" ? response : JSON.stringify(response)));
}

type Place = Pick<
  Likelihood,
  "task" | "problem" | "promptHash" | "role" | "drawnBy" | "samplingHash" | "drawSet" | "draw"
>;

function nameOf(model: string, place: Place, fingerprint: number | undefined): string {
  const { task, problem, promptHash, role, drawnBy = "", samplingHash, drawSet, draw } = place;
  const what = [task, problem, promptHash, role, drawnBy, samplingHash, drawSet, draw];
  return JSON.stringify([model, ...what, fingerprint]);
}
