/**
 * P_{y~π}[π'(y|x)/π(y|x) ≥ N] from responses that candidates drew and all candidates scored.
 *
 * The probability is at most 1/N, so counting hits among π's own draws is noisy. The balance heuristic uses every draw
 * of every candidate for the same prompt, weighed by π(y)/Σ_j n_j π_j(y) with the true numbers of draws n_j: unbiased,
 * with bounded terms.
 */
import { compensatedSum, logSumExp } from "../numeric/index.ts";
import {
  type CandidateColumn,
  checkedColumn,
  checkN,
  comparedColumn,
  type LogProbabilities,
  ratioRule,
} from "./likelihood-table.ts";

/** Responses drawn by candidates and scored by all of them; made by `drawTable`. */
export interface DrawTable {
  readonly models: readonly string[];
  /** columns[k][d] = log π_k of draw d. */
  readonly columns: readonly LogProbabilities[];
  readonly draws: number;
  /** Index of the model that drew each. */
  readonly drawnBy: Int32Array;
  /** Each draw's prompt, an index into `prompts`. */
  readonly promptOf: Int32Array;
  readonly prompts: readonly (string | number)[];
  /** Number of draws of each model for each prompt, one row a prompt. */
  readonly pools: Int32Array;
  /** log Σ_j n_j π_j(y) of each draw, n_j being the draws of model j for the draw's prompt. */
  readonly logPooled: Float64Array;
}

/** Ĉov^π_N(π'‖π) of one ordered pair, made by `ratioEstimate`. */
export interface RatioEstimate {
  /** Mean over prompts. */
  readonly estimate: number;
  /** From the variance between prompts; undefined with a single prompt. */
  readonly standardError: number | undefined;
  /** Prompts with draws that this estimator can use, and the number of these draws. */
  readonly prompts: number;
  readonly draws: number;
}

/** `on-policy`: hits among π's own draws; `balance`: every candidate's draws by the balance heuristic. */
export type RatioMethod = "on-policy" | "balance";

/**
 * Checks draws: `candidates` scores every draw by every model, `drawnBy` names the model that drew each, `prompts` the
 * prompt.
 *
 * @throws RangeError as `likelihoodTable`, for a drawer that is no candidate, and for a draw to which its drawer gives
 * no mass.
 * @example
 * const draws = drawTable({
 *   candidates: [
 *     { model: "a", logProbabilities: Float64Array.of(-1, -3) },
 *     { model: "b", logProbabilities: Float64Array.of(-2, -0.5) },
 *   ],
 *   drawnBy: ["a", "b"],
 *   prompts: ["x", "x"],
 * });
 * draws.prompts; // ["x"]
 */
export function drawTable(input: {
  readonly candidates: readonly CandidateColumn[];
  readonly drawnBy: ArrayLike<string>;
  readonly prompts: ArrayLike<string | number>;
}): DrawTable {
  const { candidates, drawnBy, prompts } = input;
  const models = candidates.map(({ model }) => model);
  if (new Set(models).size !== models.length)
    throw new RangeError("a model occurs twice among the candidates");
  const draws = drawnBy.length;
  if (draws === 0) throw new RangeError("drawnBy is empty: must name the drawer of at least one draw");
  if (prompts.length !== draws) {
    throw new RangeError(`prompts has length ${prompts.length}: must name all ${draws} draws`);
  }
  const wide = candidates.some(({ logProbabilities }) => logProbabilities instanceof Float64Array);
  const columns = candidates.map((candidate) => {
    const { length } = candidate.logProbabilities;
    if (length === draws) return checkedColumn(candidate, wide);
    throw new RangeError(
      `model ${JSON.stringify(candidate.model)} scores ${length} draws: must score all ${draws}`,
    );
  });
  const promptNumbers = new Map<string | number, number>();
  const modelNumbers = new Map(models.map((model, index) => [model, index]));
  const promptOf = new Int32Array(draws);
  const drawerOf = new Int32Array(draws);
  for (let draw = 0; draw < draws; draw++) {
    const name = JSON.stringify(drawnBy[draw]);
    const drawer = modelNumbers.get(drawnBy[draw]!);
    if (drawer === undefined) {
      throw new RangeError(`draw ${draw} is by ${name}: must be by one of the candidates`);
    }
    if (columns[drawer]![draw] === Number.NEGATIVE_INFINITY) {
      throw new RangeError(`draw ${draw} has no mass under ${name}, which drew it`);
    }
    drawerOf[draw] = drawer;
    const prompt = promptNumbers.get(prompts[draw]!) ?? promptNumbers.size;
    promptNumbers.set(prompts[draw]!, prompt);
    promptOf[draw] = prompt;
  }
  const pools = new Int32Array(promptNumbers.size * models.length);
  for (let draw = 0; draw < draws; draw++) pools[promptOf[draw]! * models.length + drawerOf[draw]!]!++;
  const terms = new Float64Array(models.length);
  const logPooled = Float64Array.from({ length: draws }, (_, draw) => {
    const start = promptOf[draw]! * models.length;
    for (let model = 0; model < models.length; model++) {
      const size = pools[start + model]!;
      terms[model] = size === 0 ? Number.NEGATIVE_INFINITY : Math.log(size) + columns[model]![draw]!;
    }
    return logSumExp(terms);
  });
  return {
    models,
    columns,
    draws,
    drawnBy: drawerOf,
    promptOf,
    prompts: [...promptNumbers.keys()],
    pools,
    logPooled,
  };
}

