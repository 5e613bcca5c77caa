/** Three routes to the log-probabilities of given tokens at a llama.cpp server, which cannot echo. */
import { Answer } from "./answer.ts";
import { EndpointError } from "./endpoint-error.ts";
import type { HttpClient } from "./http-client.ts";
import { rawScores } from "./llama-settings.ts";
import { forcedStep, PlainTokens } from "./llama-tokens.ts";

/**
 * `grammar`: one call, whose grammar lists the response's tokens by id; a response with a token that is not whole text,
 * or ends a generation, goes by steps. `steps`: a call a token, forced by a bias on its logit. `vocabulary`: a call a
 * token that lists the whole vocabulary, which every version answers.
 */
export type LlamaRoute = "grammar" | "steps" | "vocabulary";

export interface GivenTokens {
  readonly prompt: readonly number[];
  readonly response: readonly number[];
}

/** The log-probability of each token of the response, in nats. */
export type TokenScores = (given: GivenTokens, signal: AbortSignal) => Promise<number[]>;

export class LlamaRoutes {
  readonly #client: HttpClient;
  readonly #vocabularySize: number | undefined;
  readonly #candidates: readonly number[];
  readonly #plain: PlainTokens;

  /** `candidates`: tokens that are likely to be whole text. */
  constructor(
    client: HttpClient,
    given: { readonly vocabularySize: number | undefined; readonly candidates: readonly number[] },
  ) {
    this.#client = client;
    this.#vocabularySize = given.vocabularySize;
    this.#candidates = given.candidates;
    this.#plain = new PlainTokens(client);
  }

  readonly grammar: TokenScores = async (given, signal) => {
    const { prompt, response } = given;
    if (!(await this.#fitsGrammar(given, signal))) return this.steps(given, signal);
    const grammar = `root ::= ${response.map((token) => `<[${token}]>`).join(" ")}`;
    const body = { ...rawScores, prompt, n_predict: response.length, grammar };
    const answer = new Answer(
      await this.#client.post("/completion", body, signal),
      `${this.#client.address}/completion`,
    );
    const positions = answer.at("completion_probabilities").items();
    if (positions.length !== response.length) {
      throw new EndpointError(
        "answer",
        `${this.#client.address}: ${positions.length} tokens in place of ${response.length}`,
      );
    }
    return response.map((token, index) => forced(positions[index] as Answer, token));
  };

  readonly steps: TokenScores = (given, signal) => this.#steps(given, { cached: true }, signal);

  /**
   * The largest difference, in nats, between log-probabilities of a token after a text that the server evaluates at
   * once and after the same text evaluated token by token, as a cache in half precision and fast attention make it.
   */
  async rounding(given: GivenTokens, signal: AbortSignal): Promise<number> {
    const atOnce = await this.#steps(given, { cached: false }, signal);
    const grown = await this.#steps(given, { cached: true }, signal);
    return Math.max(...atOnce.map((score, index) => Math.abs(score - (grown[index] as number))));
  }

  async #steps(
    { prompt, response }: GivenTokens,
    { cached }: { readonly cached: boolean },
    signal: AbortSignal,
  ): Promise<number[]> {
    const scores: number[] = [];
    for (const [index, token] of response.entries()) {
      const before = [...prompt, ...response.slice(0, index)];
      const answer = await forcedStep(this.#client, { prompt: before, token, listed: 1, cached }, signal);
      this.#plain.learn(token, answer);
      const probabilities = answer.at("completion_probabilities");
      // The server says nothing of a token that leaves a character incomplete.
      const silent = probabilities.raw === undefined && answer.at("tokens").tokens()[0] === token;
      scores.push(
        silent
          ? await this.listed(before, token, signal)
          : forced(new Answer(probabilities.items()[0]?.raw, `${this.#client.address}/completion`), token),
      );
    }
    return scores;
  }

  readonly vocabulary: TokenScores = async ({ prompt, response }, signal) => {
    const scores: number[] = [];
    for (const [index, token] of response.entries()) {
      scores.push(await this.listed([...prompt, ...response.slice(0, index)], token, signal));
    }
    return scores;
  };

  /** The token's log-probability after `before`, from the list of the whole vocabulary, while a plain token is drawn. */
  async listed(before: readonly number[], token: number, signal: AbortSignal): Promise<number> {
    const { address } = this.#client;
    const vocabularySize = this.#vocabularySize;
    if (vocabularySize === undefined) {
      throw new EndpointError("refused", `${address}: does not tell the size of its vocabulary`);
    }
    const candidates = this.#candidates;
    const drawn = await this.#plain.one(before, { candidates, vocabularySize }, signal);
    const step = { prompt: before, token: drawn, listed: vocabularySize };
    const answer = await forcedStep(this.#client, step, signal);
    const entries = answer.at("completion_probabilities").at(0).at("top_logprobs").items();
    const entry = entries.find((item) => item.at("id").raw === token);
    if (entry === undefined) {
      throw new EndpointError(
        "answer",
        `${address}: token ${token} is not among the ${vocabularySize} listed`,
      );
    }
    return entry.at("logprob").logProbability();
  }

  /** Those of the tokens that may stand in a grammar; unknown ones are drawn once. */
  async plainOf(
    tokens: readonly number[],
    prompt: readonly number[],
    signal: AbortSignal,
  ): Promise<number[]> {
    const plain: number[] = [];
    for (const token of tokens) if (await this.#plain.all([token], prompt, signal)) plain.push(token);
    return plain;
  }

  async #fitsGrammar({ prompt, response }: GivenTokens, signal: AbortSignal): Promise<boolean> {
    const tokens = [...new Set(response)];
    const unknown = tokens.filter((token) => !this.#plain.isKnown(token));
    if (tokens.some((token) => this.#plain.isKnown(token) && !this.#plain.isPlain(token))) return false;
    // Where nearly every token is new, steps score the response and show its tokens at once.
    if (unknown.length > 0 && unknown.length >= response.length - 1) return false;
    return this.#plain.all(unknown, prompt, signal);
  }
}

/** The log-probability of `token` at one position; another token there means that forcing it did not work. */
function forced(position: Answer, token: number): number {
  const found = position.at("id").raw;
  if (found !== token) {
    throw new EndpointError("answer", `token ${found} in place of ${token}, which was forced`);
  }
  return position.at("logprob").logProbability();
}
