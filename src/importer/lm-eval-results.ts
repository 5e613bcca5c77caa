/** What the results file beside lm-eval's samples says of the run: the model, its checkpoint and the metrics. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { asRecord, fieldOf, type JsonRecord, parseJson } from "./json-text.ts";

export interface LmEvalRun {
  readonly model?: string;
  readonly step?: number;
  /** Metrics for which less is better: they give no verdicts. */
  readonly lowerIsBetter: ReadonlySet<string>;
}

const largestResultsFile = 64 << 20;
const fileName = /^samples_(?<task>.+?)_(?<date>\d{4}-\d{2}-\d{2}T[\d-]+(?:\.\d+)?)\.jsonl/;

/** Task and date from a name such as `samples_gsm8k_2025-01-31T10-00-00.123456.jsonl`. */
export function samplesNameParts(path: string): { task?: string; date?: string } {
  const groups = fileName.exec(basename(path))?.groups;
  if (groups?.task !== undefined && groups.date !== undefined) {
    return { task: groups.task, date: groups.date };
  }
  const plain = /^samples_(.+?)\.jsonl/.exec(basename(path))?.[1];
  return plain === undefined ? {} : { task: plain };
}

/** The run that a samples file belongs to: from the results file of the same date, else the only one there is. */
export async function lmEvalRunOf(path: string, task: string | undefined): Promise<LmEvalRun> {
  const results = await resultsBeside(path);
  const config = asRecord(fieldOf(results, "config"));
  const modelArguments = argumentsOf(fieldOf(config, "model_args"));
  const model =
    textOf(fieldOf(results, "model_name")) ??
    modelArguments.get("pretrained") ??
    modelArguments.get("model") ??
    modelFolderOf(path);
  const revision = modelArguments.get("revision") ?? textOf(fieldOf(config, "model_revision")) ?? "";
  const step = /^(?:step[-_]?)(\d{1,15})$/i.exec(revision)?.[1];
  const better = asRecord(fieldOf(asRecord(fieldOf(results, "higher_is_better")), task ?? ""));
  const lowerIsBetter = Object.entries(better ?? {}).filter(([, higher]) => higher === false);
  return {
    ...(model !== undefined && { model }),
    ...(step !== undefined && { step: Number(step) }),
    lowerIsBetter: new Set(lowerIsBetter.map(([metric]) => metric)),
  };
}

/** The results file that says of a samples file what its run was; undefined where none is there or several may be. */
export async function resultsFileBeside(path: string): Promise<string | undefined> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  const candidates = names.filter((name) => /^results.*\.json$/.test(name)).sort();
  const { date } = samplesNameParts(path);
  const chosen =
    candidates.find((name) => date !== undefined && name.includes(date)) ??
    (candidates.length === 1 ? candidates[0] : undefined);
  return chosen === undefined ? undefined : join(folder, chosen);
}

async function resultsBeside(path: string): Promise<JsonRecord | undefined> {
  const file = await resultsFileBeside(path);
  if (file === undefined) return undefined;
  try {
    if ((await stat(file)).size > largestResultsFile) return undefined;
    return asRecord(parseJson(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** lm-eval names the folder of a model `organisation__model`. */
function modelFolderOf(path: string): string | undefined {
  const name = basename(dirname(path));
  return name.includes("__") ? name.replace("__", "/") : undefined;
}

/** `pretrained=a/b,revision=step1000`, or the same as an object. */
function argumentsOf(value: unknown): Map<string, string> {
  const record = asRecord(value);
  if (record !== undefined) {
    return new Map(Object.entries(record).map(([key, item]) => [key, String(item)]));
  }
  const pairs = typeof value === "string" ? value.split(",") : [];
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair, ""] : [pair.slice(0, at).trim(), pair.slice(at + 1)];
    }),
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
