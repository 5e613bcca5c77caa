/** A model in this process, by the little that scoring and drawing need of it; drawing and scoring are the same for all. */
import { chooseToken, samplingFilter } from "../decode/index.ts";
import { tokenTexts } from "../model/index.ts";
import { randomGenerator } from "../numeric/index.ts";
import { type Boundary, boundaryByTokens } from "./boundary.ts";
import type { ChatTemplate } from "./chat-template.ts";
import type {
  ConversationRequest,
  Draw,
  DrawRequest,
  EndpointFacts,
  EndpointKind,
  Likelihood,
  Prompt,
  Sampler,
  ScoredResponse,
  ScoreRequest,
  ScoringEndpoint,
} from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";
import { requireFit, requirePrecedent, scoredResponse, toldTexts } from "./scored-tokens.ts";

/** log π(· | tokens so far) over the vocabulary, in nats, normalised. */
export type NextToken = Float32Array | Float64Array;

/** One text that grows. */
export interface LocalReading {
  /** Reads more tokens; gives the distribution of the token after them. */
  extend(tokens: readonly number[], signal: AbortSignal): Promise<NextToken>;
  close(): Promise<void>;
}

/** Texts and tokens, both without special tokens. */
export interface LocalTokenizer {
  encode(text: string): readonly number[];
  decode(tokens: readonly number[]): string;
}

