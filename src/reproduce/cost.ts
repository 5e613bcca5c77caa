/** What a training of a transformer costs, before it runs. */

export interface TrainingSizes {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly vocabulary: number;
  readonly context: number;
  readonly tiedEmbeddings: boolean;
  readonly steps: number;
  readonly batch: number;
  /** Positions that a sequence takes. */
  readonly length: number;
  /** Checkpoints that are kept. */
  readonly checkpoints: number;
}

export interface TrainingCost {
  readonly parameters: number;
  /** Tokens that the model reads, padding included. */
  readonly tokens: number;
  /** Floating-point operations, forward and backward. */
  readonly operations: number;
  /** Bytes of parameters, gradients and Adam's two moments, and of the activations that the backward pass keeps. */
  readonly memoryBytes: number;
  /** Bytes of all checkpoints and of the two states. */
  readonly diskBytes: number;
}

/**
 * The cost by the usual count: 6 operations a parameter of the layers and of the head and token, and 12·layers·width·length
 * a token for attention over the whole length (a dense mask). Memory takes 4 bytes a number; of each layer it counts
 * 34·width + 5·heads·length kept numbers a token, halved as none is stored twice, and the log-probabilities three times.
 *
 * @example
 * const sizes = { layers: 6, width: 384, heads: 4, vocabulary: 104, context: 512, tiedEmbeddings: false };
 * const cost = trainingCost({ ...sizes, steps: 200_000, batch: 128, length: 134, checkpoints: 1 });
 * cost.parameters; // 10924032
 * Math.round(cost.tokens / 1e7); // 343
 */
export function trainingCost(sizes: TrainingSizes): TrainingCost {
  const { layers, width, heads, vocabulary, context, tiedEmbeddings, steps, batch, length, checkpoints } =
    sizes;
  const layerParameters = 12 * width ** 2 + 13 * width;
  const head = tiedEmbeddings ? 0 : vocabulary * width;
  const parameters = layers * layerParameters + (vocabulary + context) * width + 2 * width + head;
  const tokens = steps * batch * length;
  const perToken = 6 * (layers * layerParameters + vocabulary * width) + 12 * layers * width * length;
  const activations = batch * length * (layers * (17 * width + 2.5 * heads * length) + 3 * vocabulary);
  return {
    parameters,
    tokens,
    operations: tokens * perToken,
    memoryBytes: 4 * (4 * parameters + activations),
    diskBytes: 4 * parameters * (checkpoints + 6),
  };
}
