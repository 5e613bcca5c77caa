/** `lmcov profile` for people: tables of profiles, and in words what kind they are. */
import type { CoverageProfile, MeanEstimate } from "../coverage/index.ts";
import {
  type Cell,
  countText,
  type LikelihoodTask,
  listText,
  plural,
  type TableColumn,
  tableLines,
} from "../report/index.ts";
import type { ModelProfile } from "./profile-estimates.ts";

/** Lines on one task. */
export function taskLines(task: LikelihoodTask, models: readonly ModelProfile[]): string[] {
  const prompts = new Set(task.prompts).size;
  const lines = [`${task.task}: ${plural(task.records, "response")}, ${plural(prompts, "prompt")}`];
  const telling = models.filter(({ profile }) => profile.informative);
  const first = telling[0];
  if (first !== undefined)
    lines.push(kindText(first), ...profileTable(telling.map(({ profile }) => profile)));
  const answers = models.flatMap((model) => (model.answers === undefined ? [] : [model.answers]));
  if (answers.length > 0) {
    lines.push(
      "On final answers, adding the recorded responses that share one (§7.1):",
      ...profileTable(answers),
    );
  }
  lines.push(...silentLines(models.filter(({ profile }) => !profile.informative)));
  const doubtful = models.filter(wasNotDrawnByReference);
  if (doubtful.length > 0) {
    const names = listText(doubtful.map(({ profile }) => profile.model));
    lines.push(
      `These responses cannot all have been drawn from ${doubtful[0]?.reference ?? "the reference"} as it scored them: the KL divergence or the Hellinger distance to ${names} comes out below 0 beyond noise.`,
    );
  }
  return [...lines, "", ...divergenceTable(models)];
}

/** Neither quantity can be negative for responses drawn from the reference. */
function wasNotDrawnByReference({ kl, squaredHellinger }: ModelProfile): boolean {
  return [kl, squaredHellinger].some((mean) => mean?.upper !== undefined && mean.upper < 0);
}

function silentLines(silent: readonly ModelProfile[]): string[] {
  if (silent.length === 0) return [];
  const said = `Not informative from these logs: the upper bound P[model ≤ 1/N] exceeds .99 at every N for ${plural(silent.length, "model")}, as usual for long responses.`;
  const envelopes = silent.flatMap(({ envelope }) => (envelope === undefined ? [] : [envelope]));
  if (envelopes.length === 0) return [said, "Score a second model on the same responses to compare them."];
  return [
    said,
    "Instead, the candidate envelope: share of responses that some candidate finds at least N times as probable as the model.",
    ...profileTable(envelopes),
  ];
}

function kindText({ profile: { kind }, reference = "" }: ModelProfile): string {
  if (kind === "reference")
    return `Cov_N of ${reference} by each model, from responses that ${reference} drew (reference).`;
  if (kind === "empirical") {
    return `Share of the data's responses that ${reference} finds at least N times as probable as the model (empirical).`;
  }
  return "Upper bound P[model ≤ 1/N] on the coverage of the unknown source of the responses (upper-bound).";
}

function profileTable(profiles: readonly CoverageProfile[]): string[] {
  const ns = profiles[0]?.profile.map(({ n }) => n) ?? [];
  const columns: TableColumn[] = [
    { key: "model", title: "model", kind: "text" },
    ...ns.map(
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

function divergenceTable(models: readonly ModelProfile[]): string[] {
  const observed = models.some(({ kl }) => kl !== undefined);
  const perToken = models.some(({ crossEntropy }) => crossEntropy.perToken !== undefined);
  const text = (key: string, title: string): TableColumn => ({ key, title, kind: "text" });
  const columns: TableColumn[] = [
    text("model", "model"),
    text("loss", "cross-entropy, nats a response"),
    ...(perToken ? [text("token", "nats a token")] : []),
    ...(observed ? [text("kl", "KL, nats"), text("hellinger", "Hellinger²")] : []),
    ...(models[0]?.quantiles ?? []).map(({ epsilon }) => text(`q${epsilon}`, `log Q(${epsilon}), nats`)),
  ];
  const rows = models.map(({ profile, crossEntropy, kl, squaredHellinger, quantiles }) => {
    const row: Record<string, Cell> = {
      model: profile.model,
      loss: meanText(crossEntropy.sequence),
      token: meanText(crossEntropy.perToken),
      kl: meanText(kl),
      hellinger: meanText(squaredHellinger),
    };
    for (const { epsilon, logProbability, lower, upper } of quantiles) {
      row[`q${epsilon}`] = meanText({ estimate: logProbability, lower, upper });
    }
    return row;
  });
  return tableLines({ columns, rows });
}

function meanText(mean: Pick<MeanEstimate, "estimate" | "lower" | "upper"> | undefined): string {
  if (mean?.estimate === undefined) return "–";
  const { estimate, lower, upper } = mean;
  if (lower === undefined || upper === undefined || lower === upper) return realText(estimate);
  return `${realText(estimate)} [${realText(lower)}, ${realText(upper)}]`;
}

function realText(value: number): string {
  if (Number.isFinite(value)) return value.toFixed(3);
  return value > 0 ? "∞" : "−∞";
}
