/** Tokens of texts by a llama.cpp server's `/tokenize`, with its rule for the beginning-of-sequence token. */
import { Answer } from "./answer.ts";
import type { Message } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";
import type { HttpClient } from "./http-client.ts";
import { Recent } from "./recent.ts";
import { requireTokens, toldTexts } from "./scored-tokens.ts";
import { spelledText } from "./spelled-text.ts";

export class LlamaTokenizer {
  readonly #client: HttpClient;
  readonly #prompts = new Recent<readonly number[]>();
  readonly #templates = new Recent<string>();
  readonly #spelled = new Recent<string | undefined>();
  /** Texts of the tokens that the server named them for: at most the vocabulary. */
  readonly #texts = new Map<number, string>();
  /** The token that the server puts before every text; null if it puts none. */
  readonly beginningOfSequence: number | null;

  private constructor(client: HttpClient, beginningOfSequence: number | null) {
    this.#client = client;
    this.beginningOfSequence = beginningOfSequence;
  }

  get address(): string {
    return this.#client.address;
  }

  static async open(client: HttpClient, signal: AbortSignal): Promise<LlamaTokenizer> {
    const probe = new LlamaTokenizer(client, null);
    const special = await probe.#tokenize("a", true, signal);
    const plain = await probe.#tokenize("a", false, signal);
    const added = special.length > plain.length ? special[0] : undefined;
    return new LlamaTokenizer(client, added ?? null);
  }

  /** Tokens of a prompt as the model sees them, the beginning-of-sequence token included; kept for the next time. */
  promptTokens(text: string, signal: AbortSignal): Promise<readonly number[]> {
    return this.#prompts.get(text, () => this.jointTokens(text, signal));
  }

  forget(prompt: string): void {
    this.#prompts.forget(prompt);
  }

  /** The same for a text that is not asked again. */
  async jointTokens(text: string, signal: AbortSignal): Promise<readonly number[]> {
    const plain = text === "" ? [] : await this.#tokenize(text, false, signal);
    return this.beginningOfSequence === null ? plain : [this.beginningOfSequence, ...plain];
  }

  /** The same, without a beginning, or undefined where its tokens stand for another text: the vocabulary lacks a part of it. */
  async spelling(text: string, signal: AbortSignal): Promise<readonly number[] | undefined> {
    const tokens = await this.#tokenize(text, false, signal);
    const place = `${this.#client.address}/detokenize`;
    const answer = await this.#client.post("/detokenize", { tokens }, signal).catch((error: unknown) => {
      // A gateway may not have it; then the text is taken on trust.
      if (error instanceof EndpointError && !error.retryable) return undefined;
      throw error;
    });
    if (answer === undefined) return tokens;
    const back = new Answer(answer, place).at("content").textOr("");
    // Some tokenisers put a space before every text.
    return back === text || back === ` ${text}` ? tokens : undefined;
  }

  /**
   * The tokens of a text after a prompt of token ids, with the prompt's: those of the text that the ids spell and the
   * response. Undefined where the prompt's ids are not its text's own.
   */
  async tokensAfter(
    prompt: readonly number[],
    response: string,
    signal: AbortSignal,
  ): Promise<readonly number[] | undefined> {
    const begins = this.beginningOfSequence !== null && prompt[0] === this.beginningOfSequence;
    const beginning = begins ? prompt.slice(0, 1) : [];
    const tokens = prompt.slice(beginning.length);
    const text = await this.#spelled.get(JSON.stringify(tokens), async () => {
      if (tokens.length === 0) return "";
      const answer = new Answer(
        await this.#client.post("/detokenize", { tokens }, signal),
        `${this.#client.address}/detokenize`,
      );
      return spelledText(tokens, answer.at("content").text(), (said) => this.#tokenize(said, false, signal));
    });
    if (text === undefined) return undefined;
    return [...beginning, ...(await this.#tokenize(text + response, false, signal))];
  }

  /** The texts of tokens that came out of texts before, undefined where one is not known. */
  textsOf(tokens: readonly number[]): readonly string[] | undefined {
    return toldTexts(tokens.map((token) => this.#texts.get(token)));
  }

  /** The prompt that the model's own chat template makes of a conversation; with the next turn, if given. */
  async templated(messages: readonly Message[], signal: AbortSignal, next = ""): Promise<readonly number[]> {
    const key = JSON.stringify(messages);
    const text = await this.#templates.get(key, async () => {
      const answer = await this.#client.post("/apply-template", { messages }, signal);
      return new Answer(answer, `${this.#client.address}/apply-template`).at("prompt").text();
    });
    if (next !== "") return this.#tokenize(text + next, true, signal, true);
    return this.#prompts.get(`messages ${key}`, () => this.#tokenize(text, true, signal, true));
  }

  async #tokenize(text: string, special: boolean, signal: AbortSignal, parse = false): Promise<number[]> {
    const body = { content: text, add_special: special, parse_special: parse, with_pieces: true };
    const answer = await this.#client.post("/tokenize", body, signal);
    const place = `${this.#client.address}/tokenize`;
    const tokens = new Answer(answer, place).at("tokens").items();
    return requireTokens(tokens, { text, place }).map((token) => {
      // Older servers tell ids alone.
      if (typeof token.raw === "number") return token.count();
      const id = token.at("id").count();
      // A part of a character comes as bytes.
      if (typeof token.at("piece").raw === "string") this.#texts.set(id, token.at("piece").text());
      return id;
    });
  }
}