/**
 * Ĉov^π_N(π'‖π) of (32), averaged over prompts.
 *
 * `on-policy` is the paper's: the share of π's draws with π'/π ≥ N, over prompts for which π drew. `balance` (beyond the
 * paper): p̂_x = Σ_y 1{π'(y)/π(y) ≥ N}·π(y)/Σ_j n_j π_j(y) over all draws of the prompt, for prompts where π or π' drew;
 * unbiased too. With the log-ratio normal, its variance a draw is 14 to 85 times smaller (N = 16 to 64).
 *
 * `weights` says how much each prompt counts (the number of its data records; 1 where absent). undefined if no prompt
 * has the draws.
 *
 * @throws RangeError for N below 1 or a model that is not in the table.
 * @example
 * const draws = drawTable({
 *   candidates: [
 *     { model: "a", logProbabilities: Float64Array.of(Math.log(0.9), Math.log(0.1)) },
 *     { model: "b", logProbabilities: Float64Array.of(Math.log(0.2), Math.log(0.8)) },
 *   ],
 *   drawnBy: ["a", "b"],
 *   prompts: ["x", "x"],
 * });
 * ratioEstimate(draws, { of: "b", under: "a", n: 4, method: "on-policy" })?.estimate; // 0
 * ratioEstimate(draws, { of: "b", under: "a", n: 4, method: "balance" })?.estimate; // 1 / 9
 */
export function ratioEstimate(
  table: DrawTable,
  options: {
    /** π'. */
    readonly of: string;
    /** π. */
    readonly under: string;
    readonly n: number;
    readonly method: RatioMethod;
    readonly weights?: ReadonlyMap<string | number, number>;
  },
): RatioEstimate | undefined {
  const { of, under, n, method, weights } = options;
  checkN("n", n);
  const above = table.models.indexOf(of);
  const below = table.models.indexOf(under);
  if (above < 0) throw new RangeError(`model ${JSON.stringify(of)} is not in the table`);
  if (below < 0) throw new RangeError(`model ${JSON.stringify(under)} is not in the table`);
  const weightOf = Float64Array.from(table.prompts, (prompt) => (weights ? (weights.get(prompt) ?? 0) : 1));
  const width = table.models.length;
  const values = new Float64Array(table.prompts.length);
  const poolSize = (prompt: number, model: number): number => table.pools[prompt * width + model]!;
  const { slope, base } = ratioRule(n);
  const log = comparedColumn(table.columns[below]!);
  const logAbove = table.columns[above]!;
  for (let draw = 0; draw < table.draws; draw++) {
    if (!(logAbove[draw]! >= slope * log[draw]! + base)) continue;
    const prompt = table.promptOf[draw]!;
    if (method === "balance") values[prompt]! += Math.exp(log[draw]! - table.logPooled[draw]!);
    else if (table.drawnBy[draw] === below) values[prompt]! += 1 / poolSize(prompt, below);
  }
  let draws = 0;
  const used: number[] = [];
  for (let prompt = 0; prompt < table.prompts.length; prompt++) {
    const own = poolSize(prompt, below);
    const usable = method === "balance" ? own + poolSize(prompt, above) > 0 : own > 0;
    if (!usable || weightOf[prompt] === 0) continue;
    used.push(prompt);
    if (method === "on-policy") draws += own;
    else for (let model = 0; model < width; model++) draws += poolSize(prompt, model);
  }
  if (used.length === 0) return undefined;
  const total = compensatedSum(used.map((prompt) => weightOf[prompt]!));
  const estimate = compensatedSum(used.map((prompt) => weightOf[prompt]! * values[prompt]!)) / total;
  const squares = compensatedSum(
    used.map((prompt) => (weightOf[prompt]! * (values[prompt]! - estimate)) ** 2),
  );
  const prompts = used.length;
  const standardError = prompts < 2 ? undefined : Math.sqrt((squares * prompts) / (prompts - 1)) / total;
  return { estimate, standardError, prompts, draws };
}
