/** The update rule, loss and learning rate that a configuration names. */
import {
  lossByName,
  type NamedLoss,
  type NamedRule,
  ruleByName,
  scheduleFactor,
  type TrainingConfig,
  UnusableTrainingError,
} from "../train/index.ts";

export interface PreparedRule {
  readonly rule: NamedRule;
  readonly loss: NamedLoss;
  readonly learningRate: (step: number) => number;
}

/** Throws an error of name InputError for an unknown rule, loss or option, with those that there are. */
export function preparedRule({ rule: given, loss: named, schedule, steps }: TrainingConfig): PreparedRule {
  const { name, ...options } = given;
  const rule = ruleByName(name, options);
  const factor = scheduleFactor({ ...schedule, steps });
  return { rule, loss: lossOf(rule, named), learningRate: (step) => rule.learningRate * factor(step) };
}

function lossOf(rule: NamedRule, named: TrainingConfig["loss"]): NamedLoss {
  const { name, ...options } = typeof named === "string" ? { name: named } : named;
  if (rule.loss === undefined) return lossByName(name, options);
  if (name === "sequence" && lossByName(name, options) !== undefined) return rule.loss;
  throw new UnusableTrainingError(`loss: ${name}: the rule ${rule.name} has its own, ${rule.loss.name}`);
}
