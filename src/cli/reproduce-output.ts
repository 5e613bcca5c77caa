/** Writes a figure's result: panels as SVG, PNG and CSV, tables as CSV, everything as JSON, and the page. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { printable } from "../report/index.ts";
import { csvLines, tableCsv } from "../report/table-csv.ts";
import { type FigureRecord, type FigureResult, figurePage, panelRows, panelSvg } from "../reproduce/index.ts";
import { pngOf } from "./plot-png.ts";
import { jsonText, printRemark } from "./print.ts";

export interface FigureOutput {
  readonly out: string;
  readonly record: FigureRecord;
  readonly result: FigureResult;
  /** The command that makes it, for the page. */
  readonly command: string;
  /** Engine, versions and the like, one a line. */
  readonly conditions: readonly string[];
}

const dotsPerInch = 192;
/** What every number is computed from. */
export const recordFile = "record.json";

/** Paths of the files written, relative to the folder; the record is the one that numbers can be computed from again. */
export async function writeFigure(output: FigureOutput): Promise<string[]> {
  const { out, record, result } = output;
  await mkdir(out, { recursive: true });
  const written: string[] = [];
  const write = async (name: string, content: string | Uint8Array) => {
    const path = join(out, name);
    const temporary = `${path}.${process.pid}.tmp`;
    await writeFile(temporary, content);
    await rename(temporary, path);
    written.push(name);
  };
  let pictures = true;
  for (const panel of result.panels) {
    const svg = panelSvg(panel);
    await write(`${panel.id}.svg`, `${svg}\n`);
    await write(`${panel.id}.csv`, csvLines(panelRows(panel)));
    if (!pictures) continue;
    try {
      await write(`${panel.id}.png`, await pngOf(svg, { dpi: dotsPerInch }));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "InputError") throw error;
      pictures = false;
      printRemark(`• no PNG: ${printable(error.message, 400)}`);
    }
  }
  for (const { id, table } of result.tables) await write(`${id}.csv`, tableCsv(table));
  const { figure, scale } = record;
  const { command, conditions } = output;
  const whole = { schema: "lmcov/reproduce@1", figure, scale, command, conditions, ...result };
  await write(`${figure}.json`, `${jsonText(whole)}\n`);
  await write(recordFile, `${jsonText({ ...record, conditions }, 0)}\n`);
  await write("index.html", figurePage(result, output));
  return written;
}
