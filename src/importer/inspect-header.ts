/** What the head of an Inspect log says of the run: who answered what, under which settings, judged by whom. */
import { InputError, type SamplingSettings } from "../record/index.ts";
import { type SharedSampling, sharedSampling } from "./draws.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { exchangeSampling } from "./server-request.ts";

export interface InspectHeader extends SharedSampling {
  readonly model: string;
  readonly task: string;
  /** Names the run: the same log given twice has the same draws. */
  readonly evalId: string | undefined;
  readonly scorers: readonly string[];
  readonly status: string;
  /** What of the settings bends the distribution that is drawn from, for the words about log-probabilities. */
  readonly bending: SamplingSettings;
  /** True if log-probabilities were asked for: only whole samples have them. */
  readonly asksLogProbabilities: boolean;
}

/** Settings of Inspect that change what a draw is; connections, retries, seeds and the like do not. */
const settingNames: Readonly<Record<string, Exclude<keyof SamplingSettings, "other">>> = {
  temperature: "temperature",
  top_p: "topP",
  top_k: "topK",
  min_p: "minP",
  max_tokens: "maxTokens",
};
const otherSettings = [
  "frequency_penalty",
  "presence_penalty",
  "logit_bias",
  "stop_seqs",
  "system_message",
  "effort",
  "reasoning_effort",
  "reasoning_tokens",
  "response_schema",
  "num_choices",
  "best_of",
  "extra_body",
];
/** Settings that bend the distribution whatever their value. */
const bendingSettings = ["logit_bias", "response_schema"];

/** Reads `eval`, `plan` and `status`. Throws InputError if the model or the task is missing. */
export function inspectHeader(path: string, log: JsonRecord): InspectHeader {
  const evaluation = asRecord(fieldOf(log, "eval"));
  const model = textOf(fieldOf(evaluation, "model"));
  const task = textOf(fieldOf(evaluation, "task"));
  if (model === undefined || task === undefined) {
    throw new InputError(
      `${path}: the Inspect log does not say its ${model === undefined ? "model" : "task"}`,
    );
  }
  const run = [fieldOf(evaluation, "run_id"), fieldOf(evaluation, "task_id")].map(textOf);
  const scorers = fieldOf(evaluation, "scorers");
  const config = configOf(log, evaluation);
  return {
    model,
    task,
    evalId: textOf(fieldOf(evaluation, "eval_id")) ?? (run[0] && run[1] ? `${run[0]}/${run[1]}` : undefined),
    scorers: Array.isArray(scorers)
      ? scorers.flatMap((scorer) => textOf(fieldOf(asRecord(scorer), "name")) ?? [])
      : [],
    status: textOf(fieldOf(log, "status")) ?? "unknown",
    bending: bendingOf(config),
    asksLogProbabilities: asksLogProbabilities(log, config),
    ...sharedSampling(settingsOf(config, evaluation)),
  };
}

function configOf(log: JsonRecord, evaluation: JsonRecord | undefined): JsonRecord {
  const model = asRecord(fieldOf(evaluation, "model_generate_config")) ?? {};
  const plan = asRecord(fieldOf(asRecord(fieldOf(log, "plan")), "config")) ?? {};
  return { ...present(model), ...present(plan) };
}

function bendingOf(config: JsonRecord): SamplingSettings {
  const asked = exchangeSampling({ request: config, response: {}, wrapper: {}, place: undefined });
  const set = bendingSettings.filter((name) => Object.hasOwn(config, name));
  if (set.length === 0) return asked;
  return { ...asked, other: { ...asked.other, ...Object.fromEntries(set.map((name) => [name, "set"])) } };
}

/** The run's settings ask for them, or those of a step of its plan. */
function asksLogProbabilities(log: JsonRecord, config: JsonRecord): boolean {
  const steps = fieldOf(asRecord(fieldOf(log, "plan")), "steps");
  const params = (Array.isArray(steps) ? steps : []).map((step) =>
    asRecord(fieldOf(asRecord(step), "params")),
  );
  return [config, ...params].some((settings) => fieldOf(settings, "logprobs") === true);
}

function settingsOf(config: JsonRecord, evaluation: JsonRecord | undefined): SamplingSettings {
  const known: { -readonly [Name in keyof SamplingSettings]: SamplingSettings[Name] } = {};
  const other: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(config)) {
    const field = settingNames[name];
    if (field !== undefined && typeof value === "number" && Number.isFinite(value)) known[field] = value;
    else if (otherSettings.includes(name)) other[name] = scalarOf(value);
  }
  if (known.temperature !== undefined && known.temperature < 0) delete known.temperature;
  // The same task under other arguments asks other questions.
  const passed = asRecord(fieldOf(evaluation, "task_args_passed") ?? fieldOf(evaluation, "task_args"));
  if (passed !== undefined && Object.keys(passed).length > 0) other.task_args = JSON.stringify(passed);
  return Object.keys(other).length > 0 ? { ...known, other } : known;
}

function present(record: JsonRecord): JsonRecord {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== null && value !== undefined),
  );
}

function scalarOf(value: unknown): string | number | boolean {
  if (typeof value === "string" || typeof value === "boolean") return value;
  return typeof value === "number" && Number.isFinite(value) ? value : JSON.stringify(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
