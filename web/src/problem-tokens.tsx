import { useState } from "preact/hooks";
import { rateText } from "../../src/report/number-text.ts";

/** Probabilities at which the colour changes. */
const steps = [0.5, 0.1, 0.01, 0.001] as const;

/** A response's tokens in their order, each coloured by its probability, with the number of the one pointed at. */
export function ProblemTokens({ values }: { values: readonly (number | null)[] }) {
  const least = values.reduce<number>((found, value, at) => {
    return natsOf(value) < natsOf(values[found]) ? at : found;
  }, 0);
  const [current, setCurrent] = useState(least);
  const move = (step: number) => setCurrent(Math.min(values.length - 1, Math.max(0, current + step)));
  return (
    <div class="tokens">
      <div
        class="strip"
        role="slider"
        tabIndex={0}
        aria-label="Token"
        aria-valuemin={1}
        aria-valuemax={values.length}
        aria-valuenow={current + 1}
        aria-valuetext={tokenText(values, current)}
        onKeyDown={(event) => {
          const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
          if (step === undefined) return;
          event.preventDefault();
          // The page's slider listens to the same keys.
          event.stopPropagation();
          move(step);
        }}
        onPointerOver={(event) => {
          const at = (event.target as HTMLElement).dataset.at;
          if (at !== undefined) setCurrent(Number(at));
        }}
      >
        {values.map((value, at) => (
          <span
            key={at}
            data-at={at}
            class={`p${steps.filter((step) => Math.exp(natsOf(value)) < step).length}${at === current ? " current" : ""}`}
          />
        ))}
      </div>
      <p class="quiet">{tokenText(values, current)}</p>
    </div>
  );
}

function tokenText(values: readonly (number | null)[], at: number): string {
  const nats = natsOf(values[at]);
  return `token ${at + 1} of ${values.length}: ${natsText(nats)} nats, probability ${rateText(Math.exp(nats))}`;
}

/** JSON has no infinity. */
const natsOf = (value: number | null | undefined): number => value ?? Number.NEGATIVE_INFINITY;

export function natsText(value: number | null): string {
  const nats = natsOf(value);
  if (nats === Number.NEGATIVE_INFINITY) return "−∞";
  return Math.abs(nats).toFixed(2) === "0.00" ? "0.00" : nats.toFixed(2).replace("-", "−");
}
