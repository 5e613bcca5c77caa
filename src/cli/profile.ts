/** `lmcov profile`: the coverage profile of models on responses whose log-probabilities are known. */
import type { Command } from "commander";
import { type LikelihoodTask, plural } from "../report/index.ts";
import { type LogOptions, levelsOf, logCommand } from "./log-options.ts";
import { realsFromOne } from "./positive-reals.ts";
import { csvText, jsonText, printResult } from "./print.ts";
import { type ModelProfile, type ProfileRequest, taskProfiles } from "./profile-estimates.ts";
import { taskLines } from "./profile-text.ts";
import { likelihoodsOf } from "./read-likelihoods.ts";
import { printReadRemarks, readInputs } from "./read-logs.ts";

type ProfileOptions = LogOptions & ProfileRequest & { readonly n: number[]; readonly quantile?: number[] };

const examples = `
Examples:
  lmcov profile scores.parquet --n 2,4,16,64
  lmcov profile scores.parquet --drawn-by teacher      X is observed: Cov_N, KL and Hellinger distance of each model
  lmcov profile scores.parquet --reference last        compare with another model on data
  lmcov profile scores.jsonl --map model=ckpt problem=id logprob=lp --quantile 0.1

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
    .option("--drawn-by <model>", "the model that drew the responses, where the log does not say")
    .option("--answers", "profile of final answers too, from responses that share one")
    .option("--quantile <list>", "likelihood quantiles log Q at these shares of responses", levelsOf)
    .addHelpText("after", examples)
    .action(run);
}

async function run(words: string[], options: ProfileOptions): Promise<void> {
  const read = await readInputs(words, options);
  const { tasks, remarks: found } = likelihoodsOf(read, options);
  const all = tasks.map((task) => ({ task, models: taskProfiles(task, options) }));
  const profiles = all.filter(({ models }) => models.length > 0);
  const remarks = [
    ...found,
    ...all.filter(({ models }) => models.length === 0).map(({ task }) => aloneRemark(task)),
  ];
  const models = profiles.flatMap((entry) => entry.models);
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
  printReadRemarks({ inputs, remarks });
  if (options.csv) {
    printResult(csvText(models.flatMap(csvRows)));
    return;
  }
  printResult(profiles.map((entry) => taskLines(entry.task, entry.models).join("\n")).join("\n\n"));
}

/** A model against itself has no profile. */
function aloneRemark({ task, records, drawnBy }: LikelihoodTask): string {
  const whose = drawnBy === undefined ? "" : ` that ${drawnBy} drew`;
  return `${task}: ${plural(records, "response")}${whose} have no log-probability of another model: left out`;
}

function jsonFields({ profile, envelope, answers, ...besides }: ModelProfile) {
  const { profile: points, model, informative, ...rest } = profile;
  return {
    model,
    profile: points,
    informative,
    ...(envelope !== undefined && { envelope: envelope.profile }),
    ...(answers !== undefined && { answers: answers.profile }),
    ...besides,
    ...rest,
  };
}

function csvRows({ task, profile, envelope }: ModelProfile) {
  const points = [...profile.profile, ...(envelope?.profile ?? [])];
  return points.map((point) => ({ model: profile.model, task, ...point }));
}
