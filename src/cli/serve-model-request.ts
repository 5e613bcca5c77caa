/** Requests of `/v1/completions`: OpenAI's legacy shape with the usual extensions, checked; nothing is ignored in silence. */
import { z } from "zod";

/** A request that cannot be answered; becomes OpenAI's error object. */
export class RequestError extends Error {
  readonly status: number;
  /** The field at fault. */
  readonly field: string | undefined;
  readonly code: string | undefined;

  constructor(message: string, options: { status?: number; field?: string | undefined; code?: string } = {}) {
    super(message);
    this.status = options.status ?? 400;
    this.field = options.field;
    this.code = options.code;
  }
}

const tokenIds = z.array(z.int().nonnegative());

const schema = z.strictObject({
  model: z.string().optional(),
  prompt: z.union([z.string(), tokenIds, z.array(z.string()), z.array(tokenIds)]).default(""),
  max_tokens: z.int().nonnegative().nullish(),
  temperature: z.number().min(0).max(100).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  /** −1 and 0 keep all tokens. */
  top_k: z.int().min(-1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  n: z.int().min(1).max(1024).nullish(),
  best_of: z.int().min(1).nullish(),
  echo: z.boolean().nullish(),
  logprobs: z.int().min(0).max(100).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
  stream: z.boolean().nullish(),
  presence_penalty: z.number().nullish(),
  frequency_penalty: z.number().nullish(),
  repetition_penalty: z.number().nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  suffix: z.string().nullish(),
  ignore_eos: z.boolean().nullish(),
  return_token_ids: z.boolean().nullish(),
  return_tokens_as_token_ids: z.boolean().nullish(),
  add_special_tokens: z.boolean().nullish(),
  skip_special_tokens: z.boolean().nullish(),
  user: z.string().nullish(),
});

/** A checked request with its defaults. */
export interface CompletionRequest {
  /** Texts or token ids, one a prompt. */
  readonly prompts: readonly (string | readonly number[])[];
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  readonly n: number;
  readonly echo: boolean;
  /** Most probable tokens to give at each position; undefined for no log-probabilities. */
  readonly logprobs: number | undefined;
  readonly seed: number | undefined;
  readonly stop: readonly string[];
  readonly ignoreEndOfSequence: boolean;
  readonly returnTokenIds: boolean;
  readonly tokensAsIds: boolean;
  /** Whether a text begins with the beginning-of-sequence token where the tokenizer's own rule says so. */
  readonly specialTokens: boolean;
}

const largestChoices = 4096;

/**
 * The request in a parsed body. `model` is the name that is served.
 *
 * @throws RequestError naming the field that is wrong, unknown or not offered.
 */
export function completionRequest(body: unknown, model: string): CompletionRequest {
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.code === "unrecognized_keys" ? issue.keys[0] : issue?.path.join(".");
    const reason =
      issue?.code === "unrecognized_keys"
        ? `unrecognized request argument: ${field}`
        : `${field}: ${issue?.message}`;
    throw new RequestError(reason, { field });
  }
  const { data } = parsed;
  if (data.model !== undefined && data.model !== model) {
    throw new RequestError(`The model \`${data.model}\` does not exist; this server has \`${model}\``, {
      status: 404,
      field: "model",
      code: "model_not_found",
    });
  }
  refuseUnsupported(data);
  const prompts = promptsOf(data.prompt);
  const n = data.n ?? 1;
  if (prompts.length * n > largestChoices) {
    throw new RequestError(
      `${prompts.length} prompts with n = ${n}: at most ${largestChoices} choices a request`,
      {
        field: "n",
      },
    );
  }
  const maxTokens = data.max_tokens ?? 16;
  const stop = typeof data.stop === "string" ? [data.stop] : (data.stop ?? []);
  if (stop.includes("")) throw new RequestError("stop: must not be empty", { field: "stop" });
  return {
    prompts,
    maxTokens,
    temperature: data.temperature ?? 1,
    topP: data.top_p ?? 1,
    topK: Math.max(0, data.top_k ?? 0),
    minP: data.min_p ?? 0,
    n,
    echo: data.echo ?? false,
    logprobs: data.logprobs ?? undefined,
    seed: data.seed ?? undefined,
    stop,
    ignoreEndOfSequence: data.ignore_eos ?? false,
    returnTokenIds: data.return_token_ids ?? false,
    tokensAsIds: data.return_tokens_as_token_ids ?? false,
    specialTokens: data.add_special_tokens ?? true,
  };
}

function refuseUnsupported(data: z.infer<typeof schema>): void {
  const refuse = (field: string, reason: string): never => {
    throw new RequestError(`${field}: ${reason}`, { field });
  };
  if (data.stream) refuse("stream", "this server does not stream; leave it out");
  if (data.suffix) refuse("suffix", "this server does not fill in the middle");
  if (data.presence_penalty) refuse("presence_penalty", "this server has no penalties");
  if (data.frequency_penalty) refuse("frequency_penalty", "this server has no penalties");
  if ((data.repetition_penalty ?? 1) !== 1) refuse("repetition_penalty", "this server has no penalties");
  if (Object.keys(data.logit_bias ?? {}).length > 0) refuse("logit_bias", "this server has no logit bias");
  if ((data.best_of ?? data.n ?? 1) !== (data.n ?? 1))
    refuse("best_of", "must equal n; choose among the draws yourself");
}

function promptsOf(prompt: z.infer<typeof schema>["prompt"]): readonly (string | readonly number[])[] {
  if (typeof prompt === "string") return [prompt];
  if (prompt.length === 0)
    throw new RequestError("prompt: must hold at least one prompt", { field: "prompt" });
  return typeof prompt[0] === "number" ? [prompt as number[]] : (prompt as (string | number[])[]);
}
