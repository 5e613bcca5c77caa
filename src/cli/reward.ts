/** `lmcov reward`: Best-of-N under a reward that is not the goal, beside majority vote and pass@N. */
import type { Command } from "commander";
import { fitMixingDistribution, meanFirstAccepted } from "../coverage/index.ts";
import { randomGenerator } from "../numeric/index.ts";
import { InputError } from "../record/index.ts";
import {
  analyseBestOfN,
  bestOfNSentence,
  type Cell,
  countText,
  estimateCell,
  type ModelPools,
  plural,
  rateText,
  realText,
  smallestPool,
  stoppedReason,
  type TableColumn,
  tableLines,
} from "../report/index.ts";
import { type LogOptions, logCommand, positiveIntegers } from "./log-options.ts";
import { modelFields } from "./model-fields.ts";
import { csvText, jsonText, printRemark, printResult } from "./print.ts";
import { printReadRemarks, readLogs } from "./read-logs.ts";
import { rewardPools } from "./scored-draws.ts";

interface RewardOptions extends LogOptions {
  readonly k?: number[];
  readonly verifierRates?: { truePositiveRate: number; falsePositiveRate: number };
  readonly seed: string;
}

const examples = `
Examples:
  lmcov reward scored.jsonl --map problem=idx correct=score reward=pred_score answer=pred
  lmcov reward scored.jsonl --k 1,2,4,8 --json
  lmcov reward scored.jsonl --verifier-rates 0.95,0.02     first response that an imperfect verifier accepts

proxy is the reward that chooses, gold what counts (the gold column, or the verdict without one). Where gold falls while proxy
rises, the reward is over-optimised; best N is where gold is highest. N above the smallest pool is refused.`;

export function command(): Command {
  return logCommand("reward", { csv: true })
    .option("--k <list>", "values of N (default: powers up to the smallest pool)", positiveIntegers)
    .option(
      "--verifier-rates <rates>",
      "true and false positive rate of a verifier, such as 0.95,0.02",
      ratesOf,
    )
    .option("--seed <text>", "seed of bootstrap and subsampling", "lmcov")
    .addHelpText("after", examples)
    .action(run);
}

async function run(words: string[], options: RewardOptions): Promise<void> {
  const read = await readLogs(words, options, { keepRewards: true, rewarded: true });
  const pools = rewardPools(read, options.unscored);
  if (pools.length === 0) {
    throw new InputError(
      "no draw has a reward beside a verdict; map its column with --map reward=…, or give rewards with lmcov verify --reward",
    );
  }
  const stopped = pools.filter(({ isStopped }) => isStopped);
  if (stopped.length === pools.length) {
    throw new InputError(`Best-of-N is not known from these logs: ${stoppedReason}`);
  }
  for (const { counts } of stopped) printRemark(`• ${counts.label} left out: ${stoppedReason}`);
  const models = pools.filter(({ isStopped }) => !isStopped).map((one) => rewardEstimates(one, options));
  if (options.json) {
    printResult(
      jsonText({
        schema: "lmcov/reward@1",
        level: options.level,
        models: models.map(({ counts, ...rest }) => ({ ...modelFields(counts), ...rest })),
        inputs: read.inputs,
        remarks: read.remarks,
      }),
    );
    return;
  }
  printReadRemarks(read);
  for (const model of models) {
    if (model.left > 0) printRemark(`• ${plural(model.left, "draw")} without a reward or a verdict left out`);
  }
  if (options.csv) {
    printResult(csvText(models.flatMap(csvRows)));
    return;
  }
  printResult(
    models.flatMap((model, index) => [...(index > 0 ? [""] : []), ...modelLines(model)]).join("\n"),
  );
}

