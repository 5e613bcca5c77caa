import { useEffect, useRef } from "preact/hooks";
import { countText } from "../../src/report/number-text.ts";
import { printableLines } from "../../src/report/printable.ts";
import type { ProblemView, ShownResponse } from "../../src/report/problem-view.ts";
import { countIntervals, rateCell } from "../../src/report/problem-view-table.ts";
import type { Table } from "../../src/report/section.ts";
import { textPieces } from "../../src/report/token-lengths.ts";
import { DataTable } from "./data-table.tsx";
import { text } from "./page.tsx";
import { natsText, ProblemTokens } from "./problem-tokens.tsx";

interface ProblemDialogProps {
  readonly view: ProblemView;
  readonly problem: number;
  /** Problems in the order in which they are leafed through. */
  readonly order: readonly number[];
  /** To another problem, or to none. */
  readonly onMove: (problem: number | undefined) => void;
}

/** One problem: what every model drew, its prompt and the responses that the page holds. */
export function ProblemDialog({ view, problem, order, onMove }: ProblemDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  useEffect(() => dialog.current?.scrollTo(0, 0), [problem]);
  const at = order.indexOf(problem);
  const [before, after] = [order[at - 1], at < 0 ? undefined : order[at + 1]];
  const shown = view.shown.find((one) => one.problem === problem);
  return (
    <dialog ref={dialog} class="problem" aria-labelledby="problem-title" onClose={() => onMove(undefined)}>
      <div class="controls">
        <button type="button" disabled={before === undefined} onClick={() => onMove(before)}>
          previous
        </button>
        <button type="button" disabled={after === undefined} onClick={() => onMove(after)}>
          next
        </button>
        <button type="button" class="close" onClick={() => dialog.current?.close()}>
          close
        </button>
      </div>
      <h2 id="problem-title">{text(view.problems[problem] ?? "")}</h2>
      {view.models.length > 1 && (
        <p class="quiet">
          solved by {countText(view.solvedBy[problem] ?? 0)} of the {countText(view.heldBy[problem] ?? 0)}{" "}
          models that have draws for it
        </p>
      )}
      <DataTable table={modelsTable(view, problem)} name="problem-models" />
      {shown?.prompt !== undefined && (
        <>
          <h3>Prompt</h3>
          <LongText value={shown.prompt} cut={shown.promptCut} />
        </>
      )}
      {shown?.target !== undefined && (
        <>
          <h3>Reference answer</h3>
          <LongText value={shown.target} cut={undefined} />
        </>
      )}
      <h3>{shown === undefined ? "No responses in this file" : "Responses"}</h3>
      {shown === undefined ? (
        <p class="quiet">
          The logs hold no text of them, or they were left out; lmcov problems --show NAME prints all that the
          logs hold.
        </p>
      ) : (
        <p class="quiet">
          A sample: of each verdict a few, drawn at random. lmcov problems --show NAME prints all.
        </p>
      )}
      {shown?.responses.map((response) => (
        <ResponseView key={`${response.model}/${response.draw}`} response={response} view={view} />
      ))}
    </dialog>
  );
}

function modelsTable(view: ProblemView, problem: number): Table {
  const intervals = countIntervals(view);
  return {
    columns: [
      { key: "model", title: "model", kind: "text" },
      { key: "rate", title: "success rate", kind: "rate" },
      { key: "n", title: "n", kind: "count" },
      { key: "c", title: "c", kind: "count" },
    ],
    rows: view.draws.map((draws, model) => ({
      model: view.models[model],
      rate: rateCell(view, model, problem, intervals),
      n: draws[problem],
      c: (draws[problem] ?? 0) === 0 ? undefined : view.correct[model]?.[problem],
    })),
  };
}

function ResponseView({ response, view }: { response: ShownResponse; view: ProblemView }) {
  const { verdict, reason, reward, answer, draw, finishReason, logProbability } = response;
  const tokens = response.tokenLogProbabilities;
  const texts = textsOf(response);
  const facts = [
    view.models.length > 1 ? (view.models[response.model] ?? "") : undefined,
    `draw ${countText(draw)}`,
    reward === undefined ? undefined : `reward ${Number(reward.toPrecision(4))}`,
    answer === undefined ? undefined : `answer ${answer}`,
    logProbability === undefined ? undefined : `log-probability ${natsText(logProbability)} nats`,
    finishReason === undefined ? undefined : `ended by ${finishReason}`,
  ].filter((fact) => fact !== undefined);
  return (
    <article class={`response ${verdict}`}>
      <p>
        <strong>{verdict}</strong> <span class="quiet">{text(facts.join(" · "))}</span>
        {reason !== undefined && <span class="quiet"> · {text(reason)}</span>}
      </p>
      {texts === undefined ? <LongText value={response.text} cut={response.cut} /> : undefined}
      {tokens !== undefined && tokens.length > 0 && <ProblemTokens values={tokens} texts={texts} />}
      {texts !== undefined && <Cut characters={response.cut} />}
    </article>
  );
}

/** The texts of the tokens, where they are known; an empty response is shown as such. */
function textsOf({ text: whole, tokenLengths, tokenLogProbabilities }: ShownResponse) {
  if (tokenLengths === undefined || tokenLengths.length !== tokenLogProbabilities?.length) return undefined;
  if (whole === "") return undefined;
  const length = tokenLengths.reduce((sum, one) => sum + one, 0);
  return { pieces: textPieces(whole, tokenLengths), rest: whole.slice(length) };
}

function Cut({ characters }: { characters: number | undefined }) {
  if (characters === undefined) return null;
  return <p class="quiet">… {countText(characters)} more characters are left out of this file</p>;
}

function LongText({ value, cut }: { value: string; cut: number | undefined }) {
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard */}
      <pre tabIndex={0}>{value === "" ? "(empty)" : printableLines(value)}</pre>
      <Cut characters={cut} />
    </>
  );
}
