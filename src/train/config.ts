/** The configuration of a training: one documented YAML or JSON object, checked before anything runs. */
import { z } from "zod";
import { nearName } from "./near-name.ts";
import { UnusableTrainingError } from "./training-error.ts";

const positive = z.int().positive();
const name = z.string().min(1);

const model = z.strictObject({
  layers: positive,
  heads: positive,
  width: positive,
  /** Longest sequence of tokens, prompt and response together. */
  context: positive,
  /** Whether the output head is the token embedding. */
  tiedEmbeddings: z.boolean().default(true),
  /** GPT-2's own, or the one that small models learn synthetic tasks faster from. */
  initialisation: z.enum(["gpt2", "scaled"]).default("gpt2"),
});

/** Where prompts and responses come from: a file, or a named generator of fresh samples. */
const data = z.strictObject({
  file: name.optional(),
  prompt: name.default("prompt"),
  response: name.default("response"),
  /** Use only the first so many examples; of a generator, a fixed set of so many samples in epochs. */
  limit: positive.optional(),
  generator: name.optional(),
  options: z.record(z.string(), z.unknown()).default({}),
});

const evaluation = z.strictObject({
  /** Absent where the data come from a generator: then its own samples from another stream. */
  file: name.optional(),
  prompt: name.default("prompt"),
  response: name.default("response"),
  /** Column with the problem's name; the row's number where absent. */
  problem: name.optional(),
  /** Column with the reference answer that a verifier compares with; the response where absent. */
  target: name.optional(),
  /** Column with log π_D(response | prompt) in nats, where it is known. */
  logProbability: name.optional(),
  limit: positive.default(500),
  task: name.optional(),
});

const rule = z.looseObject({ name, learningRate: z.number().nonnegative().optional() });

const schedule = z.strictObject({
  name: z.enum(["constant", "linear", "cosine"]).default("constant"),
  /** Steps over which the learning rate rises linearly from 0. */
  warmup: z.int().nonnegative().default(0),
  /** The last step's share of the learning rate. */
  final: z.number().min(0).max(1).default(0),
});

const passAt = z.strictObject({
  /** Draws a problem. */
  draws: positive.default(16),
  problems: positive.default(50),
  /** Such as `exact` or `numeric`; the names of `lmcov report --verify`. */
  verifier: name,
  temperature: z.number().positive().default(1),
  maxTokens: positive.optional(),
});

const probes = z.strictObject({
  every: positive,
  /** The N of Cov_N. */
  coverage: z.array(z.number().min(1)).min(1).default([2, 4, 8, 16, 32, 64]),
  passAt: passAt.optional(),
  /** Whether a probe's rows hold the log-probability and the text of each token. */
  tokens: z.boolean().default(false),
});

const checkpoints = z.strictObject({
  every: positive.optional(),
  /** So many checkpoints for each tenfold of steps, evenly on a logarithmic scale. */
  perDecade: positive.optional(),
  keepLast: positive.optional(),
  /** Keep so many with the least probed cross-entropy. */
  keepBest: positive.optional(),
});

const state = z.strictObject({
  seconds: z.number().positive().default(60),
  steps: positive.optional(),
});

const schema = z.strictObject({
  name: name.optional(),
  model: model.optional(),
  /** Folder of a checkpoint to start from, in place of `model`. */
  from: name.optional(),
  /** `bytes`, `characters`, `numerals:LARGEST`, or the path of a tokenizer.json. */
  tokenizer: name.optional(),
  data,
  evaluation: evaluation.optional(),
  /** Whether a response ends with the tokenizer's end-of-sequence token, where it has one. */
  endOfSequence: z.boolean().default(true),
  rule,
  schedule: schedule.prefault({}),
  /** Largest norm of the whole gradient. */
  clip: z.number().positive().optional(),
  /** A loss by name, with its options where it has some. */
  loss: z.union([name, z.looseObject({ name })]).default("sequence"),
  steps: positive,
  batch: positive,
  microBatch: positive.optional(),
  seed: z.union([z.string(), z.number()]).default("lmcov").transform(String),
  device: z.enum(["cpu", "webgpu", "cuda", "float64"]).default("cpu"),
  /** Each has a stack of its own, and more than there are cores slow each other down. */
  threads: positive.max(1024).optional(),
  probes: probes.optional(),
  checkpoints: checkpoints.default({}),
  state: state.prefault({}),
  /** Steps for each line of the journal. */
  journalEvery: positive.default(1),
});

/** A checked configuration, with defaults filled in. */
export type TrainingConfig = z.infer<typeof schema>;

