/** Which tokens of a llama.cpp server's model may stand in a grammar, as the server itself shows. */
import { Answer } from "./answer.ts";
import type { HttpClient } from "./http-client.ts";
import { rawScores } from "./llama-settings.ts";

/** How the server chooses a token does not touch the log-probability it reports, which it reads before sampling. */
const strongBias = 1e5;

/** Tokens that are tried for a plain one where no text gives it. */
const triedTokens = 256;

/** One token after a prompt, forced by a bias on its logit; `listed` log-probabilities come with it. */
export async function forcedStep(
  client: HttpClient,
  step: {
    readonly prompt: readonly number[];
    readonly token: number | undefined;
    readonly listed: number;
    /** False where the server is to evaluate the prompt again. */
    readonly cached?: boolean;
  },
  signal: AbortSignal,
): Promise<Answer> {
  const { prompt, token, listed, cached = true } = step;
  const body = {
    ...rawScores,
    prompt,
    n_predict: 1,
    n_probs: listed,
    ...(token !== undefined && { logit_bias: [[token, strongBias]] }),
    return_tokens: true,
    cache_prompt: cached,
  };
  return new Answer(await client.post("/completion", body, signal), `${client.address}/completion`);
}

/**
 * The tokens that are whole text and do not end a generation. Another token in a grammar makes the server fail, and an
 * end token ends its process; so a token is plain only once the server has drawn it alone and shown so.
 */
export class PlainTokens {
  readonly #client: HttpClient;
  readonly #known = new Map<number, boolean>();
  #one: number | undefined;

  constructor(client: HttpClient) {
    this.#client = client;
  }

  isKnown(token: number): boolean {
    return this.#known.has(token);
  }

  isPlain(token: number): boolean {
    return this.#known.get(token) === true;
  }

  /** Takes what the server answered when the token was forced alone. */
  learn(token: number, answer: Answer): void {
    const text = answer.at("content").textOr("");
    const plain =
      text !== "" &&
      !/[\0\ufffd]/.test(text) &&
      answer.at("stop_type").raw === "limit" &&
      answer.at("completion_probabilities").at(0).at("id").raw === token;
    this.#known.set(token, plain);
    if (plain) this.#one ??= token;
  }

  /** Whether all are plain; draws the unknown ones once, after the prompt, which the server has at hand. */
  async all(tokens: readonly number[], prompt: readonly number[], signal: AbortSignal): Promise<boolean> {
    for (const token of tokens) {
      if (!this.isKnown(token)) await this.#draw(token, prompt, signal);
      if (!this.isPlain(token)) return false;
    }
    return true;
  }

  /** Any plain token; undefined where the first tokens of the vocabulary are none. */
  async one(
    prompt: readonly number[],
    given: { readonly candidates: readonly number[]; readonly vocabularySize: number },
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { candidates, vocabularySize } = given;
    const first = Array.from({ length: Math.min(vocabularySize, triedTokens) }, (_, token) => token);
    for (const token of [...candidates, ...first]) {
      if (this.#one !== undefined) break;
      if (!this.isKnown(token)) await this.#draw(token, prompt, signal);
    }
    return this.#one;
  }

  async #draw(token: number, prompt: readonly number[], signal: AbortSignal): Promise<void> {
    this.learn(token, await forcedStep(this.#client, { prompt, token, listed: 1 }, signal));
  }
}
