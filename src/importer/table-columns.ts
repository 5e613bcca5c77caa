/** Which column of a table plays which role: by the user's mapping first, then by usual names and the kind of value. */
import { InputError } from "../record/index.ts";
import type { MappableField } from "./importer.ts";
import { type ColumnRole, normalisedName, usualNames } from "./table-column-names.ts";
import {
  isCountLike,
  isNumberLike,
  isRewardLike,
  isStepLike,
  isText,
  isTextOrTexts,
  isVerdictLike,
  mostly,
  variesWithin,
} from "./table-column-values.ts";

export type ColumnRoles = Readonly<Partial<Record<ColumnRole, string>>>;

/** What one row of the table stands for. */
export type TableShape = "counts" | "draws" | "likelihoods";

export interface RecognisedTable {
  readonly roles: ColumnRoles;
  readonly shape: TableShape;
}

/** The values of some rows, by column; the columns are equally long. */
export type ColumnSample = ReadonlyMap<string, readonly unknown[]>;

type ColumnMap = Readonly<Partial<Record<MappableField, string>>>;

/**
 * The roles of a table's columns, or undefined where neither counts, verdicts, rewards, responses nor
 * log-probabilities of problems are recognised. Throws InputError if a mapped column does not exist.
 */
export function recogniseColumns(sample: ColumnSample, map: ColumnMap): RecognisedTable | undefined {
  const search = new ColumnSearch(sample, map);
  findCounts(search);
  // A real-valued score that is often 0 or 1 is no verdict.
  search.find("correct", mostly(isVerdictLike, 0.9));
  findProblem(search);
  findDraws(search);
  const { roles } = search;
  if (hasCounts(roles)) search.find("k", mostly(isCountLike));
  else findLogProbabilities(search);
  const shape = shapeOf(search);
  if (shape !== "likelihoods") return shape && { roles, shape };
  if (roles.sampler === undefined) return { roles, shape };
  // Several models score what one of them drew: a verdict beside a score is not of the model that scores.
  const { correct: _verdict, reward: _reward, gold: _gold, ...used } = roles;
  return { roles: used, shape };
}

/** Gives each role the first column of a usual name that is free and whose values fit. */
class ColumnSearch {
  readonly map: ColumnMap;
  readonly roles: Partial<Record<ColumnRole, string>>;
  readonly #sample: ColumnSample;
  readonly #taken: Set<string>;
  readonly #byName = new Map<string, string>();

