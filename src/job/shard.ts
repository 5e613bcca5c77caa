/** A share of a job's units, for machines that know only their number. */
import { InputError } from "../record/index.ts";
import type { Unit } from "./unit.ts";
import type { Units } from "./unit-source.ts";

/** One of `count` equal shares of a job's units. */
export interface Shard {
  /** From 1 to `count`. */
  readonly index: number;
  readonly count: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The shard that `i/k` names, or `auto` and `auto/k`: the task of a Slurm array (SLURM_ARRAY_TASK_ID, with the array's
 * own bounds) or the index of a Kubernetes job (JOB_COMPLETION_INDEX, which does not tell k). Throws InputError.
 *
 * @example
 * shardOf("auto/8", { JOB_COMPLETION_INDEX: "0" }).index; // 1
 */
export function shardOf(text: string, environment: Environment): Shard {
  const match = /^(?:(\d+)\/(\d+)|auto(?:\/(\d+))?)$/.exec(text);
  if (match === null) throw wrong(text, "give i/k, auto or auto/k");
  const [, index, count, asked] = match;
  if (index !== undefined) return checked(text, { index: Number(index), count: Number(count) });
  return checked(text, automaticShard(text, environment, asked === undefined ? undefined : Number(asked)));
}

function automaticShard(text: string, environment: Environment, asked: number | undefined): Shard {
  const task = environment.SLURM_ARRAY_TASK_ID;
  if (task !== undefined) {
    const first = Number(environment.SLURM_ARRAY_TASK_MIN ?? 0);
    const last = Number(environment.SLURM_ARRAY_TASK_MAX ?? Number.NaN);
    const step = Number(environment.SLURM_ARRAY_TASK_STEP ?? 1);
    const count = asked ?? Math.floor((last - first) / step) + 1;
    return { index: (Number(task) - first) / step + 1, count };
  }
  const completion = environment.JOB_COMPLETION_INDEX;
  if (completion === undefined) {
    throw wrong(text, "neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set");
  }
  if (asked === undefined) throw wrong(text, "Kubernetes does not tell the number of shards: give auto/k");
  return { index: Number(completion) + 1, count: asked };
}

function checked(text: string, shard: Shard): Shard {
  const { index, count } = shard;
  const isShard = Number.isSafeInteger(index) && Number.isSafeInteger(count) && index >= 1 && index <= count;
  if (isShard) return shard;
  throw wrong(text, `shard ${index} of ${count}: the number is from 1 to k`);
}

const wrong = (text: string, reason: string) => new InputError(`--shard ${text}: ${reason}`);

/**
 * True if the unit with this key, as `unitKey` gives it, is the shard's: the same on every machine, evenly.
 *
 * @example
 * isInShard("0000000000038a51", { index: 4, count: 4 }); // true
 */
export function isInShard(key: string, { index, count }: Shard): boolean {
  return Number.parseInt(key.slice(0, 12), 16) % count === index - 1;
}

/** The units that are the shard's. */
export async function* unitsInShard<Work extends Unit>(
  units: Units<Work>,
  shard: Shard,
): AsyncGenerator<Work> {
  for await (const unit of units) if (isInShard(unit.key, shard)) yield unit;
}
