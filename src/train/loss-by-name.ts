/** Losses by the names and options of a configuration file. */
import { type TeacherForm, truncatedLoss } from "./distillation.ts";
import { sequenceLoss } from "./loss.ts";
import { dcoLoss } from "./loss-dco.ts";
import {
  aboveOne,
  atLeastOne,
  checkedOptions,
  entryByName,
  type GivenOptions,
  type Options,
  positiveInteger,
  text,
} from "./rules/option.ts";
import type { Loss } from "./step-graph.ts";
import { UnusableTrainingError } from "./training-error.ts";

/** Where a truncated loss takes its teacher from. */
export type TeacherSource =
  | { readonly kind: "checkpoint"; readonly folder: string }
  | {
      readonly kind: "distributions";
      /** A table, or a run folder that `lmcov score-with --distributions` wrote. */
      readonly path: string;
      /** So many of the likeliest tokens of each step; all that are there where undefined. */
      readonly top: number | undefined;
    };

/** A loss as a configuration names it, made by `lossByName`. */
export interface NamedLoss {
  readonly name: string;
  readonly loss: Loss;
  /** What it is a mean over. */
  readonly meanOver: "sequence" | "token";
  /** What must be fed beside the batch; absent where nothing. `loss` is that of a teacher whose distributions are whole. */
  readonly teacher?: TeacherSource;
  /** The loss where the teacher's distributions come in another form. */
  lossFor?(form: TeacherForm): Loss;
  /** With defaults. */
  readonly options: GivenOptions;
}

type LossParts = Omit<NamedLoss, "name" | "options">;

interface LossEntry {
  readonly options: Options;
  loss(options: GivenOptions, owner: string): LossParts;
}

/** Options of the truncated loss, also of the rule that is named after it. */
export const truncationOptions: Options = {
  N: aboveOne({ required: true, meaning: "divergences count until they add up to log N" }),
  teacher: text({ meaning: "folder of the teacher's checkpoint" }),
  distributions: text({
    meaning: "run folder or file with the teacher's next-token distributions, in place of a checkpoint",
  }),
  top: positiveInteger({ meaning: "read only so many of the likeliest tokens of each distribution" }),
};

const entries: Readonly<Record<string, LossEntry>> = {
  sequence: { options: {}, loss: () => ({ loss: sequenceLoss, meanOver: "sequence" }) },
  token: { options: {}, loss: () => ({ loss: sequenceLoss, meanOver: "token" }) },
  dco: {
    options: { N: atLeastOne({ required: true, meaning: "draws of which one has to be right" }) },
    loss: ({ N }) => ({ loss: dcoLoss(N as number), meanOver: "sequence" }),
  },
  truncated: { options: truncationOptions, loss: truncation },
};

/** Names of all losses. */
export const lossNames: readonly string[] = Object.keys(entries);

/**
 * What a loss's options are, by name.
 *
 * @example
 * lossOptions("dco").N?.limits; // "a number of at least 1"
 */
export function lossOptions(name: string): Options {
  return entryByName("loss", entries, name).options;
}

/**
 * The loss of a configuration file. `truncated` needs a teacher: the folder of a checkpoint, or a run folder or file with distributions.
 *
 * @throws UnusableTrainingError for an unknown loss or option and for a value outside its limits, naming them.
 * @example
 * lossByName("dco", { N: 16 }).meanOver; // "sequence"
 * lossByName("truncated", { N: 16 }); // throws InputError: loss truncated: teacher: is missing…
 */
export function lossByName(name: string, given: GivenOptions = {}): NamedLoss {
  const entry = entryByName("loss", entries, name);
  const owner = `loss ${name}`;
  const options = checkedOptions(owner, entry.options, given);
  return { name, options, ...entry.loss(options, owner) };
}

/** The truncated loss with checked options, for the loss and for the rule that is named after it. */
export function truncation(options: GivenOptions, owner: string): LossParts {
  const { N, teacher, distributions, top } = options;
  if ((teacher === undefined) === (distributions === undefined)) {
    throw new UnusableTrainingError(
      teacher === undefined
        ? `${owner}: teacher: is missing; give the folder of a checkpoint, or distributions: a run folder or file`
        : `${owner}: distributions: is one teacher too many beside teacher`,
    );
  }
  const lossFor = (form: TeacherForm) => truncatedLoss({ N: N as number, teacher: form });
  return {
    loss: lossFor("full"),
    lossFor,
    meanOver: "sequence",
    teacher:
      teacher !== undefined
        ? { kind: "checkpoint", folder: teacher as string }
        : { kind: "distributions", path: distributions as string, top: top as number | undefined },
  };
}
