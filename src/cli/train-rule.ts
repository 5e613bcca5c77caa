/** The update rule, loss and learning rate that a configuration names. */
import {
  type Loss,
  ruleByName,
  scheduleFactor,
  sequenceLoss,
  type TrainingConfig,
  type UpdateRule,
} from "../train/index.ts";

export interface PreparedRule {
  readonly rule: UpdateRule;
  readonly loss: Loss;
  readonly learningRate: (step: number) => number;
  readonly stepAfter: "batch" | "token";
}

/** Throws an error of name InputError for an unknown rule or option, with those that there are. */
export function preparedRule({ rule, schedule, steps }: TrainingConfig): PreparedRule {
  const { name, ...options } = rule;
  const { update, learningRate, stepAfter } = ruleByName(name, options);
  const factor = scheduleFactor({ ...schedule, steps });
  return { rule: update, loss: sequenceLoss, learningRate: (step) => learningRate * factor(step), stepAfter };
}
