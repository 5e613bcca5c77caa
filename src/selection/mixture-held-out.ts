/** What the mixture is worth on prompts that did not choose its weights. */
import { compensatedSum, type RandomGenerator } from "../numeric/index.ts";
import { checkN, type LikelihoodTable } from "./likelihood-table.ts";
import { mixtureColumn, optimumOf, worstCoverage } from "./mixture.ts";

/** The mixture on records that did not choose its weights, made by `heldOutMixture`. */
export interface HeldOutMixture {
  /** Mean log-likelihood of held-out records, nats a response; −∞ if one has no mass. */
  readonly mixture: number;
  readonly uniform: number;
  /** Of each candidate on the same records, in the table's order. */
  readonly candidates: readonly { readonly model: string; readonly meanLogLikelihood: number }[];
  readonly coverage: readonly {
    readonly n: number;
    /** max_π' Ĉov_N(π'‖π̂_mix), each record against the mixture that has not seen its prompt. */
    readonly mixture: number;
    readonly uniform: number;
  }[];
  /** Each fold's weights, in the table's order. */
  readonly weights: readonly Float64Array[];
  readonly folds: number;
  readonly records: number;
}

/**
 * The maximum-likelihood mixture by cross-validation over prompts: each fold's records are scored by the mixture fitted
 * to the other folds (all records of a prompt in one fold, prompts dealt out at random).
 *
 * The certificate Ĉov_N ≤ 1/N is in-sample only; the held-out maximum may exceed it, which this shows.
 *
 * @throws RangeError for N below 1 or folds that are not an integer from 2 to the number of prompts.
 * @example
 * const table = likelihoodTable({
 *   candidates: [
 *     { model: "a", logProbabilities: new Float64Array(10).fill(-1) },
 *     { model: "b", logProbabilities: new Float64Array(10).fill(-2) },
 *   ],
 * });
 * heldOutMixture(table, { generator: randomGenerator("folds"), folds: 5 }).folds; // 5
 */
export function heldOutMixture(
  table: LikelihoodTable,
  options: {
    readonly generator: RandomGenerator;
    /** 5 where absent, fewer for fewer prompts. */
    readonly folds?: number;
    readonly ns?: readonly number[];
  },
): HeldOutMixture {
  const { generator, ns = [] } = options;
  const folds = options.folds ?? Math.min(5, table.promptCount);
  for (const n of ns) checkN("ns", n);
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= table.promptCount)) {
    throw new RangeError(
      `folds is ${folds}: must be an integer between 2 and the number of prompts, ${table.promptCount}`,
    );
  }
  const foldOf = dealtFolds({ prompts: table.promptCount, folds, generator });
  const foldOfRecord = (record: number): number =>
    foldOf[table.promptOf === undefined ? record : table.promptOf[record]!]!;
  const column = new Float64Array(table.records);
  const weights = Array.from({ length: folds }, (_, fold) => {
    const seen: number[] = [];
    for (let record = 0; record < table.records; record++)
      if (foldOfRecord(record) !== fold) seen.push(record);
    const fitted = optimumOf(table, seen).weights;
    const scored = mixtureColumn(table, fitted);
    for (let record = 0; record < table.records; record++) {
      if (foldOfRecord(record) === fold) column[record] = scored[record]!;
    }
    return fitted;
  });
  const width = table.models.length;
  const equal = mixtureColumn(table, new Float64Array(width).fill(1 / width));
  const meanOf = (values: ArrayLike<number>): number => compensatedSum(values) / table.records;
  return {
    mixture: meanOf(column),
    uniform: meanOf(equal),
    candidates: table.models.map((model, index) => ({
      model,
      meanLogLikelihood: meanOf(table.columns[index]!),
    })),
    coverage: ns.map((n) => ({
      n,
      mixture: worstCoverage(table, column, n),
      uniform: worstCoverage(table, equal, n),
    })),
    weights,
    folds,
    records: table.records,
  };
}

/** A fold for each prompt: shuffled, then dealt in turn, so that sizes differ by one at most. */
function dealtFolds(input: {
  readonly prompts: number;
  readonly folds: number;
  readonly generator: RandomGenerator;
}): Int32Array {
  const { prompts, folds, generator } = input;
  const foldOf = Int32Array.from({ length: prompts }, (_, prompt) => prompt % folds);
  for (let place = prompts - 1; place > 0; place--) {
    const other = generator.integer(place + 1);
    const kept = foldOf[place]!;
    foldOf[place] = foldOf[other]!;
    foldOf[other] = kept;
  }
  return foldOf;
}
