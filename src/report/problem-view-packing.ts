/** Problem views for a page whose file is to stay small: compressed, and cut to what fits. */
import { plural } from "./number-text.ts";
import { packedPart } from "./packed.ts";
import type { PackedPart } from "./page-report.ts";
import type { ProblemView, ShownProblem, ShownResponse } from "./problem-view.ts";
import { columnBytes } from "./problem-view-columns.ts";

/** What a character of text takes at the least once it is compressed. */
const firstGuess = 0.2;
/** Room that texts leave alone. */
const leastTexts = 20_000;

/**
 * The views in at most about `limit` characters. Where counts of all models do not fit, those of the first ones stay; then as
 * many responses as fit, one correct and one incorrect of each problem before any second one. The notes say what was left out.
 */
export function packedProblems(views: readonly ProblemView[], limit: number): PackedPart {
  const bare = countsThatFit(
    views.map((view) => ({ ...view, ...shortNames(view), shown: [] })),
    limit,
  );
  const room = limit - bare.packed.length;
  const total = views.reduce((sum, { shown }) => sum + responsesOf(shown), 0);
  if (total === 0 || room < leastTexts) return packing(noted(bare.views, views));
  let budget = room / firstGuess;
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const filled = withTexts(bare.views, views, budget);
    const result = packing(noted(filled, views));
    if (result.data.length <= limit) return result;
    budget *= Math.min(0.9, room / Math.max(1, result.data.length - bare.packed.length));
  }
  return packing(noted(bare.views, views));
}

/** Longer names are nobody's to read. */
const longestName = 300;

/** A name as the page shows it. */
export const shortName = (name: string): string =>
  name.length > longestName ? `${name.slice(0, longestName)}…` : name;

/** The beginning of the name that was cut to this one; undefined where it is whole. */
export const beginningOf = (name: string): string | undefined =>
  name.length === longestName + 1 && name.endsWith("…") ? name.slice(0, longestName) : undefined;

const shortNames = ({ task, models, problems }: ProblemView) => ({
  task: shortName(task),
  models: models.map(shortName),
  problems: problems.map(shortName),
});

function countsThatFit(
  views: readonly ProblemView[],
  limit: number,
): { views: readonly ProblemView[]; packed: string } {
  let fitting = views;
  for (;;) {
    const packed = packing(fitting).data;
    const widest = Math.max(0, ...fitting.map(({ draws }) => draws.length));
    if (packed.length <= limit || widest <= 1) return { views: fitting, packed };
    const kept = Math.max(1, Math.floor(widest * Math.min(0.9, limit / packed.length)));
    fitting = fitting.map((view) => ({
      ...view,
      draws: view.draws.slice(0, kept),
      correct: view.correct.slice(0, kept),
    }));
  }
}

const packing = (views: readonly ProblemView[]): PackedPart => packedPart(columnBytes(views));

/** Responses within a budget of characters, in rounds over the problems: the first of each verdict, the second, and so on. */
function withTexts(
  bare: readonly ProblemView[],
  full: readonly ProblemView[],
  budget: number,
): ProblemView[] {
  let left = budget;
  const chosen = full.map(({ shown }) => shown.map(() => new Set<ShownResponse>()));
  const turns = full.map(({ shown }) => shown.map(({ responses }) => inTurns(responses)));
  const rounds = Math.max(0, ...turns.flatMap((view) => view.map((turn) => turn.length)));
  for (let round = 0; round < rounds && left > 0; round += 1) {
    full.forEach(({ shown }, view) => {
      shown.forEach((problem, index) => {
        const turn = turns[view]![index]![round] ?? [];
        const size = turn.reduce((sum, response) => sum + sizeOf(response), 0);
        const prompt = round === 0 ? (problem.prompt?.length ?? 0) : 0;
        if (turn.length === 0 || size + prompt > left) return;
        left -= size + prompt;
        for (const response of turn) chosen[view]![index]!.add(response);
      });
    });
  }
  return bare.map((view, position) => ({
    ...view,
    shown: (full[position]?.shown ?? []).flatMap((problem, index) => {
      const kept = problem.responses.filter((response) => chosen[position]![index]!.has(response));
      return kept.length === 0 ? [] : [{ ...problem, responses: kept }];
    }),
  }));
}

/** The first response of every verdict, then the second. */
function inTurns(responses: readonly ShownResponse[]): ShownResponse[][] {
  const lists = (["correct", "incorrect", "unscored"] as const).map((verdict) =>
    responses.filter((response) => response.verdict === verdict),
  );
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) => lists.flatMap((list) => list[turn] ?? []));
}

const sizeOf = ({ text, tokenLogProbabilities, tokenLengths }: ShownResponse): number =>
  150 + text.length + 6 * (tokenLogProbabilities?.length ?? 0) + 2 * (tokenLengths?.length ?? 0);

const responsesOf = (shown: readonly ShownProblem[]): number =>
  shown.reduce((sum, { responses }) => sum + responses.length, 0);

/** Says what of the full views is not in the ones to be packed. */
function noted(views: readonly ProblemView[], full: readonly ProblemView[]): ProblemView[] {
  return views.map((view, index) => {
    const whole = full[index]!;
    const notes = [...view.notes];
    if (view.draws.length < whole.draws.length) {
      notes.push(
        `Counts of ${plural(whole.draws.length - view.draws.length, "model")} are left out of this file for its size; report.json has all.`,
      );
    }
    const missing = responsesOf(whole.shown) - responsesOf(view.shown);
    if (missing > 0) {
      notes.push(
        `${plural(missing, "response")} of the sample in report.json ${missing === 1 ? "is" : "are"} left out of this file for its size.`,
      );
    }
    return { ...view, notes };
  });
}
