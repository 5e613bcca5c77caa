/** `lmcov profile`: the coverage profile of models on responses whose log-probabilities are known. */
import type { Command } from "commander";
import {
  type CoverageProfile,
  candidateEnvelope,
  coverageProfile,
  envelopeLogRatios,
  type LogRatioSample,
  logRatios,
  upperBoundLogRatios,
} from "../coverage/index.ts";
import { InputError } from "../record/index.ts";
import {
  type Cell,
  countText,
  type LikelihoodTask,
  plural,
  type TableColumn,
  tableLines,
} from "../report/index.ts";
import { type LogOptions, logCommand } from "./log-options.ts";
import { realsFromOne } from "./positive-reals.ts";
import { csvText, jsonText, printResult } from "./print.ts";
import { likelihoodsOf } from "./read-likelihoods.ts";
import { printReadRemarks, readInputs } from "./read-logs.ts";

interface ProfileOptions extends LogOptions {
  readonly n: number[];
  readonly reference?: string;
}

const examples = `
Examples:
  lmcov profile scores.parquet --n 2,4,16,64
  lmcov profile scores.parquet --reference teacher         responses drawn by the teacher: X is observed
  lmcov profile scores.jsonl --map model=ckpt problem=id logprob=lp

Kinds: reference (the responses were drawn from the reference model), empirical (responses are data, another model is the
comparison), upper-bound (data alone: P[model ≤ 1/N], usually vacuous on sequences), envelope (the best candidate on each
response against the model). An upper bound that says nothing is said to be so, and the envelope is given instead.`;

export function command(): Command {
  return logCommand("profile", { csv: true })
    .option("--n <list>", "values of N, real numbers of at least 1", realsFromOne, [2, 4, 8, 16, 32, 64])
    .option(
      "--reference <model>",
      "compare with this model; by default the one that drew the responses, if known",
    )
    .addHelpText("after", examples)
    .action(run);
}

interface ModelProfile {
  readonly task: string;
  readonly profile: CoverageProfile;
  /** Only where the profile is an upper bound that says nothing. */
  readonly envelope: CoverageProfile | undefined;
}

async function run(words: string[], options: ProfileOptions): Promise<void> {
  const read = await readInputs(words, options);
  const { tasks, remarks } = likelihoodsOf(read, options);
  const models = tasks.flatMap((task) => taskProfiles(task, options));
  const inputs = read.summary;
  if (options.json) {
    printResult(
      jsonText({
        schema: "lmcov/profile@1",
        level: options.level,
        models: models.map(jsonFields),
        inputs,
        remarks,
      }),
    );
    return;
  }
  if (options.csv) {
    printResult(csvText(models.flatMap(csvRows)));
    return;
  }
  printReadRemarks({ inputs, remarks });
  const lines = tasks.map((task) => taskLines(task, models, options).join("\n"));
  printResult(lines.join("\n\n"));
}

function taskProfiles(task: LikelihoodTask, options: ProfileOptions): ModelProfile[] {
  const reference = referenceOf(task, options.reference);
  const { n: ns, level } = options;
  const profileOf = (sample: LogRatioSample) => coverageProfile(sample, { ns, prompts: task.prompts, level });
  if (reference !== undefined) {
    const kind = task.role === "draw" && task.drawnBy === reference.model ? "reference" : "empirical";
    return task.candidates
      .filter((candidate) => candidate !== reference)
      .map((model) => ({
        task: task.task,
        profile: profileOf(logRatios({ kind, reference, model, examples: task.problems })),
        envelope: undefined,
      }));
  }
  const profiles = task.candidates.map((model) =>
    profileOf(upperBoundLogRatios({ ...model, examples: task.problems })),
  );
  const vacuous = profiles.some(({ informative }) => !informative);
  const envelope = vacuous && task.candidates.length > 1 ? candidateEnvelope(task.candidates) : undefined;
  return profiles.map((profile, index) => {
    const model = task.candidates[index];
    const needed = envelope !== undefined && model !== undefined && !profile.informative;
    return {
      task: task.task,
      profile,
      envelope: needed ? profileOf(envelopeLogRatios({ envelope, model })) : undefined,
    };
  });
}

function referenceOf(task: LikelihoodTask, asked: string | undefined) {
  const name = asked ?? task.drawnBy;
  const found = task.candidates.find(({ model }) => model === name);
  if (asked !== undefined && found === undefined) {
    const names = task.candidates.slice(0, 10).map(({ model }) => model);
    throw new InputError(`--reference ${asked}: ${task.task} is scored by ${names.join(", ")}`);
  }
  return found;
}

function jsonFields({ task, profile, envelope }: ModelProfile) {
  const { profile: points, model, informative, ...rest } = profile;
  return {
    model,
    task,
    profile: points,
    informative,
    ...(envelope !== undefined && { envelope: envelope.profile }),
    ...rest,
  };
}

function csvRows({ task, profile, envelope }: ModelProfile) {
  return [...profile.profile, ...(envelope?.profile ?? [])].map((point) => ({
    model: profile.model,
    task,
    ...point,
  }));
}

function taskLines(task: LikelihoodTask, models: readonly ModelProfile[], options: ProfileOptions): string[] {
  const own = models.filter((model) => model.task === task.task);
  const heading = `${task.task}: ${plural(task.records, "response")}, ${plural(new Set(task.prompts).size, "prompt")}`;
  const kind = own[0]?.profile.kind ?? "upper-bound";
  const said = own.filter(({ profile }) => profile.informative);
  const lines = [heading];
  if (said.length > 0)
    lines.push(
      kindText(kind, task, options),
      ...profileTable(
        said.map(({ profile }) => profile),
        options,
      ),
    );
  const silent = own.filter(({ profile }) => !profile.informative);
  if (silent.length === 0) return lines;
  lines.push(
    `Not informative from these logs: the upper bound P[model ≤ 1/N] exceeds .99 at every N for ${plural(silent.length, "model")}, as usual for long responses.`,
  );
  const envelopes = silent.flatMap(({ envelope }) => (envelope === undefined ? [] : [envelope]));
  if (envelopes.length === 0)
    return [...lines, "Score a second model on the same responses to compare them."];
  return [
    ...lines,
    "Instead, the candidate envelope: share of responses that some candidate finds at least N times as probable as the model.",
    ...profileTable(envelopes, options),
  ];
}

function kindText(kind: CoverageProfile["kind"], task: LikelihoodTask, options: ProfileOptions): string {
  const name = options.reference ?? task.drawnBy ?? "";
  if (kind === "reference") return `Cov_N of ${name}, from responses drawn by it (reference).`;
  if (kind === "empirical")
    return `Share of data responses that ${name} finds at least N times as probable as the model (empirical).`;
  return "Upper bound P[model ≤ 1/N] on the coverage of the unknown source of the responses.";
}

function profileTable(profiles: readonly CoverageProfile[], options: ProfileOptions): string[] {
  const columns: TableColumn[] = [
    { key: "model", title: "model", kind: "text" },
    ...options.n.map(
      (n): TableColumn => ({
        key: `n${n}`,
        title: `N = ${Number.isInteger(n) ? countText(n) : n}`,
        kind: "rate",
      }),
    ),
  ];
  const rows = profiles.map(({ model, profile }) => {
    const row: Record<string, Cell> = { model };
    for (const { n, coverage, lower, upper } of profile) row[`n${n}`] = { estimate: coverage, lower, upper };
    return row;
  });
  return tableLines({ columns, rows });
}
