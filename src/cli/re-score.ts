/** Verdicts of a verifier on saved responses, beside the log's own, with how often the two agree. */
import { crc32 } from "node:zlib";
import type { Outcome, Response, Row } from "../record/index.ts";
import type { Verifier } from "../verifier/index.ts";

export interface Agreement {
  /** Draws that both the log and the verifier scored. */
  compared: number;
  agreed: number;
}

/** Tells draws apart, whichever table a row is from. */
export const drawName = (row: Response | Outcome) =>
  `${row.model}\u0000${row.step ?? ""}\u0000${row.samplingHash}\u0000${row.promptHash}\u0000${row.problem}\u0000${row.drawSet}\u0000${row.draw}`;

/**
 * The rows and, after them, one outcome of the verifier for each drawn response. Counts agreement on the way.
 * The new verdicts replace those that the log has under the verifier's own name, and keep the reward that the log gives the draw.
 */
export function reScored(rows: readonly Row[], verifier: Verifier, agreement: Agreement): Row[] {
  const logged = new Map<string, Outcome>();
  for (const row of rows) {
    if (row.kind === "outcome" && row.verdict !== "unscored" && !logged.has(drawName(row))) {
      logged.set(drawName(row), row);
    }
  }
  const added: Outcome[] = [];
  const rewards = new Map<string, number>();
  for (const row of rows) {
    if (row.kind === "outcome" && row.reward !== undefined) rewards.set(drawName(row), row.reward);
  }
  for (const row of rows) {
    if (row.kind !== "response" || row.role !== "draw") continue;
    const reward = rewards.get(drawName(row));
    const outcome = { ...outcomeOf(row, verifier), ...(reward !== undefined && { reward }) };
    added.push(outcome);
    const own = logged.get(drawName(row));
    if (own === undefined || outcome.verdict === "unscored") continue;
    agreement.compared += 1;
    if (own.verdict === outcome.verdict) agreement.agreed += 1;
  }
  const replaced = (row: Row) =>
    row.kind === "outcome" && row.verifier === verifier.name && row.verdict !== "unscored";
  return [...rows.filter((row) => !replaced(row)), ...added];
}

/** The verifier's verdict on one saved response. */
export function outcomeOf(row: Response, verifier: Verifier): Outcome {
  const result = verifier.verify({ response: row.text, target: row.target, prompt: row.prompt });
  return {
    kind: "outcome",
    model: row.model,
    ...(row.step !== undefined && { step: row.step }),
    ...(row.trainingTokens !== undefined && { trainingTokens: row.trainingTokens }),
    task: row.task,
    problem: row.problem,
    promptHash: row.promptHash,
    sampling: row.sampling,
    samplingHash: row.samplingHash,
    source: row.source,
    drawSet: row.drawSet,
    draw: row.draw,
    verdict: result.verdict,
    ...(result.reason !== undefined && { reason: result.reason }),
    ...(result.answer !== undefined && { answer: result.answer }),
    fingerprint: crc32(row.text),
    verifier: verifier.name,
  };
}
