/** What a judge outside says, read with care: its answer decides what counts as correct. */
import { z } from "zod";
import { type DrawVerdict, JudgeError } from "./async-verifier.ts";

const answerShape = z.object({
  verdict: z.enum(["correct", "incorrect", "unscored"]).optional(),
  reward: z.number().optional(),
  reason: z.string().optional(),
  answer: z.string().optional(),
});

/**
 * A verdict from a number or from `{verdict, reward, reason, answer}`. A bare reward of 0 or 1 is a verdict too; any
 * other leaves the draw unscored, as a threshold is the user's to set.
 *
 * @throws JudgeError naming the judge if the text is neither, or holds no finite number.
 */
export function verdictFromText(text: string, judge: string): DrawVerdict {
  const number = Number(text);
  if (text !== "" && Number.isFinite(number)) return verdictOfReward(number);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused(`${judge} answered neither a number nor JSON: ${text.slice(0, 200)}`);
  }
  return verdictFromValue(value, judge);
}

function verdictFromValue(value: unknown, judge: string): DrawVerdict {
  if (typeof value === "number" && Number.isFinite(value)) return verdictOfReward(value);
  const parsed = answerShape.safeParse(value);
  if (!parsed.success || (parsed.data.verdict === undefined && parsed.data.reward === undefined)) {
    throw refused(`${judge} answered without "verdict" or "reward": ${JSON.stringify(value)?.slice(0, 200)}`);
  }
  const { verdict, reward, reason, answer } = parsed.data;
  return {
    ...(verdict === undefined ? verdictOfReward(reward ?? 0) : { verdict }),
    ...(reward !== undefined && { reward }),
    ...(reason !== undefined && { reason }),
    ...(answer !== undefined && { answer }),
  };
}

const refused = (message: string) => new JudgeError("answer", message, { retryable: false });

function verdictOfReward(reward: number): DrawVerdict {
  if (reward === 1) return { verdict: "correct", reward };
  if (reward === 0) return { verdict: "incorrect", reward };
  return { verdict: "unscored", reason: "a reward without a verdict", reward };
}
