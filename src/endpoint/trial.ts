/** What an endpoint is tried with: English where it can spell and hold it, else a few tokens of its own vocabulary. */
import type { ScoreRequest, ScoringEndpoint } from "./endpoint.ts";

type Prompt = ScoreRequest["prompt"];
type Response = ScoreRequest["response"];

/** Prompts and responses that an endpoint is tried with, made by `trialFor`. */
export interface Trial {
  readonly prompt: Prompt;
  readonly probable: Response;
  readonly absurd: Response;
  /** Two responses that differ in their last token. */
  readonly one: Response;
  readonly other: Response;
  /** The absurd response in two pieces, and what stands before the second. */
  readonly head: Response;
  readonly tail: Response;
  readonly beforeTail: Prompt;
  /** Prompts whose next token many draws are compared with. */
  readonly prompts: readonly Prompt[];
  /** In words, so that a model that knows English finds the probable response more likely. */
  readonly english: boolean;
}

const sentence = "The capital of France is Paris. The capital of France is";
const english: Trial = {
  prompt: { text: sentence },
  probable: { text: " Paris." },
  absurd: { text: " xqz jumps banana 42" },
  one: { text: " a" },
  other: { text: " the" },
  head: { text: " xqz jumps" },
  tail: { text: " banana 42" },
  beforeTail: { text: `${sentence} xqz jumps` },
  prompts: [{ text: "The" }, { text: "One day, a" }, { text: "She said that he" }],
  english: true,
};

/** Of a vocabulary whose size is not told. */
const fewestTokens = 2;
/** Tokens that trials draw, beside the text. */
const room = 16;

/** English, unless the endpoint says that its tokens cannot spell it or its context cannot hold it. */
export async function trialFor(endpoint: ScoringEndpoint, signal: AbortSignal): Promise<Trial> {
  const { spelling, facts } = endpoint;
  if (spelling === undefined) return english;
  const tokens = await spelling(
    `${sentence} xqz jumps banana 42 Paris. a the One day, a She said that he`,
    signal,
  );
  const fits =
    tokens !== undefined && tokens.length + room <= (facts.contextLength ?? Number.POSITIVE_INFINITY);
  return fits ? english : tokenTrial(facts.vocabularySize ?? fewestTokens, facts.beginningOfSequence);
}

function tokenTrial(vocabularySize: number, beginning: number | null | undefined): Trial {
  // Spread over the vocabulary; of two tokens at least, `one` and `other` differ.
  const token = (eighth: number) => Math.floor((vocabularySize * (2 * eighth + 1)) / 16);
  const begun = beginning == null ? [] : [beginning];
  const prompt = [...begun, token(1), token(3)];
  return {
    prompt: { tokens: prompt },
    probable: { tokens: [token(4)] },
    absurd: { tokens: [token(6), token(2)] },
    one: { tokens: [token(5)] },
    other: { tokens: [token(0)] },
    head: { tokens: [token(6)] },
    tail: { tokens: [token(2)] },
    beforeTail: { tokens: [...prompt, token(6)] },
    prompts: [token(2), token(5), token(7)].map((last) => ({ tokens: [...begun, last] })),
    english: false,
  };
}
