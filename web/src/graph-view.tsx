import { h } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { graphDrawing } from "../../src/task/graph-reasoning/graph-drawing.ts";
import { type GraphLayout, graphLayout } from "../../src/task/graph-reasoning/graph-layout.ts";
import { text } from "./page.tsx";
import { useWidth } from "./sight.ts";

interface GraphViewProps {
  readonly prompt: string;
  readonly responses: readonly {
    readonly label: string;
    readonly text: string;
    /** Characters that are left out. */
    readonly cut?: number;
  }[];
}

/** The graph that a prompt spells out, with one response's path on it; nothing for any other prompt. */
export function GraphView({ prompt, responses }: GraphViewProps) {
  const layout = useMemo(() => graphLayout(prompt), [prompt]);
  return layout === undefined ? null : <GraphFigure layout={layout} responses={responses} />;
}

function GraphFigure({
  layout,
  responses,
}: Pick<GraphViewProps, "responses"> & { readonly layout: GraphLayout }) {
  const place = useRef<HTMLElement>(null);
  const available = useWidth(place, "figure");
  const [drawn, setDrawn] = useState(0);
  const response = responses[drawn];
  const { width, height, marks, captions, description } = graphDrawing(layout, {
    width: available,
    ...(response !== undefined && response.cut === undefined && { response: response.text }),
  });
  return (
    <>
      <h3>Graph</h3>
      <figure ref={place}>
        <label class="controls">
          path of
          <select value={String(drawn)} onChange={(event) => setDrawn(Number(event.currentTarget.value))}>
            {responses.map(({ label }, index) => (
              <option key={index} value={String(index)}>
                {text(label)}
              </option>
            ))}
          </select>
        </label>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard */}
        <div class="graph" tabIndex={0}>
          <svg role="img" aria-label={description} viewBox={`0 0 ${width} ${height}`} {...{ width, height }}>
            {marks.map(({ tag, attributes, text: name }, index) =>
              h(tag, { key: index, ...attributes }, name),
            )}
          </svg>
        </div>
        <figcaption>
          {captions[0]}{" "}
          {response !== undefined &&
            `${text(response.label)}. ${captions[1] ?? "The response is too long to draw."}`}
          <br />
          Solid frames lead to the target, dotted ones do not. Thick: a step along an edge; dashed with a
          cross: no such edge.
        </figcaption>
      </figure>
    </>
  );
}
