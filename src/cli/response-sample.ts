/**
 * Responses to read on the report's page: of each problem a few correct, incorrect and unscored ones, drawn uniformly from
 * the rows that pass, in bounded memory.
 */
import { crc32 } from "node:zlib";
import type { Likelihood, Outcome, Response, Row } from "../record/index.ts";
import {
  type ModelCounts,
  type ProblemView,
  type ShownProblem,
  type ShownResponse,
  tokenLengths,
} from "../report/index.ts";
import type { CountGroup, ProblemDraw } from "../store/index.ts";

/** Responses of one verdict kept for a problem. */
const perVerdict = 4;
/** Problems whose responses are kept, the ones with the smallest hashes. */
const mostProblems = 3000;
/** Runs with more draws are not read for their texts. */
const mostDraws = 300_000;
/** Characters kept of a text. */
const longestText = 4000;
const longestPrompt = 6000;
const mostTokens = 2000;

const separator = "\u0000";

/** What is kept of a draw; several verifiers may have judged it. */
interface Material {
  uses: number;
  response?: { readonly text: string; readonly cut: number; readonly finishReason?: string };
  /** Of the whole text. */
  fingerprint?: number;
  likelihood?: {
    readonly fingerprint?: number;
    readonly logProbability: number;
    readonly tokens?: readonly number[];
    /** Texts of all tokens; the long ones are not kept. */
    readonly texts?: readonly string[];
  };
}

interface Kept {
  readonly priority: number;
  readonly key: string;
  readonly outcome: Outcome;
  readonly material: Material;
}

interface Problem {
  readonly priority: number;
  readonly sample: Outcome;
  prompt?: string;
  promptCut?: number;
  target?: string;
  /** By verifier and verdict. */
  readonly lists: Map<string, Kept[]>;
}

export class ResponseSample {
  readonly mostDraws = mostDraws;
  readonly #problems = new Map<string, Problem>();
  readonly #materials = new Map<string, Material>();
  /** Problems with a larger hash are not kept. */
  #largest = Number.POSITIVE_INFINITY;
  /** Responses of the last batch: an outcome may come in the next. */
  #recent = new Map<string, Response>();

  /** Takes rows; the outcome of a draw has to come before its response, or with it or in the next batch. */
  add(rows: readonly Row[]): void {
    for (const row of rows) if (row.kind === "outcome") this.#addOutcome(row);
    const recent = new Map<string, Response>();
    for (const row of rows) {
      if (row.kind !== "response" || row.role !== "draw" || this.#isPassedOver(row)) continue;
      const key = drawKey(row);
      const material = this.#materials.get(key);
      if (material !== undefined) this.#attach(material, row);
      else recent.set(key, row);
    }
    this.#recent = recent;
    for (const row of rows) {
      if (row.kind !== "likelihood" || row.role !== "draw" || this.#isPassedOver(row)) continue;
      const material = this.#materials.get(drawKey(row));
      if (material !== undefined) attachScore(material, row);
    }
  }

  #isPassedOver(row: Row): boolean {
    return this.#largest < Number.POSITIVE_INFINITY && hashOf(problemKey(row)) > this.#largest;
  }

  #addOutcome(row: Outcome): void {
    if (this.#isPassedOver(row)) return;
    const problem = this.#problemOf(row);
    const listKey = row.verifier + separator + row.verdict;
    let list = problem.lists.get(listKey);
    if (list === undefined) {
      list = [];
      problem.lists.set(listKey, list);
    }
    const key = drawKey(row);
    const priority = hashOf(key);
    const last = list.at(-1);
    if (list.length >= perVerdict && last !== undefined && priority >= last.priority) return;
    if (list.some((kept) => kept.key === key)) return;
    let material = this.#materials.get(key);
    if (material === undefined) {
      material = { uses: 0 };
      this.#materials.set(key, material);
      const response = this.#recent.get(key);
      if (response !== undefined) this.#attach(material, response);
    }
    material.uses += 1;
    list.push({ priority, key, outcome: row, material });
    list.sort((left, right) => left.priority - right.priority);
    if (list.length > perVerdict) this.#release(list.pop());
  }

  #problemOf(row: Outcome): Problem {
    const key = problemKey(row);
    const known = this.#problems.get(key);
    if (known !== undefined) return known;
    const created: Problem = { priority: hashOf(key), sample: row, lists: new Map() };
    this.#problems.set(key, created);
    if (this.#problems.size > 2 * mostProblems) this.#forgetProblems();
    return created;
  }

  #forgetProblems(): void {
    const sorted = [...this.#problems].sort(([, left], [, right]) => left.priority - right.priority);
    this.#largest = sorted[mostProblems - 1]?.[1].priority ?? this.#largest;
    for (const [key, problem] of sorted.slice(mostProblems)) {
      for (const list of problem.lists.values()) for (const kept of list) this.#release(kept);
      this.#problems.delete(key);
    }
  }

  #release(kept: Kept | undefined): void {
    if (kept === undefined) return;
    kept.material.uses -= 1;
    if (kept.material.uses === 0) this.#materials.delete(kept.key);
  }

