import { useEffect, useRef } from "preact/hooks";
import { countText } from "../../src/report/number-text.ts";
import type { ProblemView } from "../../src/report/problem-view.ts";
import { countIntervals, rateCell } from "../../src/report/problem-view-table.ts";
import type { Table } from "../../src/report/section.ts";
import { DataTable } from "./data-table.tsx";
import { text } from "./page.tsx";
import { PromptView, ResponseView } from "./problem-response.tsx";
import { ServedResponsesView } from "./served-responses.tsx";

interface ProblemDialogProps {
  readonly view: ProblemView;
  readonly problem: number;
  /** Problems in the order in which they are leafed through. */
  readonly order: readonly number[];
  /** To another problem, or to none. */
  readonly onMove: (problem: number | undefined) => void;
  /** The report's name at the server that has the responses; undefined where the page holds them. */
  readonly served: string | undefined;
}

/** One problem: what every model drew, its prompt and responses. */
export function ProblemDialog({ view, problem, order, onMove, served }: ProblemDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  useEffect(() => dialog.current?.scrollTo(0, 0), [problem]);
  const at = order.indexOf(problem);
  const [before, after] = [order[at - 1], at < 0 ? undefined : order[at + 1]];
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
      {served === undefined ? (
        <HeldResponses view={view} problem={problem} />
      ) : (
        <ServedResponsesView key={problem} report={served} view={view} problem={problem} />
      )}
    </dialog>
  );
}

/** The prompt and the sample of responses that the page holds. */
function HeldResponses({ view, problem }: { view: ProblemView; problem: number }) {
  const shown = view.shown.find((one) => one.problem === problem);
  if (shown === undefined) {
    return (
      <>
        <h3>No responses in this file</h3>
        <p class="quiet">
          The logs hold no text of them, or they were left out; lmcov problems --show NAME prints all that the
          logs hold.
        </p>
      </>
    );
  }
  return (
    <>
      <PromptView shown={shown} responses={shown.responses} models={view.models} />
      <h3>Responses</h3>
      <p class="quiet">
        A sample: of each verdict a few, drawn at random. lmcov problems --show NAME prints all.
      </p>
      {shown.responses.map((response) => (
        <ResponseView key={`${response.model}/${response.draw}`} response={response} models={view.models} />
      ))}
    </>
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
