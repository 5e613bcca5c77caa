/** Draws of a model in training, judged by a verifier: what pass@N is measured on. */
import { crc32 } from "node:zlib";
import { type Decoder, generate, samplingFilter } from "../decode/index.ts";
import { continuationText, type Tokenizer, tokenizePrompt } from "../model/index.ts";
import type { RandomGenerator } from "../numeric/index.ts";
import { type Outcome, type Response, type SamplingSettings, samplingHash } from "../record/index.ts";
import type { Verifier } from "../verifier/index.ts";
import { type EvaluationSet, rowBase } from "./train-evaluation.ts";

export interface DrawOptions {
  readonly decoder: Decoder;
  readonly tokenizer: Tokenizer;
  readonly endOfSequence: number | undefined;
  readonly verifier: Verifier;
  readonly draws: number;
  readonly problems: number;
  readonly temperature: number;
  readonly maxTokens: number;
}

export interface JudgedDraws {
  readonly rows: readonly (Response | Outcome)[];
  /** Correct draws of each problem. */
  readonly correct: readonly number[];
}

/** Draws so many responses to each of the set's first problems and judges them. */
export async function judgedDraws(
  set: EvaluationSet,
  options: DrawOptions,
  given: { readonly model: string; readonly step: number; readonly generator: RandomGenerator },
): Promise<JudgedDraws> {
  const { draws, temperature, maxTokens, verifier, tokenizer, endOfSequence } = options;
  const chosen = firstOfProblems(set, options.problems);
  const filter = samplingFilter({ temperature });
  const requests = chosen.flatMap((index) =>
    Array.from({ length: draws }, (_, draw) => ({
      prompt: tokenizePrompt(tokenizer, set.examples[index]!.prompt),
      generator: given.generator.split(`problem ${set.keys[index]!.problem}, draw ${draw}`),
      maxTokens,
      filter,
      endOfSequence,
    })),
  );
  const generations = await generate(options.decoder, requests);
  const sampling: SamplingSettings = { temperature, maxTokens };
  const shared = { sampling, samplingHash: samplingHash(sampling), drawSet: `training ${given.model}` };
  const model = { model: given.model, step: given.step };
  const correct = chosen.map(() => 0);
  const rows = generations.flatMap(({ tokens, finishReason }, position): (Response | Outcome)[] => {
    const place = Math.floor(position / draws);
    const index = chosen[place]!;
    const example = set.examples[index]!;
    const target = example.target ?? example.response;
    const spoken = tokens.at(-1) === endOfSequence ? tokens.slice(0, -1) : tokens;
    const text = continuationText(tokenizer, {
      prompt: requests[position]!.prompt,
      // A model may have embeddings that its tokenizer has no token for.
      response: spoken.filter((id) => id < tokenizer.vocabularySize),
    });
    const base = { ...rowBase(set, index, model), ...shared, draw: position % draws };
    const judged = verifier.verify({ response: text, target, prompt: example.prompt });
    if (judged.verdict === "correct") correct[place]! += 1;
    return [
      {
        kind: "response",
        ...base,
        role: "draw",
        prompt: example.prompt,
        text,
        target,
        tokenCount: tokens.length,
        finishReason,
      },
      { kind: "outcome", ...base, ...judged, fingerprint: crc32(text), verifier: verifier.name },
    ];
  });
  return { rows, correct };
}

/** Index of the first response of each of the first problems. */
function firstOfProblems(set: EvaluationSet, problems: number): number[] {
  const firsts = set.keys.flatMap(({ draw }, index) => (draw === 0 ? [index] : []));
  return firsts.slice(0, problems);
}
