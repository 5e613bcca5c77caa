/** The lines of a file with their numbers, in batches, whatever their length up to a limit. */
import { InputError } from "../record/index.ts";
import { byteChunks } from "./byte-source.ts";

/** Longer lines are not read: no log has them, and they would exhaust the memory. */
const longestLine = 256 << 20;

export interface LineBatch {
  /** Number of the first line, from 1. */
  readonly first: number;
  /** Without line ends. */
  readonly lines: readonly Buffer[];
}

/**
 * Lines of the decompressed file. A batch holds the lines that a chunk of input completed; buffers are valid until
 * the next batch. Throws InputError on a line over 256 MiB.
 */
export async function* lineBatches(
  path: string,
  progress?: (bytes: number) => void,
): AsyncGenerator<LineBatch> {
  let first = 1;
  let carried: Buffer[] = [];
  let carriedLength = 0;
  for await (const chunk of byteChunks(path, progress)) {
    const lines: Buffer[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, start);
      if (end < 0) break;
      let line = chunk.subarray(start, end);
      if (carried.length > 0) {
        carried.push(line);
        line = Buffer.concat(carried);
        carried = [];
        carriedLength = 0;
      }
      lines.push(withoutReturn(line));
      start = end + 1;
    }
    if (start < chunk.length) {
      carried.push(chunk.subarray(start));
      carriedLength += chunk.length - start;
      if (carriedLength > longestLine) {
        throw new InputError(`${path}: line ${first + lines.length} is longer than 256 MiB`);
      }
    }
    if (lines.length > 0) yield { first, lines };
    first += lines.length;
  }
  if (carried.length > 0) yield { first, lines: [withoutReturn(Buffer.concat(carried))] };
}

function withoutReturn(line: Buffer): Buffer {
  return line.length > 0 && line[line.length - 1] === 0x0d ? line.subarray(0, -1) : line;
}
