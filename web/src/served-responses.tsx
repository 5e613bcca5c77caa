import { useEffect, useState } from "preact/hooks";
import { countText } from "../../src/report/number-text.ts";
import type { ProblemView, ServedResponses, ShownResponse } from "../../src/report/problem-view.ts";
import { text } from "./page.tsx";
import { PromptView, ResponseView } from "./problem-response.tsx";
import { view as viewState } from "./state.ts";

interface ServedResponsesProps {
  /** The report's name at the server. */
  readonly report: string;
  readonly view: ProblemView;
  readonly problem: number;
}

const verdicts = ["correct", "incorrect", "unscored"] as const;

/** The responses to a problem, asked for at the server: of one model or all, of one verdict or all, some at a time. */
export function ServedResponsesView({ report, view, problem }: ServedResponsesProps) {
  const drawn = view.models.filter((_, model) => (view.draws[model]?.[problem] ?? 1) > 0);
  const selected = viewState().model ?? "";
  const [model, setModel] = useState(drawn.length > 1 && drawn.includes(selected) ? selected : "");
  const [verdict, setVerdict] = useState("");
  const [from, setFrom] = useState(0);
  const [found, setFound] = useState<readonly ServedResponses[]>([]);
  const [trouble, setTrouble] = useState<string | undefined>();
  const [pending, setPending] = useState(true);
  const name = view.problems[problem] ?? "";
  useEffect(() => {
    const stop = new AbortController();
    const asked = new URLSearchParams({ task: view.task, problem: name });
    for (const [key, value] of Object.entries({ model, verdict })) if (value !== "") asked.set(key, value);
    if (from > 0) asked.set("from", String(from));
    setPending(true);
    setTrouble(undefined);
    answered(`responses/${report}?${asked}`, stop.signal)
      .then((answer) => setFound((before) => (from === 0 ? [answer] : [...before, answer])))
      .catch((error: Error) => {
        if (!stop.signal.aborted) setTrouble(error.message);
      })
      .finally(() => {
        if (!stop.signal.aborted) setPending(false);
      });
    return () => stop.abort();
  }, [report, view.task, name, model, verdict, from]);
  const choose = (set: (value: string) => void) => (event: { currentTarget: HTMLSelectElement }) => {
    set(event.currentTarget.value);
    setFrom(0);
    setFound([]);
  };
  const responses = found.flatMap((answer) => answer.responses);
  const total = found.at(-1)?.total ?? 0;
  return (
    <>
      {found[0] !== undefined && (
        <PromptView shown={found[0]} responses={responses} models={found[0].models} />
      )}
      <h3>Responses</h3>
      <div class="controls">
        {drawn.length > 1 && (
          <label>
            model{" "}
            <select aria-label="Model of the responses" value={model} onChange={choose(setModel)}>
              <option value="">all</option>
              {drawn.map((label) => (
                <option key={label} value={label}>
                  {text(label)}
                </option>
              ))}
            </select>
          </label>
        )}
        <label>
          verdict{" "}
          <select aria-label="Verdict of the responses" value={verdict} onChange={choose(setVerdict)}>
            <option value="">all</option>
            {verdicts.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <span class="quiet" role="status">
          {pending ? "reading the run…" : trouble === undefined ? shownText(responses.length, total) : ""}
        </span>
      </div>
      {trouble !== undefined && <p class="trouble">{text(trouble)}</p>}
      {responses.map((response, at) => (
        <ResponseView key={keyOf(response, at)} response={response} models={found[0]?.models ?? []} />
      ))}
      {responses.length < total && (
        <button type="button" disabled={pending} onClick={() => setFrom(responses.length)}>
          show more
        </button>
      )}
    </>
  );
}

const keyOf = ({ model, draw }: ShownResponse, at: number) => `${at}/${model}/${draw}`;

function shownText(shown: number, total: number): string {
  if (total === 0) return "none with a text";
  return shown === total ? `all ${countText(total)}` : `${countText(shown)} of ${countText(total)}`;
}

/** What the server found; throws with its sentence where it found nothing. */
async function answered(address: string, signal: AbortSignal): Promise<ServedResponses> {
  const response = await fetch(address, { signal }).catch((error: Error) => {
    throw signal.aborted ? error : new Error("The server does not answer.");
  });
  if (!response.ok) throw new Error(`No responses: ${(await response.text()).trim()}.`);
  return (await response.json()) as ServedResponses;
}
