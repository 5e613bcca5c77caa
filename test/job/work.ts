/** Units whose rows can be foretold, for tests that kill what works on them. */
import { type Unit, unitKey } from "../../src/job/index.ts";
import { type Outcome, type Response, type Row, samplingHash, shortHash } from "../../src/record/index.ts";
import { readRun } from "../../src/store/index.ts";
import { outcomeRow, responseRow } from "../rows.ts";

export interface Draw extends Unit {
  readonly problem: string;
  readonly draw: number;
}

export const drawOf = (problem: string, draw: number): Draw => ({
  key: unitKey({
    model: "model-a",
    promptHash: shortHash(problem),
    samplingHash: samplingHash({ temperature: 0.8 }),
    draw,
  }),
  problem,
  draw,
});

/** n draws of each problem, in rounds. */
export function draws(problems: number, n: number): Draw[] {
  return Array.from({ length: problems * n }, (_, index) =>
    drawOf(`p${index % problems}`, Math.floor(index / problems)),
  );
}

export const textOf = ({ problem, draw }: Draw): string => `answer ${shortHash(`${problem} ${draw}`)}`;

export function rowsOf(unit: Draw): [Response, Outcome] {
  const { problem, draw } = unit;
  return [
    responseRow({ problem, draw, text: textOf(unit) }),
    outcomeRow({ problem, draw, verdict: draw % 3 === 0 ? "correct" : "incorrect" }),
  ];
}

/** One line a row of the run folder, sorted: equal for equal runs, whatever the order of work. */
export async function contentOf(folder: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const rows of readRun(folder)) for (const row of rows) lines.push(lineOf(row));
  return lines.sort();
}

export const linesOf = (rows: readonly Row[]): string[] => rows.map(lineOf).sort();

function lineOf(row: Row): string {
  if (row.kind === "response") return `response ${row.problem} ${row.draw} ${row.text}`;
  if (row.kind === "outcome") return `outcome ${row.problem} ${row.draw} ${row.verdict}`;
  if (row.kind === "likelihood") return `likelihood ${row.problem} ${row.draw} ${row.logProbability}`;
  return `count ${row.problem} ${row.n} ${row.correct}`;
}