export interface LocalModel {
  readonly kind: EndpointKind;
  /** Path of the file or folder. */
  readonly address: string;
  readonly model: string;
  readonly facts: EndpointFacts;
  /** How it computes, for the rows' method: software and precision. */
  readonly computation: string;
  readonly endOfSequence: readonly number[];
  /** What stands before a response that nothing else precedes; absent where such a response is refused. */
  readonly beginsEmpty?: number | undefined;
  /** Whether the last token of a text needs no place in the context, as nothing is asked after it. */
  readonly lastUnread?: boolean;
  readonly tokenizer: LocalTokenizer;
  /** The prompt that a conversation becomes; absent where the model has no template. */
  readonly template?: ChatTemplate | undefined;
  /** Tokens of what a template made, its special tokens recognised; those of `tokenizer` where it recognises them itself. */
  templatedTokens?(text: string): readonly number[];
  /** `longest` tokens will be read at most. */
  read(longest: number): Promise<LocalReading>;
  /** Log-probabilities of tokens `first` … of a text, each given those before it. */
  scoreTokens(tokens: readonly number[], first: number, signal: AbortSignal): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** The endpoint of a model in this process. It works on one request at a time; others wait. */
export function localEndpoint(local: LocalModel): ScoringEndpoint {
  const oneAtATime = queue();
  const sampler: Sampler = {
    switchedOff: {},
    sample: (request, signal) => oneAtATime(() => draw(local, request, signal), signal),
  };
  const beginning = local.facts.beginningOfSequence;
  const likelihood: Likelihood = {
    method: `${local.computation}; raw; ${beginning == null ? "no beginning-of-sequence token" : "beginning-of-sequence token added"}`,
    score: (request, signal) => oneAtATime(() => score(local, request, signal), signal),
    ...(local.template !== undefined && {
      scoreConversation: (request: ConversationRequest, signal: AbortSignal) =>
        oneAtATime(() => scoreConversation(local, request, signal), signal),
    }),
  };
  const { kind, address, model, facts } = local;
  const ours = kind === "checkpoint" && ({ ours: true } as const);
  const spelling = async (text: string) => spelled(local.tokenizer, text);
  return { kind, address, model, facts, ...ours, sampler, likelihood, spelling, close: () => local.close() };
}

function spelled(tokenizer: LocalTokenizer, text: string): readonly number[] | undefined {
  try {
    const tokens = tokenizer.encode(text);
    const back = tokenizer.decode(tokens);
    return back === text || back === ` ${text}` ? tokens : undefined;
  } catch (error) {
    // Our tokenizers refuse what they have no token for.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function queue() {
  let last: Promise<unknown> = Promise.resolve();
  return <Value>(work: () => Promise<Value>, signal: AbortSignal): Promise<Value> => {
    const next = last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    last = next.catch(() => {});
    return next;
  };
}

function promptTokens(local: LocalModel, prompt: Prompt): readonly number[] {
  if ("tokens" in prompt) return prompt.tokens;
  const { beginningOfSequence } = local.facts;
  const first = beginningOfSequence == null ? [] : [beginningOfSequence];
  if ("text" in prompt) {
    const tokens = [...first, ...local.tokenizer.encode(prompt.text)];
    return tokens.length === 0 && local.beginsEmpty !== undefined ? [local.beginsEmpty] : tokens;
  }
  if (local.template === undefined) {
    throw new EndpointError("unsupported", `${local.address}: has no chat template: give prompts as texts`);
  }
  // A template writes its own beginning-of-sequence token.
  return templatedTokens(local, local.template(prompt.messages));
}

const templatedTokens = (local: LocalModel, text: string): readonly number[] =>
  local.templatedTokens?.(text) ?? local.tokenizer.encode(text);

async function scoreConversation(
  local: LocalModel,
  { messages, response }: ConversationRequest,
  signal: AbortSignal,
): Promise<ScoredResponse> {
  const before = promptTokens(local, { messages });
  const joint = templatedTokens(local, (local.template?.(messages) ?? "") + response);
  return scoreJoint(local, { joint, ...boundaryByTokens({ joint, prompt: before }) }, signal);
}

async function score(local: LocalModel, request: ScoreRequest, signal: AbortSignal): Promise<ScoredResponse> {
  const { prompt, response } = request;
  const before = promptTokens(local, prompt);
  return scoreJoint(local, jointTokens(local, { prompt, before, response }), signal);
}

interface JointTokens extends Boundary {
  readonly joint: readonly number[];
}

async function scoreJoint(
  local: LocalModel,
  { joint, first, straddling }: JointTokens,
  signal: AbortSignal,
): Promise<ScoredResponse> {
  const { address, facts } = local;
  requirePrecedent(first, address);
  requireFit({
    tokens: joint.length - (local.lastUnread ? 1 : 0),
    contextLength: facts.contextLength,
    address,
    what: "prompt and response",
  });
  const scores = await local.scoreTokens(joint, first, signal);
  return scoredResponse(
    scores,
    straddling,
    address,
    textsOf(local, joint.slice(0, first), joint.slice(first)),
  );
}

function jointTokens(
  local: LocalModel,
  given: { prompt: ScoreRequest["prompt"]; before: readonly number[]; response: ScoreRequest["response"] },
) {
  const { prompt, before, response } = given;
  const bothTexts = "text" in prompt && "text" in response;
  if (!bothTexts) {
    const after = "tokens" in response ? response.tokens : local.tokenizer.encode(response.text);
    if (after.length === 0) throw new RangeError("the response is 0 tokens long: nothing to score");
    return { joint: [...before, ...after], first: before.length, straddling: 0 };
  }
  const joint = promptTokens(local, { text: prompt.text + response.text });
  const boundary = boundaryByTokens({ joint, prompt: before });
  if (boundary.first > 0 || local.beginsEmpty === undefined) return { joint, ...boundary };
  const straddling = prompt.text === "" ? 0 : boundary.straddling;
  return { joint: [local.beginsEmpty, ...joint], first: 1, straddling };
}

function textsOf(
  { tokenizer }: LocalModel,
  before: readonly number[],
  tokens: readonly number[],
): readonly string[] | undefined {
  return toldTexts(tokenTexts((ids) => tokenizer.decode(ids), { before, tokens }));
}

async function draw(local: LocalModel, request: DrawRequest, signal: AbortSignal): Promise<Draw> {
  const { settings, seed } = request;
  const filter = samplingFilter({
    temperature: settings.temperature,
    ...(settings.topK ? { topK: settings.topK } : {}),
    ...(settings.topP !== undefined && settings.topP < 1 && { topP: settings.topP }),
    ...(settings.minP ? { minP: settings.minP } : {}),
  });
  const generator = randomGenerator(`draw with seed ${seed}`);
  const before = promptTokens(local, request.prompt);
  const { address, facts } = local;
  requirePrecedent(before.length, address);
  requireFit({ tokens: before.length + 1, contextLength: facts.contextLength, address, what: "the prompt" });
  const room = (facts.contextLength ?? Number.POSITIVE_INFINITY) - before.length;
  const limit = Math.min(settings.maxTokens, room);
  const promptText = local.tokenizer.decode(before);
  const tokens: number[] = [];
  const tokenLogProbabilities: number[] = [];
  const text = () => local.tokenizer.decode([...before, ...tokens]).slice(promptText.length);
  const reading = await local.read(before.length + limit);
  try {
    let next = await reading.extend(before, signal);
    for (;;) {
      const token = chooseToken(filter === undefined ? next : filter(next), generator);
      if (local.endOfSequence.includes(token)) {
        return {
          text: text(),
          tokens,
          tokenCount: tokens.length,
          tokenLogProbabilities,
          tokenTexts: textsOf(local, before, tokens),
          finishReason: "stop",
        };
      }
      tokens.push(token);
      tokenLogProbabilities.push(Math.min(0, next[token] ?? Number.NaN));
      const stopped = stoppedText(text, settings.stop ?? []);
      // A stop text cuts tokens from the text; their log-probabilities are not the response's.
      if (stopped !== undefined) return { text: stopped, finishReason: "stop" };
      if (tokens.length >= limit) {
        return {
          text: text(),
          tokens,
          tokenCount: tokens.length,
          tokenLogProbabilities,
          tokenTexts: textsOf(local, before, tokens),
          finishReason: "length",
        };
      }
      next = await reading.extend([token], signal);
    }
  } finally {
    await reading.close();
  }
}

function stoppedText(text: () => string, stops: readonly string[]): string | undefined {
  if (stops.length === 0) return undefined;
  const whole = text();
  const places = stops.map((stop) => whole.indexOf(stop)).filter((place) => place >= 0);
  return places.length === 0 ? undefined : whole.slice(0, Math.min(...places));
}
