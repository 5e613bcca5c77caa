/** Rows of the theory lab over the cores: pieces go to whichever thread is free. */
import { Worker } from "node:worker_threads";
import {
  type TheoryRecord,
  type TheoryResult,
  type TheoryRow,
  type TheoryRunOptions,
  theoryPieces,
  theoryResult,
} from "../theory/index.ts";
import type { TheoryPieceRequest } from "./theory-worker.ts";

export interface TheoryThreadsRequest extends TheoryRunOptions {
  readonly rows: readonly TheoryRow[];
  readonly threads: number;
  readonly onPiece: (done: number, row: string) => void;
}

export function totalPieces(rows: readonly TheoryRow[], { scale }: TheoryRunOptions): number {
  return rows.reduce((sum, row) => sum + theoryPieces(row, scale), 0);
}

/** Results in the order of the rows; the same numbers for any number of threads. */
export async function theoryResults(request: TheoryThreadsRequest): Promise<TheoryResult[]> {
  const { rows, scale, seed, onPiece } = request;
  const tables = rows.map((row) => new Array<readonly TheoryRecord[]>(theoryPieces(row, scale)));
  // The last pieces of a row are its largest: they go first, so that no thread ends with one alone.
  const open = tables.flatMap((pieces, row) => [...pieces.keys()].map((piece) => ({ row, piece })));
  let done = 0;
  const work = async (thread: Thread): Promise<void> => {
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { row, piece } = next;
      const { name } = rows[row]!;
      tables[row]![piece] = await thread.answer({ row: name, piece, scale, seed });
      onPiece(++done, name);
    }
  };
  const count = Math.max(1, Math.min(request.threads, open.length));
  const threads = Array.from({ length: count }, () => startedThread());
  try {
    await Promise.all(threads.map(work));
  } finally {
    for (const thread of threads) thread.end();
  }
  return rows.map((row, index) => theoryResult(row, scale, tables[index]!));
}

interface Thread {
  /** One question at a time. */
  answer(request: TheoryPieceRequest): Promise<readonly TheoryRecord[]>;
  end(): void;
}

function startedThread(): Thread {
  const worker = new Worker(new URL("./theory-worker.js", import.meta.url));
  let resolve: (records: readonly TheoryRecord[]) => void = () => {};
  let reject: (error: Error) => void = () => {};
  worker.on("message", (records: readonly TheoryRecord[]) => resolve(records));
  worker.on("error", (error: Error) => reject(error));
  worker.on("exit", () => reject(new Error("a thread of the theory lab ended early")));
  return {
    answer: (request) =>
      new Promise((resolved, rejected) => {
        resolve = resolved;
        reject = rejected;
        worker.postMessage(request);
      }),
    end: () => void worker.terminate(),
  };
}