  #attach(material: Material, row: Response): void {
    material.fingerprint = crc32(row.text);
    if (!isOfText(material, material.likelihood?.fingerprint)) delete material.likelihood;
    material.response = {
      text: own(row.text.slice(0, longestText)),
      cut: Math.max(0, row.text.length - longestText),
      ...(row.finishReason !== undefined && { finishReason: row.finishReason }),
    };
    const problem = this.#problems.get(problemKey(row));
    if (problem === undefined || problem.prompt !== undefined) return;
    if (row.prompt !== undefined) {
      problem.prompt = own(row.prompt.slice(0, longestPrompt));
      problem.promptCut = Math.max(0, row.prompt.length - longestPrompt);
    }
    if (row.target !== undefined) problem.target ??= own(row.target.slice(0, longestText));
  }

  /** The responses of a view's task; `models` and `groups` are the report's, at the same positions. */
  shownIn(
    view: ProblemView,
    models: readonly ModelCounts[],
    groups: readonly CountGroup[],
  ): readonly ShownProblem[] {
    const positions = new Map(view.problems.map((name, index) => [name, index]));
    const modelOf = modelPositions(view, models, groups);
    const shown = [...this.#problems.values()]
      .filter(({ sample }) => sample.task === view.task)
      .sort((left, right) => left.priority - right.priority)
      .flatMap((problem): ShownProblem[] => {
        const { problem: name, promptHash } = problem.sample;
        const position = positions.get(`${name} (prompt ${promptHash})`) ?? positions.get(name);
        const responses = [...problem.lists.values()]
          .flat()
          .flatMap((kept) => shownResponse(kept, modelOf(kept.outcome)) ?? [])
          .sort((left, right) => verdictOrder.indexOf(left.verdict) - verdictOrder.indexOf(right.verdict));
        if (position === undefined || responses.length === 0) return [];
        const { prompt, promptCut = 0, target } = problem;
        return [
          {
            problem: position,
            ...(prompt !== undefined && { prompt }),
            ...(promptCut > 0 && { promptCut }),
            ...(target !== undefined && { target }),
            responses,
          },
        ];
      });
    return shown;
  }
}

/** Another model's draw of the same number, scored by this one, has another text. */
const isOfText = ({ fingerprint }: Material, scored: number | undefined): boolean =>
  fingerprint === undefined || scored === undefined || scored === fingerprint;

function attachScore(material: Material, row: Likelihood): void {
  const { fingerprint, logProbability } = row;
  if (!isOfText(material, fingerprint)) return;
  const tokens = row.tokenLogProbabilities?.slice(0, mostTokens);
  const texts = (row.tokens?.length ?? mostTokens + 1) > mostTokens ? undefined : row.tokens?.map(own);
  material.likelihood = {
    logProbability,
    ...(fingerprint !== undefined && { fingerprint }),
    ...(tokens !== undefined && { tokens }),
    ...(texts !== undefined && { texts }),
  };
}

const verdictOrder = ["correct", "incorrect", "unscored"];

function shownResponse({ outcome, material }: Kept, model: number | undefined): ShownResponse | undefined {
  const { response, likelihood } = material;
  if (response === undefined || model === undefined) return undefined;
  const { reason, reward, answer } = outcome;
  return responseToShow(
    {
      draw: outcome.draw,
      verdict: outcome.verdict,
      ...(reason !== undefined && { reason: own(reason.slice(0, longestFact)) }),
      ...(reward !== undefined && { reward }),
      ...(answer !== undefined && { answer: own(answer.slice(0, longestFact)) }),
      ...response,
      ...(likelihood !== undefined && { logProbability: likelihood.logProbability }),
      ...(likelihood?.tokens !== undefined && { tokenLogProbabilities: likelihood.tokens }),
      ...(likelihood?.texts !== undefined && { tokens: likelihood.texts }),
    },
    model,
  );
}

/** Characters of a reason or an answer. */
const longestFact = 300;

/** A draw as the page takes it; `model` is the position of the model that drew it. */
export function responseToShow(draw: Omit<ProblemDraw, "position">, model: number): ShownResponse {
  const { text, cut, tokens, tokenLogProbabilities, reason, answer, ...rest } = draw;
  const lengths = tokens && tokenLengths(tokens, text, { cut: cut > 0 });
  return {
    model,
    ...rest,
    ...(reason !== undefined && { reason: reason.slice(0, longestFact) }),
    ...(answer !== undefined && { answer: answer.slice(0, longestFact) }),
    text,
    ...(cut > 0 && { cut }),
    ...(tokenLogProbabilities !== undefined && {
      tokenLogProbabilities: tokenLogProbabilities.map((value) => Math.round(value * 1e4) / 1e4),
    }),
    ...(lengths !== undefined && { tokenLengths: lengths }),
  };
}

/** Which of the view's models an outcome belongs to; undefined for one that is not in the report. */
function modelPositions(
  view: ProblemView,
  models: readonly ModelCounts[],
  groups: readonly CountGroup[],
): (row: Outcome) => number | undefined {
  const positions = new Map<string, number>();
  groups.forEach((group, index) => {
    const label = models[index]?.task === view.task ? models[index]?.label : undefined;
    const position = label === undefined ? -1 : view.models.indexOf(label);
    if (position >= 0) positions.set(groupKey(group), position);
  });
  return (row) => positions.get(groupKey(row)) ?? positions.get(groupKey({ ...row, samplingHash: "" }));
}

/** What tells the draws of one model, task, sampling and verifier from those of another. */
export const groupKey = (
  row: Pick<Outcome, "model" | "step" | "trainingTokens" | "task" | "samplingHash" | "verifier">,
): string =>
  [row.model, row.step ?? "", row.trainingTokens ?? "", row.task, row.samplingHash, row.verifier].join(
    separator,
  );

const problemKey = (row: Row): string => row.task + separator + row.problem + separator + row.promptHash;

export const drawKey = (row: Outcome | Response | Likelihood): string =>
  [
    problemKey(row),
    row.model,
    row.step ?? "",
    row.trainingTokens ?? "",
    row.samplingHash,
    row.drawSet,
    row.draw,
  ].join(separator);

/** A number that does not depend on the order of the rows. */
const hashOf = (key: string): number => crc32(key);

/** A copy that does not keep the long text alive that it was cut from. */
const own = (text: string): string => Buffer.from(text, "utf16le").toString("utf16le");
