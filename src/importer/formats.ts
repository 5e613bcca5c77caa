/** The importers, one a format. */
import { humanEval } from "./human-eval.ts";
import type { Importer } from "./importer.ts";
import { inspect } from "./inspect.ts";
import { lighteval } from "./lighteval.ts";
import { lmEval } from "./lm-eval.ts";
import { monkeys } from "./monkeys.ts";
import { serverDump } from "./server-dump.ts";
import { systems } from "./systems.ts";
import { table } from "./table.ts";
import { trl } from "./trl.ts";
import { verl } from "./verl.ts";

/** All importers, the specific before the general. */
export const importers: readonly Importer[] = [
  lmEval,
  inspect,
  humanEval,
  monkeys,
  systems,
  serverDump,
  verl,
  trl,
  lighteval,
  table,
];

/** One row of `lmcov formats`. */
export interface Format {
  readonly name: string;
  readonly summary: string;
}

/**
 * What `lmcov formats` lists.
 *
 * @example
 * formats()[0]?.name; // "lm-eval"
 */
export function formats(): readonly Format[] {
  return importers.map(({ name, summary }) => ({ name, summary }));
}
