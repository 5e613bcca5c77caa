import { countText } from "../../src/report/number-text.ts";
import { printableLines } from "../../src/report/printable.ts";
import type { ShownProblem, ShownResponse } from "../../src/report/problem-view.ts";
import { textPieces } from "../../src/report/token-lengths.ts";
import { GraphView } from "./graph-view.tsx";
import { text } from "./page.tsx";
import { natsText, ProblemTokens } from "./problem-tokens.tsx";

interface PromptViewProps {
  readonly shown: Pick<ShownProblem, "prompt" | "promptCut" | "target">;
  readonly responses: readonly ShownResponse[];
  /** Labels that a response's model is a position in. */
  readonly models: readonly string[];
}

/** What was asked, its graph with the responses' paths where it is one, and the answer to it. */
export function PromptView({ shown, responses, models }: PromptViewProps) {
  const labelled = responses.map((response) => {
    const { model, draw, verdict } = response;
    const name = models.length > 1 ? `${models[model] ?? ""} · ` : "";
    return { ...response, label: `${name}draw ${countText(draw)} · ${verdict}` };
  });
  return (
    <>
      {shown.prompt !== undefined && (
        <>
          <h3>Prompt</h3>
          <LongText value={shown.prompt} cut={shown.promptCut} />
        </>
      )}
      {shown.prompt !== undefined && shown.promptCut === undefined && (
        <GraphView key={shown.prompt} prompt={shown.prompt} responses={labelled} />
      )}
      {shown.target !== undefined && (
        <>
          <h3>Reference answer</h3>
          <LongText value={shown.target} cut={undefined} />
        </>
      )}
    </>
  );
}

interface ResponseViewProps {
  readonly response: ShownResponse;
  /** Labels that the response's model is a position in. */
  readonly models: readonly string[];
}

/** One response with its verdict and, where they are known, the log-probabilities of its tokens. */
export function ResponseView({ response, models }: ResponseViewProps) {
  const { verdict, reason, reward, answer, draw, finishReason, logProbability } = response;
  const tokens = response.tokenLogProbabilities;
  const texts = textsOf(response);
  const facts = [
    models.length > 1 ? (models[response.model] ?? "") : undefined,
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
  return <p class="quiet">… {countText(characters)} more characters are left out here</p>;
}

/** A text in a box that scrolls, as text. */
function LongText({ value, cut }: { value: string; cut: number | undefined }) {
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard */}
      <pre tabIndex={0}>{value === "" ? "(empty)" : printableLines(value)}</pre>
      <Cut characters={cut} />
    </>
  );
}
