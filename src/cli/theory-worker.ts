/** A thread of `lmcov theory`: measures the pieces that it is asked for. */
import { parentPort } from "node:worker_threads";
import { type TheoryRunOptions, theoryPiece, theoryRows } from "../theory/index.ts";

/** A piece of work, named so that it passes between threads. */
export interface TheoryPieceRequest extends TheoryRunOptions {
  readonly row: string;
  readonly piece: number;
}

parentPort?.on("message", (request: TheoryPieceRequest) => {
  const row = theoryRows.find(({ name }) => name === request.row);
  if (row === undefined) throw new Error(`there is no row ${request.row}`);
  parentPort?.postMessage(theoryPiece(row, request.piece, request));
});
