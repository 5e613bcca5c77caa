/** The options that every command on logs shares, and what they mean. */
import { Command, InvalidArgumentError } from "commander";
import type { ImportOptions, MappableField } from "../importer/index.ts";
import { InputError, type StoppingRule } from "../record/index.ts";
import type { LoadOptions } from "./load-logs.ts";

export interface LogOptions {
  readonly format?: string;
  readonly map?: readonly string[];
  readonly model?: string;
  readonly task?: string;
  readonly verify?: string;
  readonly scorer?: string;
  readonly unscored: UnscoredPolicy;
  readonly poolSampling?: boolean;
  readonly stopping?: StoppingRule;
  readonly only?: string;
  readonly level: number;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** What an unscored draw is: left out of n, or counted as not correct. */
export type UnscoredPolicy = "exclude" | "incorrect";

const mappableFields: readonly MappableField[] = [
  "model",
  "task",
  "problem",
  "draw",
  "n",
  "c",
  "correct",
  "reward",
  "gold",
  "answer",
  "target",
  "step",
  "tokens",
  "temperature",
  "unscored",
  "logprob",
  "sampler",
  "prompt",
  "response",
  "verifier",
];

/** A command that reads logs, with the shared options; `--csv` where a table is the result. */
export function logCommand(name: string, options: { csv?: boolean } = {}): Command {
  const command = new Command(name)
    .argument("[inputs...]", "log files, folders of logs, or run folders")
    .option("--format <name>", "read the input as this format instead of recognising it (see lmcov formats)")
    .option("--map <pairs...>", `columns of a table, as role=column; roles: ${mappableFields.join(", ")}`)
    .option("--model <name>", "model name, for logs that hold none")
    .option("--task <name>", "task name, for logs that hold none")
    .option(
      "--verify <verifier>",
      "re-score saved responses: exact, exact:ignore-case, verbatim, numeric, numeric:TOLERANCE, choice, regex:PATTERN, path",
    )
    .option("--scorer <name>", "use this metric, scorer or verifier where a log holds several")
    .option("--unscored <policy>", "unscored draws: exclude (not in n) or incorrect", policyOf, "exclude")
    .option("--pool-sampling", "pool draws taken under different sampling settings")
    .option("--stopping <rule>", "how sampling stopped: fixed, or successes:S,cap:C", stoppingOf)
    .option(
      "--only <text>",
      "only the checkpoint of this name, such as 'sums, step 50', else models whose name contains it",
    )
    .option("--level <level>", "confidence level of intervals", levelOf, 0.95)
    .option("--strict", "exit with code 3 if any row was rejected")
    .option("--json", "print JSON");
  if (options.csv) command.option("--csv", "print CSV");
  return command;
}

/** Inputs and load options from parsed words; `--map a=b LOG` gives LOG back to the inputs. */
export function loadRequest(
  words: readonly string[],
  options: LogOptions,
): { inputs: string[]; load: LoadOptions } {
  const map: Partial<Record<MappableField, string>> = {};
  const inputs = [...words];
  for (const pair of options.map ?? []) {
    const at = pair.indexOf("=");
    if (at < 0) {
      inputs.push(pair);
      continue;
    }
    const role = pair.slice(0, at);
    if (!mappableFields.includes(role as MappableField)) {
      throw new InputError(`--map ${pair}: "${role}" is not a role; roles are ${mappableFields.join(", ")}`);
    }
    map[role as MappableField] = pair.slice(at + 1);
  }
  if (inputs.length === 0) throw new InputError("give at least one log file, folder of logs or run folder");
  const importOptions: Omit<ImportOptions, "texts"> = {
    map,
    ...(options.model !== undefined && { model: options.model }),
    ...(options.task !== undefined && { task: options.task }),
    ...(options.stopping !== undefined && { stopping: options.stopping }),
  };
  return {
    inputs,
    load: {
      importOptions,
      poolSampling: options.poolSampling ?? false,
      ...(options.format !== undefined && { format: options.format }),
      ...(options.verify !== undefined && { verify: options.verify }),
    },
  };
}

/** A list of positive integers such as `1,10,1e3`. */
export function positiveIntegers(text: string): number[] {
  const values = text.split(",").map((part) => Number(part.trim()));
  if (values.some((value) => !Number.isSafeInteger(value) || value < 1)) {
    throw new InvalidArgumentError("a comma-separated list of integers of at least 1.");
  }
  return [...new Set(values)].sort((left, right) => left - right);
}

/** One positive integer. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError("an integer of at least 1.");
}

/** A number strictly between 0 and 1. */
export function levelOf(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError("a number between 0 and 1.");
}

/** A list of numbers strictly between 0 and 1. */
export function levelsOf(text: string): number[] {
  return text.split(",").map(levelOf);
}

function policyOf(text: string): UnscoredPolicy {
  if (text === "exclude" || text === "incorrect") return text;
  throw new InvalidArgumentError("exclude or incorrect.");
}

function stoppingOf(text: string): StoppingRule {
  if (text === "fixed") return { kind: "fixed" };
  const match = /^successes:(\d+),cap:(\d+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError("fixed, or successes:S,cap:C.");
  const [successes, cap] = [Number(match[1]), Number(match[2])];
  if (successes < 1 || cap < successes) throw new InvalidArgumentError("successes and cap with 1 ≤ S ≤ C.");
  return { kind: "successes", successes, cap };
}
