/** The next-token distributions of a checkpoint at each token of given responses, into a run folder. */
import { createHash } from "node:crypto";
import { canonicalJson, shortHash } from "../record/index.ts";
import {
  appendJournal,
  readDistributionKeys,
  type TokenDistributions,
  writeDistributions,
} from "../store/index.ts";
import type { LocalModel } from "./generate-model.ts";
import type { ModelName } from "./generate-rows.ts";
import { progressLine } from "./progress.ts";
import { scoringRequest } from "./score-with-request.ts";
import { type GivenResponse, keyOf, responseKey } from "./score-with-responses.ts";

/** Log-probabilities of one part: 4 or 8 MB of numbers. */
const largestPart = 2 ** 20;

/** What identifies a tokenizer in a table of distributions. */
export const tokenizerHash = (description: unknown): string => shortHash(canonicalJson(description));

/** The responses of which the run has no distributions of this checkpoint with so many tokens a step. */
export async function distributionUnits(
  folder: string,
  name: ModelName,
  given: { readonly responses: readonly GivenResponse[]; readonly top: number | undefined },
): Promise<GivenResponse[]> {
  const finished = new Set<string>();
  for await (const keys of readDistributionKeys(folder)) {
    for (const key of keys) {
      if (given.top === undefined ? key.isWhole : key.top >= given.top) finished.add(keyOf(key));
    }
  }
  return given.responses.filter((response) => {
    const key = responseKey(name, response);
    if (finished.has(key)) return false;
    finished.add(key);
    return true;
  });
}

interface TeacherRequest {
  readonly model: LocalModel;
  readonly name: ModelName;
  readonly folder: string;
  /** The file or run that was read. */
  readonly input: string;
  /** Tokens to list a step; the whole vocabulary where undefined. */
  readonly top: number | undefined;
  readonly batch: number;
  /** Whether responses end with the end-of-sequence token. */
  readonly ends: boolean;
}

/** Writes the distributions part by part, each into the journal once it is on disk; gives the number of responses. */
export async function writeTeacherDistributions(
  units: readonly GivenResponse[],
  request: TeacherRequest,
): Promise<number> {
  const { model, folder, input } = request;
  const { vocabularySize } = model.decoder;
  const top = Math.min(request.top ?? vocabularySize, vocabularySize);
  const progress = progressLine({ title: "distributions", total: units.length });
  for (let start = 0; start < units.length; ) {
    const part: GivenResponse[] = [];
    for (let entries = 0; start < units.length && entries < largestPart; start += 1) {
      const unit = units[start]!;
      part.push(unit);
      entries += scoringRequest(unit, model, request.ends).response.length * top;
    }
    const rows = await distributionsOf(part, request, top);
    const unit = partName(rows);
    await appendJournal(folder, {
      unit,
      input,
      importer: "score-with --distributions",
      parts: [await writeDistributions(folder, unit, rows)],
      rows: rows.length,
      rejected: 0,
      notes: [],
      drops: [],
    });
    progress.update(start);
  }
  progress.finish();
  return units.length;
}

async function distributionsOf(
  units: readonly GivenResponse[],
  { model, name, ends, batch }: TeacherRequest,
  top: number,
): Promise<TokenDistributions[]> {
  const { vocabularySize } = model.decoder;
  const requests = units.map((unit) => ({ ...scoringRequest(unit, model, ends), alternatives: top }));
  const scored = await model.scorer.score(requests, { batch });
  const isWhole = top === vocabularySize;
  return units.map(({ row, base, role, drawnBy }, index) => {
    const steps = scored[index]?.alternatives ?? [];
    const logProbabilities = new Float32Array(steps.length * top);
    const ids = new Int32Array(isWhole ? 0 : logProbabilities.length);
    steps.forEach((step, position) => {
      step.forEach(({ token, logProbability }, rank) => {
        logProbabilities[position * top + (isWhole ? token : rank)] = Math.min(0, logProbability);
        if (!isWhole) ids[position * top + rank] = token;
      });
    });
    const { task, problem, promptHash, samplingHash, drawSet, draw } = base;
    return {
      ...{ model: name.model, step: name.step, task, problem, promptHash, samplingHash },
      ...{ role, drawnBy, drawSet, draw, top, isWhole, vocabularySize, logProbabilities },
      prompt: row.prompt,
      response: row.response ?? "",
      tokenizer: tokenizerHash(model.tokenizer.description),
      ...(!isWhole && { ids }),
    };
  });
}

function partName(rows: readonly TokenDistributions[]): string {
  const text = rows.map((row) => `${keyOf(row)} ${row.top}`).join("\u0001");
  return `distributions-${createHash("sha256").update(text).digest("hex").slice(0, 24)}`;
}
