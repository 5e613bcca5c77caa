/** A teacher's next-token distributions as they were saved: in a run folder by `lmcov score-with`, or in a table. */
import { strictRecords } from "../importer/index.ts";
import { InputError } from "../record/index.ts";
import {
  distributionParts,
  isRunFolder,
  readDistributions,
  type TokenDistributions,
} from "../store/index.ts";
import type { Example, TeacherTokens } from "../train/index.ts";
import { tokenizerHash } from "./score-with-distributions.ts";

/** Distributions at each token of one response. */
export interface SavedSteps {
  /** So many tokens a step. */
  readonly top: number;
  /** True where every token of the vocabulary is there, by its id. */
  readonly isWhole: boolean;
  /** [tokens, top], row-major; absent where whole. */
  readonly ids?: ArrayLike<number> | undefined;
  /** [tokens, top], nats. */
  readonly logProbabilities: Float32Array;
}

export interface SavedDistributions {
  /** By the key of the example. */
  readonly byExample: ReadonlyMap<string, SavedSteps>;
  /** Files that were read. */
  readonly files: readonly string[];
}

interface Wanted {
  readonly examples: readonly Example[];
  readonly tokenizer: unknown;
  readonly vocabularySize: number;
}

/** They are all in memory while a model is trained: 4 GiB. */
const largestNumbers = 2 ** 30;

export const exampleKey = ({ prompt, response }: Pick<Example, "prompt" | "response">) =>
  `${prompt}\u0000${response}`;

/** The distributions of the examples; throws InputError where they are of several models or of other tokens. */
export function savedDistributions(path: string, wanted: Wanted): Promise<SavedDistributions> {
  return isRunFolder(path) ? fromRun(path, wanted) : fromFile(path);
}

async function fromRun(folder: string, wanted: Wanted): Promise<SavedDistributions> {
  const keys = new Set(wanted.examples.map(exampleKey));
  const hash = tokenizerHash(wanted.tokenizer);
  const byExample = new Map<string, SavedSteps>();
  let first: TokenDistributions | undefined;
  let numbers = 0;
  for await (const rows of readDistributions(folder)) {
    for (const row of rows) {
      first ??= row;
      checkRow(folder, row, { first, hash, vocabularySize: wanted.vocabularySize });
      const key = exampleKey(row);
      const known = byExample.get(key);
      if (!keys.has(key) || (known !== undefined && known.top >= row.top)) continue;
      byExample.set(key, row);
      numbers += row.logProbabilities.length - (known?.logProbabilities.length ?? 0);
      if (numbers > largestNumbers) {
        throw new InputError(
          `${folder}: the distributions take more than 4 GiB of memory; write those of the likeliest tokens with lmcov score-with --distributions --top-k`,
        );
      }
    }
  }
  if (first === undefined) {
    throw new InputError(
      `${folder}: has no next-token distributions; lmcov score-with CHECKPOINT --input ${folder} --distributions writes them`,
    );
  }
  return { byExample, files: await distributionParts(folder) };
}

function checkRow(
  folder: string,
  row: TokenDistributions,
  expected: {
    readonly first: TokenDistributions;
    readonly hash: string;
    readonly vocabularySize: number;
  },
): void {
  const { first, hash, vocabularySize } = expected;
  const named = ({ model, step }: TokenDistributions) =>
    step === undefined ? model : `${model}, step ${step}`;
  if (named(row) !== named(first)) {
    throw new InputError(
      `${folder}: has distributions of ${named(first)} and of ${named(row)}; a teacher is one checkpoint, so write its own into a folder with --out`,
    );
  }
  if (row.vocabularySize !== vocabularySize) {
    throw new InputError(
      `${folder}: the teacher has a vocabulary of ${row.vocabularySize}, the model ${vocabularySize}`,
    );
  }
  if (row.tokenizer !== hash) throw new InputError(`${folder}: the teacher's tokenizer is not the model's`);
}

/** Rows with prompt, response, and for each response token ids and natural log-probabilities of likely tokens. */
async function fromFile(file: string): Promise<SavedDistributions> {
  const byExample = new Map<string, SavedSteps>();
  for await (const batch of strictRecords(file, ["prompt", "response", "ids", "logProbabilities"])) {
    for (const { record, line } of batch) {
      const { prompt, response } = record;
      if (typeof prompt !== "string" || typeof response !== "string") {
        throw new InputError(`${file}:${line}: prompt and response must be text`);
      }
      const ids = numberLists(record.ids);
      const logs = numberLists(record.logProbabilities);
      if (ids === undefined || logs === undefined || !sameLengths(ids, logs)) {
        throw new InputError(
          `${file}:${line}: ids and logProbabilities must be lists of equal lists of numbers, one a response token`,
        );
      }
      byExample.set(exampleKey({ prompt, response }), padded(ids, logs));
    }
  }
  return { byExample, files: [file] };
}

/** Lists of any lengths as one table, shorter ones filled up with what has probability 0. */
function padded(ids: readonly (readonly number[])[], logs: readonly (readonly number[])[]): SavedSteps {
  const top = Math.max(1, ...ids.map(({ length }) => length));
  const all = new Float64Array(ids.length * top);
  const logProbabilities = new Float32Array(ids.length * top).fill(Number.NEGATIVE_INFINITY);
  ids.forEach((step, index) => {
    all.set(step, index * top);
    logProbabilities.set(logs[index]!, index * top);
  });
  return { top, isWhole: false, ids: all, logProbabilities };
}

/** The likeliest `top` tokens of each step, padded with probability 0, and the most probability that any step lacks. */
export function likeliest(saved: SavedSteps, top: number): TeacherTokens & { readonly lacking: number } {
  const steps = saved.logProbabilities.length / saved.top;
  const ids = new Float64Array(steps * top);
  const probabilities = new Float64Array(steps * top);
  let lacking = 0;
  for (let step = 0; step < steps; step += 1) {
    const logs = saved.logProbabilities.subarray(step * saved.top, (step + 1) * saved.top);
    const order = [...logs.keys()].sort((left, right) => logs[right]! - logs[left]! || left - right);
    let left = 1;
    order.slice(0, top).forEach((entry, place) => {
      const probability = Math.exp(logs[entry]!);
      ids[step * top + place] = saved.ids?.[step * saved.top + entry] ?? entry;
      probabilities[step * top + place] = probability;
      left -= probability;
    });
    lacking = Math.max(lacking, left);
  }
  return { top, ids, probabilities, lacking };
}

function numberLists(value: unknown): number[][] | undefined {
  if (!Array.isArray(value)) return undefined;
  const lists = value.map((item: unknown) => (isList(item) ? Array.from(item, Number) : undefined));
  return lists.every((list) => list?.every((number) => !Number.isNaN(number)))
    ? (lists as number[][])
    : undefined;
}

const isList = (value: unknown): value is ArrayLike<number> =>
  Array.isArray(value) || ArrayBuffer.isView(value);

const sameLengths = (left: readonly (readonly number[])[], right: readonly (readonly number[])[]): boolean =>
  left.length === right.length && left.every((list, index) => list.length === right[index]!.length);
