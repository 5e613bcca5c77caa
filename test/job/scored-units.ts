/** Prompts and responses whose log-probabilities under the scripted model are known exactly. */
import { beginning, scoreOf, tokenise } from "../endpoint/scripted-model.ts";

/** In every prompt of a test's unit, and in no request that a client makes on its own. */
export const unitMark = "Item ";

export interface Pair {
  readonly problem: string;
  readonly prompt: string;
  readonly response: string;
}

export const pairOf = (index: number): Pair => ({
  problem: `item ${index}`,
  prompt: `${unitMark}${index} is`,
  response: ` the ${String.fromCharCode(97 + (index % 26))}${index * 7}.`,
});

/** Log-probability of the response, by the model itself. */
export function exactScore({ prompt, response }: Pair): number {
  const joint = tokenise(prompt + response);
  const before = tokenise(prompt);
  let common = 0;
  while (common < before.length && before[common] === joint[common]) common += 1;
  const scores = scoreOf([beginning, ...joint.slice(0, common)], joint.slice(common));
  return scores.reduce((sum, score) => sum + score, 0);
}