function rewardEstimates(pools: ModelPools, options: RewardOptions) {
  const smallest = smallestPool(pools);
  const beyond = options.k?.find((n) => n > smallest);
  if (beyond !== undefined) {
    throw new InputError(
      `--k ${beyond}: ${pools.counts.label} has a problem with ${smallest} rewarded draws; Best-of-N is known up to N = ${smallest}`,
    );
  }
  const { level, verifierRates } = options;
  // Copies are one draw: nothing is chosen among them.
  const ks = options.k ?? (pools.counts.copies && [1]);
  const generator = randomGenerator(options.seed);
  const estimates = analyseBestOfN(pools, { level, generator, ...(ks !== undefined && { ks }) });
  const passing = pools.problems.map(({ correct }) => ({
    draws: correct.length,
    correct: correct.filter(Boolean).length,
  }));
  const ns = estimates.bestOfN.map(({ n }) => n);
  return {
    ...estimates,
    ...(verifierRates !== undefined && { firstAccepted: acceptedCurve(passing, ns, verifierRates) }),
  };
}

type RewardModel = ReturnType<typeof rewardEstimates>;

function acceptedCurve(
  counts: readonly { draws: number; correct: number }[],
  ns: readonly number[],
  rates: { truePositiveRate: number; falsePositiveRate: number },
) {
  const { rates: successRates, weights } = fitMixingDistribution(counts);
  const at = (k: number) => meanFirstAccepted({ ...rates, rates: successRates, weights, k });
  return [
    ...ns.map((k) => ({ k, estimate: at(k) })),
    { k: Number.POSITIVE_INFINITY, estimate: at(Number.POSITIVE_INFINITY) },
  ];
}

function csvRows(model: RewardModel) {
  return model.bestOfN.map(({ n, proxy, gold, klBound, klExact }, index) => ({
    model: model.counts.label,
    task: model.counts.task,
    n,
    proxy: proxy.estimate,
    proxyLower: proxy.lower,
    proxyUpper: proxy.upper,
    gold: gold.estimate,
    goldLower: gold.lower,
    goldUpper: gold.upper,
    majority: model.majorityVote?.[index]?.estimate,
    passAtN: model.passAtK?.[index]?.estimate,
    klBound,
    klExact,
  }));
}

function modelLines(model: RewardModel): string[] {
  const kind = model.isAccuracy ? "rate" : "real";
  const columns: TableColumn[] = [
    { key: "n", title: "N", kind: "count" },
    { key: "gold", title: "gold of the best by proxy", kind },
    { key: "proxy", title: "its proxy", kind: "real" },
    { key: "majority", title: "majority vote", kind: "rate" },
    { key: "ceiling", title: model.isAccuracy ? "pass@N (ceiling)" : "highest gold (ceiling)", kind },
    { key: "kl", title: "KL, nats (bound)", kind: "text" },
  ];
  const rows = model.bestOfN.map(({ n, proxy, gold, klBound, klExact }, index): Record<string, Cell> => {
    const majority = model.majorityVote?.[index];
    const ceiling = model.ceiling[index];
    return {
      n,
      gold: estimateCell(gold),
      proxy: proxy.estimate,
      majority: majority && estimateCell(majority),
      ceiling: ceiling && estimateCell(ceiling),
      kl: `${klExact.toFixed(3)} (${klBound.toFixed(3)})`,
    };
  });
  const { bestN: best } = model;
  const lines = [
    `${model.counts.label} on ${model.counts.task}: ${plural(best.problems, "problem")}, ${plural(best.draws, "rewarded draw")}`,
  ];
  lines.push(...tableLines({ columns, rows }));
  lines.push(
    `gold is highest at N = ${countText(best.n)} (${model.isAccuracy ? rateText(best.gold) : realText(best.gold)}); prompt bootstrap: N between ${countText(best.lower)} and ${countText(best.upper)}`,
  );
  if (model.goldFall !== undefined) lines.push(bestOfNSentence(model));
  for (const { k, estimate } of model.firstAccepted ?? []) {
    lines.push(
      `first accepted within ${countText(k)} is correct: ${rateText(estimate)} (fitted success rates)`,
    );
  }
  return lines;
}

function ratesOf(text: string): { truePositiveRate: number; falsePositiveRate: number } {
  const [truePositiveRate = Number.NaN, falsePositiveRate = Number.NaN, ...rest] = text
    .split(",")
    .map(Number);
  const valid = [truePositiveRate, falsePositiveRate].every((rate) => rate >= 0 && rate <= 1);
  if (!valid || rest.length > 0)
    throw new InputError("--verifier-rates: two rates between 0 and 1, such as 0.95,0.02");
  return { truePositiveRate, falsePositiveRate };
}
