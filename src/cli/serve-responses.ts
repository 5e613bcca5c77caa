/** Responses to one problem, read from the run folders when the page asks for them. */
import { stat } from "node:fs/promises";
import type { Verdict } from "../record/index.ts";
import { beginningOf, type ServedResponses, shortName } from "../report/index.ts";
import { type ProblemDrawsRequest, problemDraws } from "../store/index.ts";
import type { TaskSources } from "./draw-sources.ts";
import { responseToShow } from "./response-sample.ts";

/** Responses in one answer, characters of a text, tokens of a response: at most. */
const limits = { limit: 50, longestText: 20_000, mostTokens: 4000 } as const;
/** Questions that may wait while one is answered. */
const mostWaiting = 8;

const verdicts: readonly string[] = ["correct", "incorrect", "unscored"] satisfies Verdict[];

export interface ResponsesRequest {
  /** Folders of the runs that the report is on. */
  readonly folders: readonly string[];
  readonly sources: readonly TaskSources[];
  /** `task` and `problem`; `model`, `verdict` and `from` where wanted. */
  readonly query: URLSearchParams;
  /** True once nobody waits for the answer. */
  isGone(): boolean;
}

/** What was found, or why nothing was and the HTTP status that says so. */
export type ResponsesAnswer = { readonly found: ServedResponses } | Refusal;

interface Refusal {
  readonly status: 400 | 404 | 410 | 500 | 503;
  readonly sentence: string;
}

/** Answers one question after the other, so that reading never takes more memory than one of them. */
export class ResponseReader {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  async answer(request: ResponsesRequest): Promise<ResponsesAnswer> {
    const wanted = drawsWanted(request);
    if ("status" in wanted) return wanted;
    if (this.#waiting >= mostWaiting) {
      return { status: 503, sentence: "too many responses are being asked for; ask again" };
    }
    this.#waiting += 1;
    const answer = this.#last.then(() => found(request, wanted));
    this.#last = answer;
    try {
      return await answer;
    } finally {
      this.#waiting -= 1;
    }
  }
}

interface Wanted extends ProblemDrawsRequest {
  readonly labels: readonly string[];
}

function drawsWanted({ folders, sources, query }: ResponsesRequest): Wanted | Refusal {
  const [task, problem, model, verdict, from = "0"] = ["task", "problem", "model", "verdict", "from"].map(
    (name) => query.get(name) ?? undefined,
  );
  if (task === undefined || problem === undefined) {
    return { status: 400, sentence: "a task and a problem have to be named" };
  }
  if (!/^\d{1,9}$/.test(from) || (verdict !== undefined && !verdicts.includes(verdict))) {
    return { status: 400, sentence: "from is a number, and verdict one of correct, incorrect, unscored" };
  }
  const source = sources.find((one) => isNamed(one.task, task));
  if (source === undefined) return { status: 404, sentence: "the report has no such task" };
  const labels = source.models.map(({ label }) => label);
  const position = model === undefined ? undefined : labels.findIndex((label) => isNamed(label, model));
  if (position !== undefined && position < 0) {
    return { status: 404, sentence: "the report has no such model" };
  }
  const beginning = beginningOf(problem);
  return {
    runs: folders.map((folder, input) => ({
      folder,
      groups: source.models.flatMap((own, at) =>
        own.input === input ? [{ ...own.group, position: at }] : [],
      ),
    })),
    labels,
    task: source.task,
    problem: beginning ?? problem,
    begins: beginning !== undefined,
    ...(position !== undefined && { position }),
    ...(verdict !== undefined && { verdict: verdict as Verdict }),
    from: Number(from),
    ...limits,
  };
}

/** An address holds no half of a surrogate pair. */
const isNamed = (own: string, name: string): boolean =>
  [own, shortName(own)].some((text) => text === name || new URLSearchParams([["", text]]).get("") === name);

async function found(request: ResponsesRequest, wanted: Wanted): Promise<ResponsesAnswer> {
  if (request.isGone()) return { status: 503, sentence: "nobody waits for this answer" };
  try {
    // What a writer moved into parts meanwhile is there the second time.
    const draws = await problemDraws(wanted).catch(() => problemDraws(wanted));
    if (draws === undefined) {
      // A folder that is not there reads as an empty run.
      const gone = await missing(request.folders);
      return gone ?? { status: 404, sentence: "no single draw of a problem of that name is kept" };
    }
    const { prompt, promptCut, target, total } = draws;
    return {
      found: {
        ...(prompt !== undefined && { prompt }),
        ...(promptCut > 0 && { promptCut }),
        ...(target !== undefined && { target }),
        models: wanted.labels,
        from: wanted.from,
        total,
        responses: draws.draws.map(({ position, ...draw }) => responseToShow(draw, position)),
      },
    };
  } catch (error) {
    return (
      (await missing(request.folders)) ?? {
        status: 500,
        sentence: `the responses could not be read: ${(error as Error).message.split("\n", 1)[0]}`,
      }
    );
  }
}

async function missing(folders: readonly string[]): Promise<Refusal | undefined> {
  for (const folder of folders) {
    if ((await stat(folder).catch(() => undefined)) !== undefined) continue;
    return { status: 410, sentence: "the run's folder was deleted or moved, and its responses with it" };
  }
  return undefined;
}
