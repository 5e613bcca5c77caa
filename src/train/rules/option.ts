/** Options of rules, losses and the like as data: a default, limits in words, and a check. */
import { nearName } from "../near-name.ts";
import { UnusableTrainingError } from "../training-error.ts";

/** One option of a rule or loss as data: what may be given, what holds otherwise, and what it means. */
export interface Option<Value = unknown> {
  /** Undefined where the option must be given, or is off unless given. */
  readonly default?: Value | undefined;
  readonly required?: boolean;
  /** Completes "must be". */
  readonly limits: string;
  readonly meaning: string;
  accepts(value: unknown): boolean;
}

/** The options of a rule or loss by name. */
export type Options = Readonly<Record<string, Option>>;
/** Options by name as a configuration gives them, not checked yet. */
export type GivenOptions = Readonly<Record<string, unknown>>;

interface NumberOption {
  readonly default?: number;
  readonly required?: boolean;
  readonly meaning: string;
}

const finite = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

export const positive = (option: NumberOption): Option => ({
  ...option,
  limits: "a positive number",
  accepts: (value) => finite(value) && value > 0,
});

export const nonnegative = (option: NumberOption): Option => ({
  ...option,
  limits: "a number of at least 0",
  accepts: (value) => finite(value) && value >= 0,
});

export const share = (option: NumberOption): Option => ({
  ...option,
  limits: "a number of at least 0 and less than 1",
  accepts: (value) => finite(value) && value >= 0 && value < 1,
});

export const atLeastOne = (option: NumberOption): Option => ({
  ...option,
  limits: "a number of at least 1",
  accepts: (value) => finite(value) && value >= 1,
});

export const aboveOne = (option: NumberOption): Option => ({
  ...option,
  limits: "a number above 1",
  accepts: (value) => finite(value) && value > 1,
});

export const positiveInteger = (option: NumberOption): Option => ({
  ...option,
  limits: "a positive integer",
  accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
});

export const oneOf = (
  names: readonly string[],
  option: { readonly default?: string; readonly meaning: string },
): Option => ({
  ...option,
  limits: `one of ${names.join(", ")}`,
  accepts: (value) => typeof value === "string" && names.includes(value),
});

export const text = (option: { readonly required?: boolean; readonly meaning: string }): Option => ({
  ...option,
  limits: "a text that is not empty",
  accepts: (value) => typeof value === "string" && value !== "",
});

/**
 * The given options with defaults filled in.
 *
 * @throws UnusableTrainingError naming the owner (such as `rule adam`) and the option: unknown, missing or outside its limits.
 */
export function checkedOptions(owner: string, options: Options, given: GivenOptions): GivenOptions {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(options, name)) continue;
    const near = nearName(name, Object.keys(options));
    const hint = near === undefined ? "" : `did you mean ${near}? `;
    throw new UnusableTrainingError(`${owner}: ${name}: unknown option; ${hint}(${optionsText(options)})`);
  }
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, option]) => {
      const value = given[name] ?? option.default;
      if (value === undefined) {
        if (option.required !== true) return [];
        throw new UnusableTrainingError(`${owner}: ${name}: is missing; must be ${option.limits}`);
      }
      if (!option.accepts(value)) {
        throw new UnusableTrainingError(
          `${owner}: ${name}: is ${JSON.stringify(value)}; must be ${option.limits}`,
        );
      }
      return [[name, value]];
    }),
  );
}

function optionsText(options: Options): string {
  if (Object.keys(options).length === 0) return "there is none";
  return Object.entries(options)
    .map(([name, { limits }]) => `${name}: ${limits}`)
    .join("; ");
}

/** The known entry of that name; throws UnusableTrainingError with the names that there are. */
export function entryByName<Entry>(
  kind: string,
  entries: Readonly<Record<string, Entry>>,
  name: string,
): Entry {
  if (Object.hasOwn(entries, name)) return entries[name]!;
  const names = Object.keys(entries);
  const near = nearName(name, names);
  const hint = near === undefined ? "" : `did you mean ${near}? `;
  throw new UnusableTrainingError(
    `${kind}: ${JSON.stringify(name)} is not known; ${hint}(known: ${names.join(", ")})`,
  );
}
