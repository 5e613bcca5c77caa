/** A trained transformer ready to draw and to score: plain, or under test-time training. */
import { type TransformerConfig, transformerModel } from "../model/index.ts";
import type { Executor, NamedValues } from "../tensor/index.ts";
import { cachedDecoder } from "./cached-decoder.ts";
import { cachedTransformer } from "./cached-transformer.ts";
import type { Decoder } from "./decoder.ts";
import { forwardScorer, readingScorer, type Scorer } from "./forward-scorer.ts";
import { headSteppingDecoder } from "./head-decoder.ts";
import type { LoadedModel } from "./model-programs.ts";
import { steppingDecoder } from "./stepping-decoder.ts";

/** A model that cannot be used as asked: one sentence for the user. */
export class UnusableModelError extends Error {
  override readonly name = "InputError";
}

/** Test-time training (22), (23) of a transformer: there is no projection, as it is trained without one. */
export interface TestTimeTraining {
  /** η, the step size used in training. */
  readonly stepSize: number;
  /** `head`: the output head alone, batched. `all`: every weight, one sequence at a time. */
  readonly parameters: "head" | "all";
}

/** Options of `checkpointModel`. */
export interface CheckpointModelOptions {
  readonly config: TransformerConfig;
  readonly parameters: NamedValues;
  readonly executor: Executor;
  readonly testTimeTraining?: TestTimeTraining | undefined;
  /** Give a tied output head a copy of its own. */
  readonly untieHead?: boolean | undefined;
}

/** Draws and scores under one distribution: scoring a decoder's own draws gives the log-probabilities it met. */
export interface CheckpointModel {
  readonly decoder: Decoder;
  readonly scorer: Scorer;
  release(): Promise<void>;
}

/**
 * The decoder and the scorer of a transformer: with a cache, or under test-time training.
 *
 * @throws UnusableModelError for test-time training of an output head that is tied to the token embeddings.
 * @throws RangeError for a step size that is not positive.
 * @example
 * const config = { vocabularySize: 5, contextLength: 8, layers: 1, heads: 2, width: 4, tiedEmbeddings: false, layerNormEpsilon: 1e-5 };
 * const parameters = initialParameters(config, randomGenerator("seed 1"));
 * const model = checkpointModel({ config, parameters, executor: float64Executor() });
 * const request = { prompt: [1, 2], generator: randomGenerator("draw 0"), maxTokens: 3 };
 * const [draw] = await generate(model.decoder, [request]);
 * const [score] = await model.scorer.score([{ prompt: [1, 2], response: draw?.tokens ?? [] }]);
 * score?.logProbabilities.length; // 3
 */
export function checkpointModel(options: CheckpointModelOptions): CheckpointModel {
  const { config, parameters } = options.untieHead ? untied(options) : options;
  const { executor, testTimeTraining } = options;
  const loaded: LoadedModel = {
    model: transformerModel(config),
    parameters: inTypeOf(executor, parameters),
    executor,
    vocabularySize: config.vocabularySize,
    contextLength: config.contextLength,
  };
  if (testTimeTraining?.parameters === "all") return allSteppingModel(loaded, testTimeTraining.stepSize);
  const cached = cachedDecoder({ model: cachedTransformer(config), parameters: loaded.parameters, executor });
  if (testTimeTraining === undefined) return modelOf(cached, forwardScorer(loaded));
  if (config.tiedEmbeddings) {
    throw new UnusableModelError(
      "test-time training of the output head: this model's head is its token embedding, and a step would change both; give the head a copy of its own (--untie-head), or step all weights",
    );
  }
  const headSteps = { stepSize: testTimeTraining.stepSize };
  return modelOf(headSteppingDecoder(cached, headSteps), forwardScorer(loaded, { headSteps }));
}

function modelOf(decoder: Decoder, scorer: Scorer): CheckpointModel {
  return {
    decoder,
    scorer,
    async release() {
      await decoder.release();
      await scorer.release();
    },
  };
}

/** Drawing and scoring each have stepped parameters of their own. */
function allSteppingModel(loaded: LoadedModel, stepSize: number): CheckpointModel {
  return modelOf(steppingDecoder(loaded, { stepSize }), readingScorer(steppingDecoder(loaded, { stepSize })));
}

const head = "lm_head.weight";

function untied({ config, parameters }: CheckpointModelOptions) {
  if (!config.tiedEmbeddings) return { config, parameters };
  const { shape, data } = parameters["transformer.wte.weight"]!;
  return {
    config: { ...config, tiedEmbeddings: false },
    parameters: { ...parameters, [head]: { shape, data: data.slice() } },
  };
}

/** The values in the type in which the executor computes, converted once. */
function inTypeOf(executor: Executor, parameters: NamedValues): NamedValues {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      const target = executor.allocate(value.shape);
      if (target.data.constructor === value.data.constructor) return [name, value];
      target.data.set(value.data);
      return [name, target];
    }),
  );
}
