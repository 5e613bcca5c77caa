/** The responses that scoring is asked about: rows of a table, or the responses of a run folder. */
import { crc32 } from "node:zlib";
import {
  InputError,
  type Likelihood,
  type Response,
  type ResponseRole,
  type RowBase,
  samplingHash,
} from "../record/index.ts";
import { isRunFolder, readRun } from "../store/index.ts";
import { type PromptRequest, type PromptRow, readPrompts } from "./generate-prompts.ts";
import { drawerOf, type ModelName } from "./generate-rows.ts";
import { writeInChunks } from "./generate-run.ts";
import { evaluationDraws, referenceModel } from "./train-evaluation.ts";

export interface GivenResponse {
  readonly row: PromptRow;
  readonly role: ResponseRole;
  readonly drawnBy: string | undefined;
  /** What the likelihood's row has beside the model that scores. */
  readonly base: Omit<RowBase, "model" | "step" | "trainingTokens"> & {
    readonly drawSet: string;
    readonly draw: number;
  };
  /** True for a draw that met its limit before its end. */
  readonly cut: boolean;
  /** Tokens that were drawn. */
  readonly tokenCount: number | undefined;
}

export interface GivenResponses {
  readonly responses: readonly GivenResponse[];
  /** Whether they lie in a run folder. */
  readonly run: boolean;
  /** Draws that are no text: bytes or tokens that make no character, from which the tokens cannot be had back. */
  readonly unreadable: number;
}

/** Throws InputError where the input holds no response with its prompt. */
export async function readGivenResponses(path: string, request: PromptRequest): Promise<GivenResponses> {
  if (!isRunFolder(path)) {
    const rows = await readPrompts(path, request);
    return { responses: dataResponses(rows), run: false, unreadable: 0 };
  }
  const responses: GivenResponse[] = [];
  let unreadable = 0;
  for await (const batch of readRun(path, { tables: ["responses"] })) {
    for (const row of batch) {
      if (row.kind !== "response" || row.prompt === undefined || row.role === "choice") continue;
      if (request.task !== undefined && row.task !== request.task) continue;
      if (row.role === "draw" && row.text.includes("\ufffd")) unreadable += 1;
      else responses.push(savedResponse(row, row.prompt));
    }
  }
  if (responses.length === 0) {
    throw new InputError(
      `${path}: holds no response with its prompt; lmcov import keeps texts unless told not to`,
    );
  }
  return { responses: responses.slice(0, request.limit), run: true, unreadable };
}

/** Responses of a data set: one problem may have several. They are draws of π_D where that is known. */
function dataResponses(rows: readonly PromptRow[]): GivenResponse[] {
  const counts = new Map<string, number>();
  const hash = samplingHash({});
  return rows.map((row) => {
    const key = `${row.task}\u0000${row.promptHash}\u0000${row.problem}`;
    const draw = counts.get(key) ?? 0;
    counts.set(key, draw + 1);
    const { task, problem, promptHash, source } = row;
    const known = row.logProbability !== undefined;
    const drawSet = known ? evaluationDraws : "";
    return {
      row,
      role: known ? "draw" : "data",
      drawnBy: known ? referenceModel : undefined,
      base: { task, problem, promptHash, source, sampling: {}, samplingHash: hash, drawSet, draw },
      cut: false,
      tokenCount: undefined,
    };
  });
}

function savedResponse(saved: Response, prompt: string): GivenResponse {
  const { task, problem, promptHash, sampling, source, drawSet, draw, role, text } = saved;
  const name: ModelName = { model: saved.model, ...(saved.step !== undefined && { step: saved.step }) };
  return {
    row: { prompt, response: text, problem, task, promptHash, source },
    role,
    drawnBy: role === "draw" ? drawerOf(name, sampling) : undefined,
    base: { task, problem, promptHash, source, sampling, samplingHash: saved.samplingHash, drawSet, draw },
    cut: saved.finishReason === "length",
    tokenCount: saved.tokenCount,
  };
}

/** What tells one scored response of a run from another. */
export type ScoredKey = Pick<
  Likelihood,
  "model" | "task" | "promptHash" | "problem" | "samplingHash" | "drawSet" | "draw"
> & { readonly role: string; readonly step?: number | undefined; readonly drawnBy?: string | undefined };

export function keyOf(row: ScoredKey): string {
  const { model, step, task, promptHash, problem, samplingHash, drawSet, draw, role, drawnBy } = row;
  // Data are numbered by their data set, whatever settings a log has for them.
  const drawn = role === "data" ? [] : [samplingHash, drawSet, drawnBy ?? ""];
  return [model, step ?? "", task, promptHash, problem, role, draw, ...drawn].join("\u0000");
}

export function responseKey(name: ModelName, given: GivenResponse): string {
  const { base, role, drawnBy } = given;
  return keyOf({ ...base, ...name, role, drawnBy });
}

/** π_D's own rows of responses that are its draws: what the models' log-ratios are taken against. */
function referenceRow({ row, role, drawnBy, base }: GivenResponse): Likelihood {
  return {
    kind: "likelihood",
    ...base,
    model: referenceModel,
    role,
    ...(drawnBy !== undefined && { drawnBy }),
    logProbability: row.logProbability ?? Number.NaN,
    fingerprint: crc32(row.response ?? ""),
    method: "given with the responses",
  };
}

/** Rows of the source itself, where its log-probabilities are given. */
export async function writeReference(
  responses: readonly GivenResponse[],
  given: { readonly finished: ReadonlySet<string>; readonly folder: string; readonly input: string },
): Promise<void> {
  const { finished, folder, input } = given;
  const keyOf = (response: GivenResponse) => responseKey({ model: referenceModel }, response);
  const known = responses.filter((response) => response.row.logProbability !== undefined);
  const units = known.filter((response) => !finished.has(keyOf(response)));
  const rowsOf = async (chunk: readonly GivenResponse[]) => chunk.map(referenceRow);
  await writeInChunks(units, { folder, origin: "score-with", input }, { keyOf, rowsOf });
}
