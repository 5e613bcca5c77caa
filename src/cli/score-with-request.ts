/** A given response as the tokens that a checkpoint scores. */
import type { ScoringRequest } from "../decode/index.ts";
import { InputError } from "../record/index.ts";
import type { LocalModel } from "./generate-model.ts";
import { pairTokens, placeOf, promptTokens } from "./generate-prompts.ts";
import type { GivenResponse } from "./score-with-responses.ts";

/** Throws InputError naming the place of a response that is empty or that the model's context cannot hold. */
export function scoringRequest(
  given: GivenResponse,
  model: LocalModel,
  ends: boolean,
): ScoringRequest & { readonly straddling: number } {
  const request = requestTokens(given, model, ends);
  const length = request.prompt.length + request.response.length - 1;
  if (length <= model.decoder.contextLength) return request;
  throw new InputError(
    `${placeOf(given.row)}: prompt and response have ${length + 1} tokens and this model's context holds ${model.decoder.contextLength}`,
  );
}

function requestTokens(
  given: GivenResponse,
  model: LocalModel,
  ends: boolean,
): ScoringRequest & { readonly straddling: number } {
  const { row, cut } = given;
  const { endOfSequence, tokenizer } = model;
  const end = ends && !cut && endOfSequence !== undefined ? [endOfSequence] : [];
  if (row.response === "") {
    // A draw may end at once.
    if (given.role === "draw" && end.length > 0)
      return { prompt: promptTokens(row, tokenizer), response: end, straddling: 0 };
    throw new InputError(`${placeOf(row)}: the response is empty`);
  }
  const { prompt, response, straddling } = pairTokens(row, tokenizer);
  return { prompt, response: [...response, ...end], straddling };
}
