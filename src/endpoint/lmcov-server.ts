/** `lmcov serve-model`: completions that echo, with the boundary of prompt and response found by token ids. */
import { isDeepStrictEqual } from "node:util";
import { Answer, onlyChoice } from "./answer.ts";
import type { Likelihood, ScoreRequest, ScoringEndpoint } from "./endpoint.ts";
import { EndpointError, notOfText } from "./endpoint-error.ts";
import { type CompletionsOptions, openaiCompletions } from "./openai-completions.ts";
import { Recent } from "./recent.ts";
import { scoredResponse, servedBoundary, toldTexts } from "./scored-tokens.ts";

/** Answers as `openaiCompletions` does, and scores as training does: the server returns the tokens of every text. */
export function lmcovServer(
  options: CompletionsOptions & { readonly contextLength: number | undefined },
): ScoringEndpoint {
  const { contextLength } = options;
  const { scoring, tokensOf } = likelihood(options);
  const spelling = (text: string, signal: AbortSignal) =>
    tokensOf(text, signal).catch((error: unknown) => {
      if (error instanceof EndpointError && !error.retryable) return undefined;
      throw error;
    });
  return {
    ...openaiCompletions({ ...options, returnsIds: true }),
    ours: true,
    facts: { ...(contextLength !== undefined && { contextLength }) },
    likelihood: scoring,
    spelling,
  };
}

function likelihood({ client, model }: CompletionsOptions) {
  const place = `${client.address}/v1/completions`;
  const prompts = new Recent<readonly number[]>();
  const echoed = async (prompt: string | readonly number[], signal: AbortSignal): Promise<Answer> => {
    const body = { model, prompt, max_tokens: 0, echo: true, logprobs: 0, return_token_ids: true };
    return onlyChoice(new Answer(await client.post("/v1/completions", body, signal), place));
  };
  const tokensOf = (text: string, signal: AbortSignal) =>
    prompts.get(text, async () => (await echoed(text, signal)).at("prompt_token_ids").tokens());
  const tokensBefore = async ({ prompt }: ScoreRequest, signal: AbortSignal): Promise<readonly number[]> => {
    if ("tokens" in prompt) return prompt.tokens;
    return tokensOf(prompt.text, signal);
  };
  const scoring: Likelihood = {
    method: "completions with echo, BOS by the server, no end token",
    async score(request, signal) {
      const { prompt, response } = request;
      const before = await tokensBefore(request, signal);
      if ("tokens" in response) {
        const sent = [...before, ...response.tokens];
        return scoresFrom(await echoed(sent, signal), {
          sent,
          first: before.length,
          straddling: 0,
          place,
        });
      }
      if ("tokens" in prompt) {
        throw notOfText();
      }
      const answer = await echoed(prompt.text + response.text, signal);
      const joint = answer.at("prompt_token_ids").tokens();
      const { first, straddling } = servedBoundary(
        { joint, prompt: before },
        { address: place, forget: () => "text" in prompt && prompts.forget(prompt.text) },
      );
      if (first > 0) return scoresFrom(answer, { first, straddling, place });
      // Nothing precedes the response but what the server begins an empty text with.
      const beginning = await tokensOf("", signal);
      const sent = [...beginning, ...joint];
      return scoresFrom(await echoed(sent, signal), {
        sent,
        first: beginning.length,
        straddling: prompt.text === "" ? 0 : straddling,
        place,
      });
    },
  };
  return { scoring, tokensOf };
}

function scoresFrom(
  choice: Answer,
  at: {
    readonly first: number;
    readonly straddling: number;
    readonly place: string;
    readonly sent?: readonly number[];
  },
) {
  const told = choice.at("prompt_token_ids").tokens();
  const listed = choice.at("logprobs").at("token_logprobs").items();
  if (listed.length !== told.length) {
    throw choice.wrong(`${listed.length} log-probabilities for ${told.length} tokens`);
  }
  if (at.sent !== undefined && !isDeepStrictEqual(told, at.sent)) {
    throw choice.wrong("prompt_token_ids are not the tokens that were sent");
  }
  const scores = listed.slice(at.first);
  const tokens = choice.at("logprobs").at("tokens");
  return scoredResponse(
    scores.map((score) => score.logProbability()),
    at.straddling,
    at.place,
    toldTexts(Array.isArray(tokens.raw) ? tokens.items().slice(at.first) : [undefined]),
  );
}
