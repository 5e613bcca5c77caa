/** The columns of a problem view as bytes and back: a header in JSON, then counts as planes of bytes. Runs in a browser. */
import type { ProblemView } from "./problem-view.ts";

/** A view without its counts, which stand in the bytes after it. */
interface ViewHeader extends Omit<ProblemView, "draws" | "correct"> {
  /** Models whose counts are there: the first ones. */
  readonly counted: number;
  /** Bytes of each count. */
  readonly width: number;
  /** Problems in the order in which their counts stand, if it is another one. */
  readonly order?: readonly number[];
}

/** From so many models on, counts of problems of one difficulty stand together: they compress better by more than the order takes. */
const manyModels = 8;

/** Bytes of the views: the header's length in four bytes, the header, and the counts problem by problem, low bytes first. */
export function columnBytes(views: readonly ProblemView[]): Uint8Array {
  const headers = views.map(({ draws, correct, ...rest }): ViewHeader => {
    const largest = draws.reduce((most, column) => column.reduce((a, b) => Math.max(a, b), most), 0);
    return {
      ...rest,
      counted: draws.length,
      width: largest < 2 ** 8 ? 1 : largest < 2 ** 16 ? 2 : 4,
      ...(draws.length >= manyModels && { order: orderByDifficulty(correct, rest.problems.length) }),
    };
  });
  const header = new TextEncoder().encode(JSON.stringify(headers));
  const counts = headers.reduce((sum, view) => sum + 2 * view.counted * view.problems.length * view.width, 0);
  const bytes = new Uint8Array(4 + header.length + counts);
  new DataView(bytes.buffer).setUint32(0, header.length);
  bytes.set(header, 4);
  let at = 4 + header.length;
  views.forEach((view, index) => {
    const { counted, width, problems, order } = headers[index]!;
    for (const columns of [view.draws, view.correct]) {
      for (let plane = 0; plane < width; plane += 1) {
        for (let problem = 0; problem < problems.length; problem += 1) {
          for (let model = 0; model < counted; model += 1) {
            bytes[at] = (columns[model]![order?.[problem] ?? problem]! >>> (8 * plane)) & 0xff;
            at += 1;
          }
        }
      }
    }
  });
  return bytes;
}

function orderByDifficulty(correct: ProblemView["correct"], problems: number): number[] {
  const totals = new Float64Array(problems);
  for (const column of correct) {
    for (let problem = 0; problem < problems; problem += 1) totals[problem]! += column[problem]!;
  }
  return Array.from({ length: problems }, (_, problem) => problem).sort(
    (left, right) => totals[left]! - totals[right]! || left - right,
  );
}

/** The views in bytes of `columnBytes`. */
export function viewsFromBytes(bytes: Uint8Array): ProblemView[] {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const headers = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as ViewHeader[];
  let at = 4 + length;
  return headers.map(({ counted, width, order, ...rest }) => {
    const size = rest.problems.length;
    const columns = () => {
      const values = Array.from({ length: counted }, () => new Array<number>(size).fill(0));
      for (let plane = 0; plane < width; plane += 1) {
        for (let problem = 0; problem < size; problem += 1) {
          for (let model = 0; model < counted; model += 1) {
            values[model]![order?.[problem] ?? problem]! += bytes[at]! * 2 ** (8 * plane);
            at += 1;
          }
        }
      }
      return values;
    };
    const draws = columns();
    return { ...rest, draws, correct: columns() };
  });
}
