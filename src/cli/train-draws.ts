/** Draws of a model in training, judged by a verifier: what pass@N is measured on. */
import { type Decoder, generate, samplingFilter } from "../decode/index.ts";
import { continuationText, type Tokenizer, tokenizePrompt, tokenTexts } from "../model/index.ts";
import type { RandomGenerator } from "../numeric/index.ts";
import { type Row, type SamplingSettings, samplingHash } from "../record/index.ts";
import type { Verifier } from "../verifier/index.ts";
import { drawRows } from "./generate-rows.ts";
import { type EvaluationSet, problemOf } from "./train-evaluation.ts";

export interface DrawOptions {
  readonly decoder: Decoder;
  readonly tokenizer: Tokenizer;
  readonly endOfSequence: number | undefined;
  readonly verifier: Verifier;
  readonly draws: number;
  readonly problems: number;
  readonly temperature: number;
  readonly maxTokens: number;
  /** Whether rows hold each token's log-probability and text. */
  readonly tokens: boolean;
}

export interface JudgedDraws {
  readonly rows: readonly Row[];
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
  const context = {
    name: { model: given.model, step: given.step },
    sampling,
    samplingHash: samplingHash(sampling),
    verifier,
    rewarded: false,
    method: "as drawn while training",
  };
  const correct = chosen.map(() => 0);
  const rows = generations.flatMap((generation, position): Row[] => {
    const place = Math.floor(position / draws);
    const index = chosen[place]!;
    const example = set.examples[index]!;
    const { tokens } = generation;
    const { prompt } = requests[position]!;
    const response = tokens.at(-1) === endOfSequence ? tokens.slice(0, -1) : tokens;
    const drawn = drawRows(
      {
        ...generation,
        prompt: {
          ...problemOf(set, index),
          prompt: example.prompt,
          target: example.target ?? example.response,
        },
        drawSet: `training ${given.model}`,
        draw: position % draws,
        text: continuationText(tokenizer, { prompt, response }),
        tokenCount: tokens.length,
        tokenTexts: tokenTexts((ids) => tokenizer.decode(ids), { before: prompt, tokens }),
      },
      context,
    );
    if (drawn.some((row) => row.kind === "outcome" && row.verdict === "correct")) correct[place]! += 1;
    return options.tokens ? drawn : drawn.filter(({ kind }) => kind !== "likelihood");
  });
  return { rows, correct };
}

/** Index of the first response of each of the first problems. */
function firstOfProblems(set: EvaluationSet, problems: number): number[] {
  const firsts = set.keys.flatMap(({ draw }, index) => (draw === 0 ? [index] : []));
  return firsts.slice(0, problems);
}
