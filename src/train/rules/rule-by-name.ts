/** Rules by the names and options of a configuration file. */
import { lossByName, type NamedLoss, truncation, truncationOptions } from "../loss-by-name.ts";
import { l2Ball, type Projection } from "../projection.ts";
import type { UpdateRule } from "../update-rule.ts";
import { adam, adamW } from "./adam.ts";
import { muon } from "./muon.ts";
import {
  checkedOptions,
  entryByName,
  type GivenOptions,
  nonnegative,
  type Options,
  oneOf,
  positive,
  positiveInteger,
  share,
} from "./option.ts";
import { allTensors, matrices, type TensorChoice } from "./pieces.ts";
import { normalizedSgd, sgd, signSgd } from "./sgd.ts";

/** A rule with its options filled in. */
export interface NamedRule {
  readonly name: string;
  readonly update: UpdateRule;
  /** The step size η before any schedule. */
  readonly learningRate: number;
  /** `batch`: a step a batch. `token`: a step after every token of the batch's responses, see `tokenSteps`. */
  readonly stepAfter: "batch" | "token";
  /** The loss that belongs to the rule; absent where any will do. */
  readonly loss?: NamedLoss;
  /** With defaults. */
  readonly options: GivenOptions;
}

interface RuleEntry {
  readonly options: Options;
  readonly stepAfter?: "token";
  loss?(options: GivenOptions): NamedLoss;
  update(options: GivenOptions): UpdateRule;
}

const learningRate = positive({ required: true, meaning: "step size η" });
const radius = positive({ meaning: "project onto ‖θ‖₂ ≤ radius after each step" });
const decay = (value: number) => nonnegative({ default: value, meaning: "weight decay" });
const decays = oneOf(["matrices", "all"], {
  default: "matrices",
  meaning: "what decays: matrices and embeddings, or all tensors (PyTorch's default)",
});
const adamOptions: Options = {
  beta1: share({ default: 0.9, meaning: "decay of the mean of gradients" }),
  beta2: share({ default: 0.999, meaning: "decay of the mean of squared gradients" }),
  epsilon: positive({ default: 1e-8, meaning: "added to the root of the second moment" }),
};

const entries: Readonly<Record<string, RuleEntry>> = {
  sgd: {
    options: {
      learningRate,
      radius,
      momentum: share({ default: 0, meaning: "decay of the velocity (beyond the paper)" }),
      weightDecay: decay(0),
      decays,
    },
    update: (options) =>
      sgd({
        momentum: options.momentum as number,
        weightDecay: options.weightDecay as number,
        decays: decaysOf(options),
        ...projectionOf(options),
      }),
  },
  "normalized-sgd": {
    options: {
      learningRate,
      radius,
      lambda: nonnegative({ default: 0.1, meaning: "λ of (18)" }),
    },
    update: (options) => normalizedSgd({ lambda: options.lambda as number, ...projectionOf(options) }),
  },
  "sign-sgd": { options: { learningRate }, update: () => signSgd() },
  adam: {
    options: {
      learningRate: positive({ default: 1e-3, meaning: "step size η" }),
      ...adamOptions,
      weightDecay: decay(0),
      decays,
      radius,
    },
    update: (options) => adam(adamRuleOptions(options)),
  },
  adamw: {
    options: {
      learningRate: positive({ default: 1e-3, meaning: "step size η" }),
      ...adamOptions,
      weightDecay: decay(0.01),
      decays,
      radius,
    },
    update: (options) => adamW(adamRuleOptions(options)),
  },
  "token-sgd": {
    options: { learningRate, radius },
    stepAfter: "token",
    update: (options) => ({ ...sgd(projectionOf(options)), name: "token-sgd" }),
  },
  "truncated-distillation": {
    options: { learningRate, radius, ...truncationOptions },
    loss: (options) => ({
      name: "truncated",
      options,
      ...truncation(options, "rule truncated-distillation"),
    }),
    update: (options) => ({ ...sgd(projectionOf(options)), name: "truncated-distillation" }),
  },
  muon: {
    options: {
      learningRate: positive({ default: 0.02, meaning: "step size of the hidden matrices" }),
      adamLearningRate: positive({ default: 3e-4, meaning: "step size of everything else" }),
      momentum: share({ default: 0.95, meaning: "decay of the average of gradients" }),
      iterations: positiveInteger({ default: 5, meaning: "Newton–Schulz steps" }),
      weightDecay: decay(0),
      ...adamOptions,
    },
    update: (options) =>
      muon({
        momentum: options.momentum as number,
        iterations: options.iterations as number,
        weightDecay: options.weightDecay as number,
        adamShare: (options.adamLearningRate as number) / (options.learningRate as number),
        adam: adamRuleOptions(options),
      }),
  },
};

/** Names of all rules. */
export const ruleNames: readonly string[] = Object.keys(entries);

/**
 * What a rule's options are: limits, defaults and meaning, by name.
 *
 * @example
 * ruleOptions("sign-sgd").learningRate?.limits; // "a positive number"
 */
export function ruleOptions(name: string): Options {
  return entryByName("rule", entries, name).options;
}

/**
 * The rule of a configuration file.
 *
 * @throws UnusableTrainingError for an unknown rule or option, naming those that there are, and for a value outside
 * its limits, naming rule, option and limits.
 * @example
 * ruleByName("adamw", { learningRate: 3e-4 }).options.weightDecay; // 0.01
 * ruleByName("adamw", { beta1: 1 }); // throws InputError: rule adamw: beta1: is 1; must be …
 * ruleByName("sign-sgd", { learningRate: 0.1, radius: 1 }); // throws InputError: rule sign-sgd: radius: unknown option…
 */
export function ruleByName(name: string, given: GivenOptions = {}): NamedRule {
  const entry = entryByName("rule", entries, name);
  const options = checkedOptions(`rule ${name}`, entry.options, given);
  return {
    name,
    update: entry.update(options),
    learningRate: options.learningRate as number,
    stepAfter: entry.stepAfter ?? "batch",
    options,
    ...(entry.stepAfter === "token" && { loss: lossByName("sequence") }),
    ...(entry.loss !== undefined && { loss: entry.loss(options) }),
  };
}

function adamRuleOptions(options: GivenOptions) {
  return {
    beta1: options.beta1 as number,
    beta2: options.beta2 as number,
    epsilon: options.epsilon as number,
    weightDecay: options.weightDecay as number,
    decays: decaysOf(options),
    ...projectionOf(options),
  };
}

const decaysOf = (options: GivenOptions): TensorChoice => (options.decays === "all" ? allTensors : matrices);

function projectionOf(options: GivenOptions): { readonly projection?: Projection } {
  return options.radius === undefined ? {} : { projection: l2Ball(options.radius as number) };
}