  constructor(sample: ColumnSample, map: ColumnMap) {
    for (const [role, column] of Object.entries(map)) {
      if (sample.has(column)) continue;
      const columns = [...sample.keys()].slice(0, 40).join(", ");
      throw new InputError(`--map ${role}=${column}: the table has no such column; it has ${columns}`);
    }
    this.map = map;
    this.roles = { ...map };
    this.#sample = sample;
    this.#taken = new Set(Object.values(map));
    for (const column of sample.keys()) {
      const name = normalisedName(column);
      if (!this.#byName.has(name)) this.#byName.set(name, column);
    }
  }

  find(
    role: ColumnRole,
    fits: (values: readonly unknown[]) => boolean = () => true,
    allowed: (column: string) => boolean = () => true,
  ): void {
    if (this.roles[role] !== undefined) return;
    for (const name of usualNames[role]) {
      const column = this.#byName.get(name);
      if (column === undefined || this.#taken.has(column) || !allowed(column)) continue;
      if (!fits(this.valuesOf(column))) continue;
      this.roles[role] = column;
      this.#taken.add(column);
      return;
    }
  }

  /** Takes the role from its column, which is free then. */
  release(role: ColumnRole): void {
    const column = this.roles[role];
    if (column !== undefined) this.#taken.delete(column);
    delete this.roles[role];
  }

  valuesOf(column: string | undefined): readonly unknown[] {
    return (column === undefined ? undefined : this.#sample.get(column)) ?? [];
  }

  hasUsualName(role: ColumnRole): boolean {
    return usualNames[role].some((name) => this.#byName.has(name));
  }
}

const hasCounts = (roles: ColumnRoles): boolean => roles.n !== undefined && roles.c !== undefined;

/** n with c, or neither. */
function findCounts(search: ColumnSearch): void {
  const { roles, map } = search;
  search.find("n", mostly(isCountLike));
  if (roles.n === undefined) return;
  // Beside a number of the draw, `correct` speaks of that draw and not of all n.
  const numbersDraws = search.hasUsualName("draw") || map.draw !== undefined;
  const isVerdict = (column: string) => numbersDraws && usualNames.correct.includes(normalisedName(column));
  search.find("c", mostly(isCountLike), (column) => !isVerdict(column));
  if (roles.c === undefined && map.n === undefined) search.release("n");
}

/** Which model was given which problem, and by what one draw is told from another. */
function findProblem(search: ColumnSearch): void {
  const { roles } = search;
  search.find(
    "model",
    mostly((value) => !Array.isArray(value)),
  );
  search.find("task", mostly(isText));
  search.find("prompt", mostly(isText));
  // A number of the row names no problem where one prompt stands under several of them.
  const numbersRows = (column: string) =>
    /^(?:idx|index|id)$/.test(normalisedName(column)) &&
    variesWithin(search.valuesOf(roles.prompt), search.valuesOf(column));
  search.find(
    "problem",
    mostly((value) => typeof value !== "object"),
    (column) => !numbersRows(column),
  );
  search.find("draw", mostly(isCountLike));
  search.find("step", mostly(isStepLike));
  // Names of checkpoints that are no numbers: better refused than pooled into one model.
  const names = (values: readonly unknown[]) => mostly(isText)(values) && new Set(values).size > 1;
  if (roles.model !== undefined) search.find("step", names, (column) => normalisedName(column) !== "step");
  search.find("tokens", mostly(isNumberLike));
  search.find("temperature", mostly(isNumberLike));
  search.find("unscored", mostly(isCountLike));
}

/** What was drawn and how it was judged. */
function findDraws(search: ColumnSearch): void {
  const { roles } = search;
  search.find("response", mostly(isTextOrTexts));
  search.find("reward", mostly(isRewardLike));
  if (roles.reward !== undefined) search.find("gold", mostly(isRewardLike));
  if (holdsDraws(roles)) {
    const problems = search.valuesOf(roles.problem ?? roles.prompt);
    search.find("answer", (values) => values.some(Array.isArray) || variesWithin(problems, values));
  }
  search.find("target");
  search.find("verifier", mostly(isText));
}

const holdsDraws = ({ correct, reward, response }: ColumnRoles): boolean =>
  (correct ?? reward ?? response) !== undefined;

function findLogProbabilities(search: ColumnSearch): void {
  const { roles, map } = search;
  search.find("logprob", mostly(isRewardLike));
  if (roles.logprob !== undefined) search.find("sampler", mostly(isText));
  // Beside a sampler every row is about one response, and so is its answer, which is no target then.
  if (roles.logprob !== undefined && roles.sampler !== undefined && roles.answer === undefined) {
    const { target } = roles;
    const isAnswer = target !== undefined && usualNames.answer.includes(normalisedName(target));
    if (map.target === undefined && isAnswer) {
      roles.answer = target;
      delete roles.target;
    } else search.find("answer");
  }
  search.find("negativeLogprob", mostly(isNumberLike));
}

/** What a row stands for; undefined where that is not recognised. */
function shapeOf(search: ColumnSearch): TableShape | undefined {
  const { roles } = search;
  if (roles.problem === undefined && roles.prompt === undefined) return undefined;
  if (hasCounts(roles) && !search.valuesOf(roles.correct).some(Array.isArray)) return "counts";
  if (roles.sampler !== undefined) {
    if (roles.logprob !== undefined) return "likelihoods";
    throw new InputError(
      `--map sampler=${roles.sampler}: needs a column of log-probabilities (--map logprob=…)`,
    );
  }
  if (holdsDraws(roles)) return "draws";
  return roles.logprob === undefined ? undefined : "likelihoods";
}

/** One line for people: `n = "Num. Samples", c = "Num. Samples Correct"`. */
export function describeColumns({ roles, shape }: RecognisedTable): string {
  const used = Object.entries(roles).filter(([role]) => role !== "negativeLogprob");
  return `${shape} from columns ${used.map(([role, column]) => `${role} = "${column}"`).join(", ")}`;
}
