/** Tokens of texts by vLLM's `/tokenize`, or by a completion that returns the prompt's token ids. */
import { Answer, onlyChoice } from "./answer.ts";
import { EndpointError } from "./endpoint-error.ts";
import type { HttpClient } from "./http-client.ts";
import { Recent } from "./recent.ts";
import { requireTokens } from "./scored-tokens.ts";
import { spelledText } from "./spelled-text.ts";

interface VllmServer {
  readonly client: HttpClient;
  readonly model: string;
  /** The server has `/tokenize`. */
  readonly endpoint: boolean;
  /** Completions return `prompt_token_ids`. */
  readonly returned: boolean;
  /** Special tokens that the server puts before a text; undefined if unknown. */
  readonly before: readonly number[] | undefined;
  /** Special tokens that it puts after a text, which would end the response. */
  readonly after: number;
}

export class VllmTokenizer {
  readonly #server: VllmServer;
  readonly #prompts = new Recent<readonly number[]>();
  readonly #spelled = new Recent<string | undefined>();

  private constructor(server: VllmServer) {
    this.#server = server;
  }

  static async open(client: HttpClient, model: string, signal: AbortSignal): Promise<VllmTokenizer> {
    const blind = { client, model, before: undefined, after: 0 };
    const returned = await returnsTokens(client, model, signal);
    const probe = new VllmTokenizer({ ...blind, endpoint: true, returned });
    try {
      const special = await probe.#tokenize("a", true, signal);
      const plain = await probe.#tokenize("a", false, signal);
      const start = special.findIndex(
        (token, index) => token === plain[0] && index + plain.length <= special.length,
      );
      const before = start < 0 ? [] : special.slice(0, start);
      const after = start < 0 ? 0 : special.length - start - plain.length;
      return new VllmTokenizer({ ...blind, endpoint: true, returned, before, after });
    } catch (error) {
      if (!(error instanceof EndpointError) || error.retryable || !returned) throw error;
      return new VllmTokenizer({ ...blind, endpoint: false, returned });
    }
  }

  get before(): readonly number[] | undefined {
    return this.#server.before;
  }

  /** True where answers hold the ids of prompt and response. */
  get returnsIds(): boolean {
    return this.#server.returned;
  }

  /** True where a text can be sent as it is: its tokens come back with the answer, and none is put after it. */
  get tellsTokens(): boolean {
    return this.#server.returned && this.#server.after === 0;
  }

  promptTokens(text: string, signal: AbortSignal): Promise<readonly number[]> {
    return this.#prompts.get(text, () => this.tokens(text, signal));
  }

  forget(prompt: string): void {
    this.#prompts.forget(prompt);
  }

  /** Tokens as the model sees them, without special tokens after the text. */
  async tokens(text: string, signal: AbortSignal): Promise<readonly number[]> {
    const { client, model, endpoint, before = [] } = this.#server;
    if (endpoint) return [...before, ...(text === "" ? [] : await this.#tokenize(text, false, signal))];
    return (await returnedTokens(client, model, text, signal)) ?? [];
  }

  /**
   * The tokens of a text after a prompt of token ids, with the prompt's: those of the text that the ids spell and the
   * response. Undefined where the prompt's ids are not its text's own, or the server does not tell.
   */
  async tokensAfter(
    prompt: readonly number[],
    response: string,
    signal: AbortSignal,
  ): Promise<readonly number[] | undefined> {
    const { client, model, endpoint, before } = this.#server;
    if (!endpoint || before === undefined) return undefined;
    const begins = before.length > 0 && before.every((token, index) => prompt[index] === token);
    const beginning = begins ? before : [];
    const tokens = prompt.slice(beginning.length);
    const text = await this.#spelled.get(JSON.stringify(tokens), async () => {
      if (tokens.length === 0) return "";
      const answer = await client.post("/detokenize", { model, tokens }, signal);
      const said = new Answer(answer, `${client.address}/detokenize`).at("prompt").text();
      return spelledText(tokens, said, (own) => this.#tokenize(own, false, signal));
    });
    if (text === undefined) return undefined;
    return [...beginning, ...(await this.#tokenize(text + response, false, signal))];
  }

  async #tokenize(text: string, special: boolean, signal: AbortSignal): Promise<number[]> {
    const { client, model } = this.#server;
    const body = { model, prompt: text, add_special_tokens: special };
    const answer = new Answer(await client.post("/tokenize", body, signal), `${client.address}/tokenize`);
    const tokens = answer.at("tokens").tokens();
    const count = answer.at("count").countOr(tokens.length);
    if (count !== tokens.length) throw answer.wrong(`${tokens.length} tokens where it counts ${count}`);
    return requireTokens(tokens, { text, place: `${client.address}/tokenize` });
  }
}

async function returnedTokens(
  client: HttpClient,
  model: string,
  text: string,
  signal: AbortSignal,
): Promise<number[] | undefined> {
  const body = { model, prompt: text, max_tokens: 1, return_token_ids: true };
  const answer = await client.post("/v1/completions", body, signal);
  const choice = onlyChoice(new Answer(answer, `${client.address}/v1/completions`));
  return choice.has("prompt_token_ids") ? choice.at("prompt_token_ids").tokens() : undefined;
}

async function returnsTokens(client: HttpClient, model: string, signal: AbortSignal): Promise<boolean> {
  return (await returnedTokens(client, model, "a", signal)) !== undefined;
}
