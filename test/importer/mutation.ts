/** Seeded damage to small inputs, and the run that asserts what must hold of any input whatever. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../src/record/index.ts";
import { seededUniform } from "../seeded-uniform.ts";
import { faultOf, reading } from "./reading.ts";
import type { SmallInput } from "./small-inputs.ts";

const tokens = [
  "NaN",
  "-Infinity",
  "Infinity",
  "null",
  "true",
  "-1",
  "1e999",
  "0.5",
  "1e-400",
  "9007199254740993",
  "-0",
  "2.5",
  '""',
  '"',
  "\\",
  "\\u0000",
  "\\ud800",
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  "\n",
  "\r\n",
  "\t",
  "[[[[[[",
  "{}",
  "[]",
  '"__proto__"',
  '"constructor":',
  "&a [*a]",
  "*a",
  "- ",
  "|",
  "%",
  "'",
  "#",
  "\u0000",
  "\ufeff",
  "é",
  "\u2028",
  "﷽",
  "99999999999999999999",
].map((token) => Buffer.from(token));

/** One to four edits: bytes flipped, cut, repeated, moved or replaced by awkward tokens. */
export function mutated(bytes: Buffer, uniform: () => number): Buffer {
  let result: Buffer = Buffer.from(bytes);
  const edits = 1 + Math.floor(4 * uniform());
  for (let edit = 0; edit < edits; edit += 1) {
    const at = Math.floor(result.length * uniform());
    const span = 1 + Math.floor(Math.min(40, result.length) * uniform() ** 2);
    const before = result.subarray(0, at);
    const kind = Math.floor(8 * uniform());
    if (kind === 0) {
      result = Buffer.from(result);
      if (result.length > 0) result[at] = (result[at] ?? 0) ^ (1 << Math.floor(8 * uniform()));
    } else if (kind === 1) result = Buffer.concat([before, result.subarray(at + span)]);
    else if (kind === 2)
      result = Buffer.concat([before, result.subarray(at, at + span), result.subarray(at)]);
    else if (kind === 3) result = Buffer.from(before);
    else if (kind === 4) {
      result = Buffer.from(result);
      if (result.length > 0) result[at] = Math.floor(256 * uniform());
    } else if (kind === 5) result = replacedNumber(result, at, uniform);
    else {
      const token = tokens[Math.floor(tokens.length * uniform())] ?? Buffer.alloc(0);
      result = Buffer.concat([before, token, result.subarray(kind === 6 ? at : at + span)]);
    }
  }
  return result;
}

/** The digits nearest after a place replaced by a token: most damage to logs is in numbers. */
function replacedNumber(bytes: Buffer, at: number, uniform: () => number): Buffer {
  const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;
  let start = at;
  while (start < bytes.length && !isDigit(bytes[start])) start += 1;
  let end = start;
  while (isDigit(bytes[end])) end += 1;
  const token = tokens[Math.floor(14 * uniform())] ?? Buffer.alloc(0);
  return Buffer.concat([bytes.subarray(0, start), token, bytes.subarray(end)]);
}

export interface MutationReport {
  readonly accepted: number;
  readonly refused: number;
  readonly slowestMilliseconds: number;
  /** What went wrong, with the mutation's number: must be empty. */
  readonly faults: readonly string[];
}

/** Reads `count` mutations of an input; a fault is any error but InputError, and any invalid row. */
export async function mutationReport(
  input: SmallInput,
  options: { readonly folder: string; readonly count: number; readonly seed: number },
): Promise<MutationReport> {
  const faults: string[] = [];
  let accepted = 0;
  let refused = 0;
  let slowestMilliseconds = 0;
  const path = join(options.folder, input.name);
  for (let index = 0; index < options.count; index += 1) {
    const bytes = mutated(input.bytes, seededUniform(options.seed * 1_000_003 + index));
    writeFileSync(path, input.pack?.(bytes) ?? bytes);
    const begun = performance.now();
    try {
      const { rows } = await reading(path, { texts: index % 2 === 0 });
      accepted += 1;
      const fault = rows.map(faultOf).find((found) => found !== undefined);
      if (fault !== undefined) faults.push(`${index}: ${fault}`);
    } catch (error) {
      refused += 1;
      if (!(error instanceof InputError)) faults.push(`${index}: ${String((error as Error).stack ?? error)}`);
    }
    slowestMilliseconds = Math.max(slowestMilliseconds, performance.now() - begun);
  }
  rmSync(path, { force: true });
  return { accepted, refused, slowestMilliseconds, faults };
}
