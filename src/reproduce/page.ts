/** The page of a figure: what came out beside what the paper reports, one static file with its pictures in it. */

import { cellText } from "../report/cell-text.ts";
import { htmlText } from "../report/index.ts";
import type { FigureResult, FigureTable } from "./figure.ts";
import { panelSvg } from "./panel-svg.ts";

/** Nothing is fetched and nothing runs. */
const policy = "default-src 'none'; style-src 'unsafe-inline'";

const style = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.2rem; }
figure { margin: 0; } figure svg { width: 100%; height: auto; background: white; border-radius: 4px; }
figcaption, .note { font-size: .9rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid color-mix(in srgb, currentColor 22%, transparent); text-align: left; vertical-align: top; }
th.number, td.number { text-align: right; white-space: nowrap; }
.holds { color: light-dark(#00693e, #5fd39b); } .fails { color: light-dark(#a33a00, #ff9d6b); } .holds, .fails { font-weight: 600; white-space: nowrap; }
`;

/** The whole page. Texts are escaped; the pictures are drawn from the same panels that are written as SVG. */
export function figurePage(
  result: FigureResult,
  given: { readonly command: string; readonly conditions: readonly string[] },
): string {
  const paragraphs = (texts: readonly string[]) => texts.map((text) => `<p>${htmlText(text)}</p>`).join("\n");
  const panels = result.panels.map(
    (panel) =>
      `<figure id="${htmlText(panel.id)}">${panelSvg(panel)}<figcaption><strong>${htmlText(panel.title)}.</strong> ${htmlText(panel.explanation)}</figcaption></figure>`,
  );
  const claims = result.claims.map(
    ({ name, statement, measured, holds }) =>
      `<tr><td>${htmlText(name)}</td><td>${htmlText(statement)}</td><td>${htmlText(measured)}</td><td class="${holds ? "holds" : "fails"}">${holds ? "holds" : "does not hold"}</td></tr>`,
  );
  const comparisons = result.comparisons.map(
    ({ paper, source, ours }) =>
      `<tr><td>${htmlText(paper)}</td><td>${htmlText(source)}</td><td>${htmlText(ours)}</td></tr>`,
  );
  const beside =
    comparisons.length === 0
      ? ""
      : `<h2>Ours beside the paper</h2>\n${htmlTable(["the paper (arXiv 2510.15020, in our words)", "where", "here"], comparisons)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${htmlText(result.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${htmlText(result.title)}</h1>
${paragraphs(result.summary)}
${beside}
<h2>What had to come out</h2>
${htmlTable(["", "stated beforehand", "measured", ""], claims)}
<h2>Panels</h2>
<div class="panels">
${panels.join("\n")}
</div>
${result.tables.map(tableSection).join("\n")}
<h2>What differs, and what this does not say</h2>
<ul>${result.remarks.map((remark) => `<li>${htmlText(remark)}</li>`).join("\n")}</ul>
<h2>Made by</h2>
<p><code>${htmlText(given.command)}</code></p>
<ul>${given.conditions.map((condition) => `<li>${htmlText(condition)}</li>`).join("\n")}</ul>
</main>
</body>
</html>
`;
}

function htmlTable(titles: readonly string[], rows: readonly string[]): string {
  const head = titles.map((title) => `<th scope="col">${htmlText(title)}</th>`).join("");
  return `<div class="scroll" tabindex="0" role="region" aria-label="${htmlText(titles.join(", "))}"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}

function tableSection({ id, title, explanation, table }: FigureTable): string {
  const head = table.columns
    .map(
      ({ title: name, kind }) =>
        `<th scope="col"${kind === "text" ? "" : ' class="number"'}>${htmlText(name)}</th>`,
    )
    .join("");
  const rows = table.rows.map((row) => {
    const cells = table.columns.map(
      ({ key, kind }) =>
        `<td${kind === "text" ? "" : ' class="number"'}>${htmlText(cellText(row[key], kind))}</td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<section id="${htmlText(id)}"><h2>${htmlText(title)}</h2><p>${htmlText(explanation)}</p>
<div class="scroll" tabindex="0" role="region" aria-label="${htmlText(title)}"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div></section>`;
}
