/** The record of a figure, read from a folder that `lmcov reproduce` wrote. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { InputError } from "../record/index.ts";
import type { Figure, FigureRecord } from "../reproduce/index.ts";
import { recordFile } from "./reproduce-output.ts";

const logProbability = z
  .union([z.number().max(0), z.literal("-Infinity")])
  .transform((value) => Number(value));

const schema = z.object({
  schema: z.literal("lmcov/reproduce-record@1"),
  figure: z.string(),
  scale: z.string(),
  conditions: z.array(z.string()).default([]),
  sets: z.array(
    z.object({
      path: z.string(),
      classes: z.array(z.string()),
      logProbabilities: z.array(logProbability.nullable()),
    }),
  ),
  scores: z.array(
    z.object({
      seed: z.int(),
      variant: z.string(),
      step: z.int(),
      path: z.string(),
      logProbabilities: z.array(logProbability),
    }),
  ),
});

/** `record.json` of a folder, or the same compressed with gzip. Throws InputError for what is no record of the figure. */
export async function readRecord(
  folder: string,
  figure: Pick<Figure, "name">,
): Promise<{ readonly record: FigureRecord; readonly conditions: readonly string[] }> {
  const path = [recordFile, `${recordFile}.gz`]
    .map((name) => join(folder, name))
    .find((name) => existsSync(name));
  if (path === undefined) throw new InputError(`${folder}: holds no ${recordFile}`);
  const bytes = await readFile(path);
  const text = path.endsWith(".gz") ? gunzipSync(bytes).toString("utf8") : bytes.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`${path}: is not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new InputError(`${path}: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { conditions, ...record } = parsed.data;
  if (record.figure !== figure.name) {
    throw new InputError(`${path}: is a record of ${record.figure}, not of ${figure.name}`);
  }
  return { record, conditions };
}
