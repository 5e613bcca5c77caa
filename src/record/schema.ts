/** Zod schemas of the rows, for the edges where rows arrive from outside: user code and run folders. */
import { z } from "zod";
import { InputError } from "./input-error.ts";
import type { Row } from "./rows.ts";

const count = z.int().nonnegative();
const text = z.string();
const name = z.string().min(1);
const hash = z.string().regex(/^[0-9a-f]{16}$/);

const sampling = z.strictObject({
  temperature: z.number().nonnegative().optional(),
  topP: z.number().optional(),
  topK: z.number().optional(),
  minP: z.number().optional(),
  maxTokens: z.number().optional(),
  other: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

/** The zod schema of `SamplingSettings`. */
export const samplingSchema = sampling;

const base = {
  model: name,
  step: z.number().nonnegative().optional(),
  trainingTokens: z.number().nonnegative().optional(),
  task: text,
  problem: text,
  promptHash: hash,
  sampling,
  samplingHash: hash,
  source: z.strictObject({ file: text, line: count.optional(), member: text.optional() }),
};
const drawKey = { drawSet: text, draw: count };
const role = z.enum(["data", "draw", "choice"]);
/** At most 0; float noise up to 1e-6 above is clamped to 0; -Infinity is legal, NaN and +Infinity are not. */
const logProbability = z
  .custom<number>(
    (value) => typeof value === "number" && value <= 1e-6,
    "must be a log-probability: a number of at most 0, or -Infinity",
  )
  .transform((value) => Math.min(value, 0));

/** The zod schema of `StoppingRule`. */
export const stoppingRuleSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("fixed") }),
  z.strictObject({ kind: z.literal("unknown") }),
  z.strictObject({ kind: z.literal("successes"), successes: z.int().positive(), cap: z.int().positive() }),
]);

const response = z.strictObject({
  kind: z.literal("response"),
  ...base,
  ...drawKey,
  role,
  prompt: text.optional(),
  text,
  target: text.optional(),
  seed: z.number().optional(),
  tokenCount: count.optional(),
  finishReason: text.optional(),
});

/** Characters of the longest text of a token in a row: longer ones are no tokens. */
export const longestToken = 1000;

const likelihood = z
  .strictObject({
    kind: z.literal("likelihood"),
    ...base,
    ...drawKey,
    role,
    drawnBy: text.optional(),
    logProbability,
    tokenLogProbabilities: z.array(logProbability).optional(),
    tokens: z.array(z.string().max(longestToken)).optional(),
    tokenCount: count.optional(),
    answer: text.optional(),
    fingerprint: count.optional(),
    method: text,
  })
  .refine((row) => row.tokens === undefined || row.tokens.length === row.tokenLogProbabilities?.length, {
    path: ["tokens"],
    message: "must be as many as tokenLogProbabilities",
  });

const outcome = z.strictObject({
  kind: z.literal("outcome"),
  ...base,
  ...drawKey,
  verdict: z.enum(["correct", "incorrect", "unscored"]),
  reason: text.optional(),
  score: z.number().optional(),
  reward: z.number().optional(),
  gold: z.number().optional(),
  answer: text.optional(),
  fingerprint: count.optional(),
  verifier: text,
});

const countRow = z
  .strictObject({
    kind: z.literal("count"),
    ...base,
    drawSet: text,
    n: count,
    correct: count,
    unscored: count,
    fingerprint: count.optional(),
    stopping: stoppingRuleSchema,
    verifier: text,
  })
  .refine((row) => row.correct <= row.n, { path: ["correct"], message: "must be at most n" });

/** The zod schema of a row of any kind, strict: an unknown field is an error. */
export const rowSchema = z.discriminatedUnion("kind", [response, likelihood, outcome, countRow]);

/**
 * The row in a value from outside; throws InputError naming the first field that is wrong.
 *
 * @example
 * parseRow({ kind: "count", model: "m" }); // throws InputError: row: task: …
 */
export function parseRow(value: unknown): Row {
  const parsed = rowSchema.safeParse(value);
  if (parsed.success) return parsed.data as Row;
  const issue = parsed.error.issues[0];
  throw new InputError(`row: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`);
}
