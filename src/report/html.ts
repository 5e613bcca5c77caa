/** The report as one self-contained HTML file: no script, no request, light and dark. */
import { cellText } from "./cell-text.ts";
import { countText } from "./number-text.ts";
import { htmlText } from "./printable.ts";
import type { Chart, InputSummary, Report, Section, Table } from "./section.ts";

const style = `
:root { color-scheme: light dark; --line: #8884; --quiet: #666; --accent: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --quiet: #aaa; --accent: #56b4e9; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .4rem; }
.verdict { border-left: 4px solid var(--accent); padding: .2rem 0 .2rem 1rem; font-size: 1.05rem; }
.verdict p { margin: .5rem 0; } .quiet, figcaption { color: var(--quiet); font-size: .9rem; }
.scroll { overflow-x: auto; max-height: 32rem; overflow-y: auto; border: 1px solid var(--line); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .88rem; width: 100%; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { position: sticky; top: 0; background: Canvas; } th.text, td.text { text-align: left; }
code { font: .85rem ui-monospace, monospace; overflow-wrap: anywhere; } figure { margin: .8rem 0; } svg { max-width: 100%; height: auto; }
@media print { .scroll { max-height: none; overflow: visible; } }
`;

/** The page's text. Everything that comes from logs is escaped here. Charts are loaded only now: they are heavy. */
export async function htmlReport(report: Report): Promise<string> {
  const { chartSvg } = await import("./chart.ts");
  const sentences = report.verdict.map((sentence) => `<p>${htmlText(sentence)}</p>`).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${htmlText(report.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${htmlText(report.title)}</h1>
<section class="verdict" aria-label="Verdict">
${sentences}
</section>
${report.sections.map((section) => sectionHtml(section, chartSvg)).join("\n")}
${listSection(
  "What these logs cannot tell",
  report.unknowable.map((text) => htmlText(text)),
)}
${listSection(
  "Next",
  report.next.map(({ command, gain }) => `<code>${htmlText(command)}</code><br>${htmlText(gain)}`),
)}
${listSection("Read", inputItems(report.inputs))}
</main>
</body>
</html>
`;
}

function sectionHtml(section: Section, chartSvg: (chart: Chart) => string): string {
  const chart = section.chart === undefined ? "" : `<figure>${chartSvg(section.chart)}</figure>`;
  const table = section.table === undefined ? "" : tableHtml(section.table);
  const remarks = (section.remarks ?? [])
    .map((remark) => `<p class="quiet">${htmlText(remark)}</p>`)
    .join("\n");
  return `<section id="${htmlText(section.id)}">
<h2>${htmlText(section.title)}</h2>
<p class="quiet">${htmlText(section.explanation)}</p>
${chart}
${table}
${remarks}
</section>`;
}

function tableHtml(table: Table): string {
  const cell = (tag: "th" | "td", kind: string, text: string) =>
    `<${tag}${kind === "text" ? ' class="text"' : ""}${tag === "th" ? ' scope="col"' : ""}>${htmlText(text)}</${tag}>`;
  const head = table.columns.map(({ title, kind }) => cell("th", kind, title)).join("");
  const rows = table.rows.map((row) => {
    const cells = table.columns.map(({ key, kind }) => cell("td", kind, cellText(row[key], kind)));
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}

function listSection(title: string, items: readonly string[]): string {
  if (items.length === 0) return "";
  return `<section><h2>${htmlText(title)}</h2><ul>${items.map((item) => `<li>${item}</li>`).join("\n")}</ul></section>`;
}

function inputItems(inputs: InputSummary): string[] {
  const items = inputs.files.map(
    ({ path, importer, rows }) =>
      `<code>${htmlText(path)}</code> (${htmlText(importer)}, ${countText(rows)} rows)`,
  );
  items.push(...inputs.notes.map((note) => htmlText(note)));
  items.push(
    ...inputs.dropped.map(({ reason, rows }) => `${countText(rows)} rows left out: ${htmlText(reason)}`),
  );
  if (inputs.rejected > 0) {
    const examples = inputs.rejections.map((text) => `<br><code>${htmlText(text)}</code>`).join("");
    items.push(`${countText(inputs.rejected)} bad rows rejected, such as:${examples}`);
  }
  return items;
}
