import { useEffect } from "preact/hooks";
import { nText } from "../../src/report/chart-plot-parts.ts";
import { nearestPosition } from "../../src/report/slider-grid.ts";
import { text } from "./page.tsx";
import { changeView, selectModel, useView } from "./state.ts";

/** One N for all panels: a slider on a logarithmic scale, and the arrow keys wherever the focus is. */
export function NSlider({ ns, start }: { ns: readonly number[]; start: number }) {
  const n = useView("n") ?? start;
  const model = useView("model");
  const position = nearestPosition(ns, n);
  const last = ns.length - 1;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (event.target instanceof Element && event.target.closest("input, select, textarea, .scroll")) return;
      event.preventDefault();
      changeView({ n: ns[Math.max(0, Math.min(last, position + step))] });
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [ns, last, position]);
  return (
    <fieldset class="slider" aria-label="What all panels show">
      <label for="n-slider">
        N = <output for="n-slider">{nText(ns[position] ?? start)}</output>
      </label>
      <input
        id="n-slider"
        type="range"
        min={0}
        max={last}
        value={position}
        aria-valuetext={`N = ${nText(ns[position] ?? start)}`}
        onInput={(event) => changeView({ n: ns[Number(event.currentTarget.value)] })}
      />
      {model !== undefined && (
        <button type="button" aria-label={`Deselect ${text(model)}`} onClick={() => selectModel(model)}>
          {text(model)} ×
        </button>
      )}
    </fieldset>
  );
}
