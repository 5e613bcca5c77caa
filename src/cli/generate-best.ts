/** Best-of-N over the draws of a run: the one that a verifier or the model's own log-probability likes best. */
import { crc32 } from "node:zlib";
import { InvalidArgumentError } from "commander";
import { bestOfN } from "../decode/index.ts";
import { checkpointName, type Response, type Row } from "../record/index.ts";
import { readRun } from "../store/index.ts";

/** `verifier`: 1 for correct, 0 for incorrect; `likelihood`: log π(y|x); `mean-likelihood`: a token. */
export type BestOfNRule = "verifier" | "likelihood" | "mean-likelihood";

const rules: readonly BestOfNRule[] = ["verifier", "likelihood", "mean-likelihood"];

export function bestOfNRule(text: string): BestOfNRule {
  const rule = rules.find((name) => name === text);
  if (rule !== undefined) return rule;
  throw new InvalidArgumentError(`${rules.join(", ")}.`);
}

export interface ChosenDraw {
  readonly model: string;
  readonly step?: number;
  readonly task: string;
  readonly problem: string;
  /** Draws that were chosen among. */
  readonly draws: number;
  /** Undefined where no draw has a reward. */
  readonly draw?: number;
  readonly reward?: number;
  /** Draws that share the highest reward; the one with the lowest number is chosen. */
  readonly ties?: number;
  readonly text?: string;
}

const separator = "\u0000";
const problemKey = (row: Row) =>
  [row.model, row.step ?? "", row.samplingHash, row.task, row.promptHash, row.problem].join(separator);

/** The choice for each problem of the models asked for, among draws 0 … n − 1 under one sampling. */
export async function chosenDraws(
  folder: string,
  request: {
    readonly rule: BestOfNRule;
    readonly n: number;
    readonly drawSet: string;
    readonly samplingHash: string;
    /** Labels of the checkpoints asked for. */
    readonly models: ReadonlySet<string>;
  },
): Promise<ChosenDraw[]> {
  const responses = new Map<string, Response[]>();
  const rewards = new Map<string, number>();
  // Another checkpoint's draw of the same number, scored by this one, has another text.
  const textKey = (row: Row & { draw: number }, fingerprint: number | undefined) =>
    [problemKey(row), row.draw, fingerprint ?? ""].join(separator);
  for await (const batch of readRun(folder, { tables: ["responses", "likelihoods", "outcomes"] })) {
    for (const row of batch) {
      if (row.kind === "count" || row.samplingHash !== request.samplingHash || row.draw >= request.n)
        continue;
      if (row.drawSet !== request.drawSet || !request.models.has(checkpointName(row))) continue;
      if (row.kind === "response") {
        if (row.role !== "draw") continue;
        const known = responses.get(problemKey(row));
        if (known === undefined) responses.set(problemKey(row), [row]);
        else known.push(row);
        continue;
      }
      const reward = rewardOf(row, request.rule);
      if (reward !== undefined) rewards.set(textKey(row, row.fingerprint), reward);
    }
  }
  return [...responses.values()].map((draws) => {
    const ordered = [...draws].sort((left, right) => left.draw - right.draw);
    const { model, step, task, problem } = ordered[0]!;
    const place = { model, ...(step !== undefined && { step }), task, problem, draws: ordered.length };
    const choice = bestOfN(ordered.map((row) => rewards.get(textKey(row, crc32(row.text)))));
    if (choice === undefined) return place;
    const { draw, text } = ordered[choice.index]!;
    return { ...place, draw, reward: choice.reward, ties: choice.ties, text };
  });
}

function rewardOf(row: Row, rule: BestOfNRule): number | undefined {
  if (row.kind === "outcome" && rule === "verifier") {
    return row.verdict === "unscored" ? undefined : Number(row.verdict === "correct");
  }
  if (row.kind !== "likelihood" || rule === "verifier" || row.role !== "draw") return undefined;
  if (rule === "likelihood") return row.logProbability;
  return row.tokenCount ? row.logProbability / row.tokenCount : undefined;
}
