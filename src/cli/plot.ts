/** `lmcov plot`: one chart of the report as a file for a paper. */
import { rename, writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { InputError } from "../record/index.ts";
import { type Chart, hasAxisOfN, paperSvg, printable, type Report, type Section } from "../report/index.ts";
import { composeReport, type ReportRequest } from "./compose-report.ts";
import { levelOf, logCommand, positiveIntegers } from "./log-options.ts";
import { pngOf } from "./plot-png.ts";
import { realFromOne } from "./positive-reals.ts";
import { jsonText, printRemark, printResult } from "./print.ts";

interface PlotOptions extends ReportRequest {
  readonly out?: string;
  readonly width: number;
  readonly height?: number;
  readonly dpi: number;
  readonly font?: string;
  readonly section?: string;
  readonly n?: number;
}

/** Other words for kinds of charts. */
const otherNames: Readonly<Record<string, string>> = { passk: "pass-at-k", "pass@k": "pass-at-k" };

const examples = `
The kinds are those of the charts in the report of the same logs: passk, trajectory and others; an unknown one lists them.

Examples:
  lmcov plot passk samples.jsonl --out passk.svg
  lmcov plot trajectory run --out training.png --width 174 --dpi 600
  lmcov plot passk samples.jsonl --json > passk.json`;

export function command(): Command {
  return logCommand("plot")
    .usage("[options] <kind> [inputs...]")
    .description("one chart of the report as SVG or PNG, sized for papers")
    .option("--out <file>", "file to write, ending in .svg or .png")
    .option("--width <mm>", "width in millimetres: 84 for one column, 174 for two", millimetres, 84)
    .option("--height <mm>", "height in millimetres (default: 0.62 of the width, at most 100)", millimetres)
    .option("--dpi <number>", "dots of an inch in a PNG", realFromOne, 300)
    .option("--font <file>", "font file for the text in a PNG; the system's otherwise")
    .option("--section <id>", "which chart, where a report has several of the kind")
    .option(
      "--n <number>",
      "N at which the chart stands, or is marked (default: the report's own, unmarked)",
      realFromOne,
    )
    .option("--k <list>", "numbers of draws to report", positiveIntegers)
    .option("--target <share>", "share of problems to solve", levelOf)
    .option("--budget <number>", "responses drawn at deployment", realFromOne, 64)
    .option("--seed <text>", "seed of the bootstrap", "lmcov")
    .addHelpText("after", examples)
    .action(run);
}

async function run(words: string[], options: PlotOptions): Promise<void> {
  const [word, ...inputs] = words;
  if (word === undefined) throw new InputError("give the kind of chart, such as passk, and the logs");
  const { out } = options;
  const format = out === undefined ? undefined : extname(out).toLowerCase();
  if (out === undefined && options.json !== true) {
    throw new InputError("give --out FILE.svg or FILE.png, or --json for the data");
  }
  if (format !== undefined && format !== ".svg" && format !== ".png") {
    throw new InputError(`--out ${out}: must end in .svg or .png`);
  }
  const { report } = await composeReport(inputs, options);
  const { section, chart } = chosenChart(report.sections, word, options.section);
  const size = {
    widthMillimetres: options.width,
    heightMillimetres: options.height ?? Math.min(100, Math.round(0.62 * options.width)),
  };
  if (out !== undefined) {
    const svg = paperSvg(chart, { ...size, n: options.n ?? standingN(chart, report.slider) });
    const file = format === ".svg" ? `${svg}\n` : await pngOf(svg, options);
    await writeFile(`${out}.tmp`, file);
    await rename(`${out}.tmp`, out);
  }
  if (options.json) {
    const { id, title, explanation } = section;
    printResult(
      jsonText({ schema: "lmcov/plot@1", section: id, title, explanation, chart, inputs: report.inputs }),
    );
    return;
  }
  printRemark(`${printable(section.title)} → ${out}`);
}

function chosenChart(
  sections: readonly Section[],
  word: string,
  id: string | undefined,
): { readonly section: Section; readonly chart: Chart } {
  const charts = sections.flatMap((section) =>
    section.chart === undefined ? [] : [{ section, chart: section.chart }],
  );
  const kind = otherNames[word] ?? word;
  const fitting = charts.filter(({ chart }) => chart.kind === kind);
  if (fitting.length === 0) {
    const kinds = [...new Set(charts.map(({ chart }) => chart.kind))];
    const held = kinds.length === 0 ? "no chart" : `charts of the kinds ${kinds.join(", ")}`;
    throw new InputError(`plot ${word}: the report of these logs has ${held}`);
  }
  const names = fitting.map(({ section }) => section.id);
  const found = id === undefined ? fitting[0] : fitting.find(({ section }) => section.id === id);
  if (found === undefined) throw new InputError(`--section ${id}: there are ${names.join(", ")}`);
  if (id === undefined && fitting.length > 1) {
    printRemark(
      `• ${fitting.length} charts of this kind: ${names[0]} is drawn; --section chooses ${names.slice(1).join(", ")}.`,
    );
  }
  return found;
}

/** The report's N, for charts that show one value of it. */
const standingN = (chart: Chart, slider: Report["slider"]) => (hasAxisOfN(chart) ? undefined : slider?.start);

function millimetres(text: string): number {
  const value = Number(text);
  if (value >= 30 && value <= 2000) return value;
  throw new InvalidArgumentError("a number of millimetres from 30 to 2000.");
}
