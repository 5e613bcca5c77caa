/** A chart in its place on the page: what of it is drawn anew as N moves, and the mark at N. */
import type { Chart } from "../../src/report/chart-data.ts";
import { type ChartDrawing, drawnChart, movedChart } from "../../src/report/chart-drawing.ts";
import { hasAxisOfN } from "../../src/report/chart-plot.ts";
import { type MovingN, selectModel } from "./state.ts";

export interface CanvasView extends MovingN {
  readonly width: number;
  readonly model: string | undefined;
}

export const isNarrow = (width: number) => width < 520;
export const chartSize = (width: number) => (isNarrow(width) ? 280 : 380);

export class ChartCanvas {
  readonly #place: HTMLElement;
  readonly #chart: Chart;
  #drawing: ChartDrawing | undefined;
  #drawn: CanvasView | undefined;
  #mark: HTMLElement | undefined;

  constructor(place: HTMLElement, chart: Chart) {
    this.#place = place;
    this.#chart = chart;
  }

  get isDrawn(): boolean {
    return this.#drawing !== undefined;
  }

  /** While N moves there are no numbers at the pointer. */
  show(view: CanvasView): void {
    const { width, model, n, moving } = view;
    const isAxis = hasAxisOfN(this.#chart);
    const before = this.#drawn?.width === width && this.#drawn.model === model ? this.#drawing : undefined;
    const options = {
      model,
      n: isAxis ? undefined : n,
      narrow: isNarrow(width),
      hover: isAxis || !moving,
      width,
      height: chartSize(width),
      document,
      isStyled: true,
    };
    this.#take(
      before === undefined ? drawnChart(this.#chart, options) : movedChart(before, this.#chart, options),
    );
    this.#drawn = view;
    if (isAxis) this.#moveMark(n);
  }

  #take(drawing: ChartDrawing): void {
    const known = new Set(this.#drawing?.plots.map(({ element }) => element));
    for (const { element } of drawing.plots) {
      if (known.has(element)) continue;
      element.addEventListener("click", () => {
        const datum = (element as unknown as { value?: { model?: unknown } | null }).value;
        if (typeof datum?.model === "string") selectModel(datum.model);
      });
    }
    if (drawing.svg.parentNode !== this.#place) {
      this.#place.replaceChildren(drawing.svg);
      this.#mark = undefined;
    }
    this.#drawing = drawing;
  }

  /** The slider's N on the axis: a layer of its own, so that nothing under it is painted anew. */
  #moveMark(n: number | undefined): void {
    const { svg, xOf } = this.#drawing ?? {};
    const x = n === undefined ? undefined : xOf?.(n);
    if (svg === undefined || x === undefined) {
      this.#mark?.remove();
      this.#mark = undefined;
      return;
    }
    if (this.#mark === undefined) {
      this.#mark = document.createElement("div");
      this.#mark.className = "n-mark";
      this.#mark.style.height = `${Number(svg.getAttribute("height")) - 50}px`;
      this.#place.append(this.#mark);
    }
    const moved = `translateX(${x}px)`;
    if (this.#mark.style.transform !== moved) this.#mark.style.transform = moved;
  }
}