/**
 * The configuration in a value read from YAML or JSON.
 *
 * @throws UnusableTrainingError naming the file, the key and what is wrong with it; for an unknown key also the known
 * one that is near.
 * @example
 * const rule = { name: "adam", learningRate: 0.001 };
 * const model = { layers: 2, heads: 2, width: 32, context: 64 };
 * const value = { model, tokenizer: "bytes", data: { file: "train.jsonl" }, rule, steps: 100, batch: 8 };
 * trainingConfig(value, "train.yaml").schedule.name; // "constant"
 * trainingConfig({ ...value, bacth: 8 }, "train.yaml"); // throws InputError: train.yaml: bacth: unknown key; did you mean batch?…
 */
export function trainingConfig(value: unknown, place: string): TrainingConfig {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    // A misspelt key is also a missing one: the misspelling says more.
    const { issues } = parsed.error;
    const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
    throw new UnusableTrainingError(`${place}: ${issueText(issue)}`);
  }
  const config = parsed.data;
  const refuse = (key: string, reason: string): never => {
    throw new UnusableTrainingError(`${place}: ${key}: ${reason}`);
  };
  if ((config.model === undefined) === (config.from === undefined)) {
    refuse("model", "give either model or from (a checkpoint to start from)");
  }
  if (config.model !== undefined && config.model.width % config.model.heads !== 0) {
    refuse("model.width", `${config.model.width} is not divisible by ${config.model.heads} heads`);
  }
  if (config.model !== undefined && config.tokenizer === undefined) {
    refuse("tokenizer", "a new model needs one: bytes, characters, numerals:LARGEST or a tokenizer.json");
  }
  if ((config.data.file === undefined) === (config.data.generator === undefined)) {
    refuse("data", "give either file or generator");
  }
  if (config.microBatch !== undefined && config.batch % config.microBatch !== 0) {
    refuse("microBatch", `${config.microBatch} does not divide the batch of ${config.batch}`);
  }
  if (config.schedule.warmup > config.steps) {
    refuse(
      "schedule.warmup",
      `${config.schedule.warmup} steps are more than the ${config.steps} of the training`,
    );
  }
  // What would have no effect was meant to have one.
  if (config.schedule.name === "constant" && config.schedule.final !== 0) {
    refuse("schedule.final", "a constant schedule has none; name it linear or cosine");
  }
  if (config.data.file !== undefined && Object.keys(config.data.options).length > 0) {
    refuse("data.options", "are a generator's, and data.file is given");
  }
  if (config.evaluation !== undefined && config.evaluation.file === undefined) {
    const { problem, target, logProbability } = config.evaluation;
    for (const [key, column] of Object.entries({ problem, target, logProbability })) {
      if (column !== undefined)
        refuse(`evaluation.${key}`, "is a column of evaluation.file, which is missing");
    }
  }
  if (config.checkpoints.every !== undefined && config.checkpoints.perDecade !== undefined) {
    refuse("checkpoints", "give either every or perDecade");
  }
  if (config.checkpoints.keepBest !== undefined && config.probes === undefined) {
    refuse("checkpoints.keepBest", "needs probes");
  }
  if (config.probes !== undefined && config.evaluation === undefined) {
    refuse("probes", "need an evaluation set: evaluation: { file: … }");
  }
  if (
    config.evaluation?.file === undefined &&
    config.evaluation !== undefined &&
    config.data.file !== undefined
  ) {
    refuse("evaluation.file", "is missing");
  }
  return config;
}

function issueText(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return "is not a configuration";
  const place = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const known = keysAt(issue.path);
    const near = nearName(key, known);
    const full = place === "" ? key : `${place}.${key}`;
    const hint = near === undefined ? "" : `did you mean ${near}? `;
    return `${full}: unknown key; ${hint}(known: ${known.join(", ")})`;
  }
  if (issue.code === "invalid_type" && issue.input === undefined && issue.message.includes("undefined")) {
    return `${place}: is missing`;
  }
  return place === "" ? `${issue.message}` : `${place}: ${issue.message}`;
}

/** The keys of the object schema at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let current: unknown = schema;
  for (const key of path) current = shapeOf(current)?.[key as string];
  return Object.keys(shapeOf(current) ?? {});
}

function shapeOf(value: unknown): Record<string, unknown> | undefined {
  let current = value as { shape?: Record<string, unknown>; def?: { innerType?: unknown } } | undefined;
  while (current !== undefined && current.shape === undefined) {
    current = current.def?.innerType as typeof current;
  }
  return current?.shape;
}
