/** Best-of-N: of N drawn responses, the one that a reward likes best. */

export interface BestOfN {
  /** Index of the chosen response among those given. */
  readonly index: number;
  readonly reward: number;
  /** Responses that share the highest reward; the first of them is chosen. */
  readonly ties: number;
  /** Responses without a reward, which are never chosen. */
  readonly unrewarded: number;
}

/**
 * The response with the highest reward, the first of several. `undefined` marks a response that the reward could not
 * judge; where none has a reward the choice is undefined, never a made-up one.
 *
 * A verifier is the reward 1 for correct, 0 for incorrect and undefined for unscored; the model's own log-probability is a
 * reward too. What Best-of-N is worth over a set of problems is estimated without bias from all draws by `bestOfNCurve`.
 *
 * @throws RangeError for a reward that is NaN.
 * @example
 * bestOfN([0, 1, undefined, 1]); // { index: 1, reward: 1, ties: 2, unrewarded: 1 }
 */
export function bestOfN(rewards: readonly (number | undefined)[]): BestOfN | undefined {
  let index = -1;
  let best = Number.NEGATIVE_INFINITY;
  let ties = 0;
  let unrewarded = 0;
  rewards.forEach((reward, candidate) => {
    if (reward === undefined) {
      unrewarded += 1;
      return;
    }
    if (Number.isNaN(reward))
      throw new RangeError(`reward ${candidate} is NaN: must be a number or undefined`);
    if (index >= 0 && reward === best) ties += 1;
    if (index >= 0 && reward <= best) return;
    index = candidate;
    best = reward;
    ties = 1;
  });
  return index < 0 ? undefined : { index, reward: best, ties, unrewarded };
}

/**
 * Draws' rewards by any reward function, verifier or model, and the choice among them.
 *
 * @example
 * (await chosenByReward(["a", "bb"], (text) => text.length))?.index; // 1
 */
export async function chosenByReward<Draw>(
  draws: readonly Draw[],
  reward: (draw: Draw) => number | undefined | Promise<number | undefined>,
): Promise<BestOfN | undefined> {
  const rewards: (number | undefined)[] = [];
  for (const draw of draws) rewards.push(await reward(draw));
  return bestOfN(rewards);
}
