import { useState } from "preact/hooks";
import { rateText } from "../../src/report/number-text.ts";
import { printableLines } from "../../src/report/printable.ts";
import { text as shortText } from "./page.tsx";

/** Probabilities at which the colour changes. */
const steps = [0.5, 0.1, 0.01, 0.001] as const;

interface ProblemTokensProps {
  readonly values: readonly (number | null)[];
  /** The tokens' texts, where they are known, and what of the text is no token's. */
  readonly texts: { readonly pieces: readonly string[]; readonly rest: string } | undefined;
}

/** A response's tokens in their order, each coloured by its probability, with the number of the one pointed at. */
export function ProblemTokens({ values, texts }: ProblemTokensProps) {
  const least = values.reduce<number>((found, value, at) => {
    return natsOf(value) < natsOf(values[found]) ? at : found;
  }, 0);
  const [current, setCurrent] = useState(least);
  const point = (event: PointerEvent) => {
    const at = (event.target as HTMLElement).dataset.at;
    if (at !== undefined) setCurrent(Number(at));
  };
  const classOf = (value: number | null, at: number) =>
    `p${steps.filter((step) => Math.exp(natsOf(value)) < step).length}${at === current ? " current" : ""}`;
  const said = tokenText(values, texts?.pieces, current);
  const move = (step: number) => setCurrent(Math.min(values.length - 1, Math.max(0, current + step)));
  return (
    <div class="tokens">
      {texts !== undefined && (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard */}
          <pre tabIndex={0} class="marked" onPointerOver={point}>
            {values.map((value, at) => {
              const piece = texts.pieces[at] ?? "";
              return (
                piece !== "" && (
                  <span key={at} data-at={at} class={classOf(value, at)}>
                    {printableLines(piece)}
                  </span>
                )
              );
            })}
            {printableLines(texts.rest)}
          </pre>
        </>
      )}
      <div
        class="strip"
        role="slider"
        tabIndex={0}
        aria-label="Token"
        aria-valuemin={1}
        aria-valuemax={values.length}
        aria-valuenow={current + 1}
        aria-valuetext={said}
        onKeyDown={(event) => {
          const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
          if (step === undefined) return;
          event.preventDefault();
          // The page's slider listens to the same keys.
          event.stopPropagation();
          move(step);
        }}
        onPointerOver={point}
      >
        {values.map((value, at) => (
          <span key={at} data-at={at} class={classOf(value, at)} />
        ))}
      </div>
      <p class="quiet">{said}</p>
    </div>
  );
}

function tokenText(
  values: readonly (number | null)[],
  pieces: readonly string[] | undefined,
  at: number,
): string {
  const nats = natsOf(values[at]);
  const piece = pieces?.[at] ?? "";
  const quoted = piece === "" ? "" : ` “${shortText(piece)}”`;
  return `token ${at + 1} of ${values.length}${quoted}: ${natsText(nats)} nats, probability ${rateText(Math.exp(nats))}`;
}

/** JSON has no infinity. */
const natsOf = (value: number | null | undefined): number => value ?? Number.NEGATIVE_INFINITY;

export function natsText(value: number | null): string {
  const nats = natsOf(value);
  if (nats === Number.NEGATIVE_INFINITY) return "−∞";
  return Math.abs(nats).toFixed(2) === "0.00" ? "0.00" : nats.toFixed(2).replace("-", "−");
}
