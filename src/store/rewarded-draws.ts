/** The draws of a problem that carry a reward, a column a field: an object a draw would take four times the memory. */
import type { Outcome, Verdict } from "../record/index.ts";

/** Entry by entry the draws with a reward, in the order in which they were read. */
export interface RewardedDraws {
  readonly rewards: readonly number[];
  readonly verdicts: readonly Verdict[];
  /** Absent where no draw has one. */
  readonly golds?: readonly (number | undefined)[];
  readonly answers?: readonly (string | undefined)[];
}

export class RewardedDrawColumns implements RewardedDraws {
  readonly rewards: number[] = [];
  readonly verdicts: Verdict[] = [];
  golds?: (number | undefined)[];
  answers?: (string | undefined)[];

  /** Takes a draw; one without a reward is passed over. */
  add({ reward, verdict, gold, answer }: Pick<Outcome, "reward" | "verdict" | "gold" | "answer">): void {
    if (reward === undefined) return;
    const before = this.rewards.length;
    this.rewards.push(reward);
    this.verdicts.push(verdict);
    if (gold !== undefined && this.golds === undefined) this.golds = new Array(before).fill(undefined);
    this.golds?.push(gold);
    if (answer !== undefined && this.answers === undefined) this.answers = new Array(before).fill(undefined);
    this.answers?.push(answer);
  }

  addAll(draws: RewardedDraws): void {
    draws.rewards.forEach((reward, index) => {
      const verdict = draws.verdicts[index] ?? "unscored";
      const [gold, answer] = [draws.golds?.[index], draws.answers?.[index]];
      this.add({
        reward,
        verdict,
        ...(gold !== undefined && { gold }),
        ...(answer !== undefined && { answer }),
      });
    });
  }
}
