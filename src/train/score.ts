/** Log-probabilities of responses under a model's parameters: teacher-forced, response tokens only. */
import { countBucket, type LanguageModel } from "../model/index.ts";
import type { Executor, FloatArray, NamedValues, Program } from "../tensor/index.ts";
import { type Batch, batchOf, bucketOf, type EncodedExample, firstTarget } from "./batch.ts";
import { inputName, scoreGraph } from "./step-graph.ts";

/** Sums in nats; a response's end-of-sequence token counts where it has one. */
export interface ResponseScores {
  readonly logProbabilities: Float64Array;
  /** Response tokens of each example. */
  readonly tokenCounts: Int32Array;
  /** The response tokens' own, which add up to the sums. */
  readonly tokenLogProbabilities: readonly Float64Array[];
}

/** Scores encoded examples under any parameters of one model, made by `responseScorer`. */
export interface ResponseScorer {
  score(parameters: NamedValues, examples: readonly EncodedExample[]): Promise<ResponseScores>;
  release(): Promise<void>;
}

/**
 * A scorer that works through examples in batches of at most `batch`, padded to one of a few lengths.
 *
 * @example
 * const config = { vocabularySize: 3, contextLength: 4, layers: 1, heads: 1, width: 4, tiedEmbeddings: true, layerNormEpsilon: 1e-5 };
 * const model = transformerModel(config);
 * const scorer = responseScorer({ model, executor: float64Executor(), batch: 2, lengths: [2, 4] });
 * const zeros = Object.entries(model.parameterShapes).map(([name, shape]) => [name, float64Executor().allocate(shape)]);
 * const examples = [{ tokens: Int32Array.of(0, 1, 2), promptLength: 1 }];
 * const { logProbabilities } = await scorer.score(Object.fromEntries(zeros), examples);
 * logProbabilities[0]; // -2 * Math.log(3)
 */
export function responseScorer(options: {
  readonly model: LanguageModel;
  readonly executor: Executor;
  readonly batch: number;
  /** Lengths to which batches are padded, the longest last. */
  readonly lengths: readonly number[];
}): ResponseScorer {
  const { model, executor, batch, lengths } = options;
  const programs = new Map<string, Promise<Program>>();
  const programOf = ({ tokens, length, from }: Batch): Promise<Program> => {
    const shape = { batch: tokens.shape[0]!, length, from };
    const key = JSON.stringify(shape);
    const known = programs.get(key) ?? executor.compile(scoreGraph(model, shape));
    programs.set(key, known);
    return known;
  };
  const allocate = (size: number) => executor.allocate([size]).data as FloatArray;

  return {
    async score(parameters, examples) {
      const named = Object.fromEntries(
        Object.entries(parameters).map(([name, value]) => [inputName.parameter(name), value]),
      );
      const logProbabilities = new Float64Array(examples.length);
      const tokenCounts = new Int32Array(examples.length);
      const tokenLogProbabilities = new Array<Float64Array>(examples.length);
      // Examples that are padded alike share a batch, and among them those whose responses begin at like places.
      const bucket = examples.map((example) => bucketOf([example], lengths));
      const order = Array.from(examples.keys()).sort(
        (left, right) =>
          bucket[left]! - bucket[right]! ||
          examples[left]!.promptLength - examples[right]!.promptLength ||
          left - right,
      );
      const size = Math.min(batch, countBucket(Math.ceil(order.length / Math.ceil(order.length / batch))));
      for (let start = 0; start < order.length; start += size) {
        const chosen = order.slice(start, start + size);
        const real = chosen.map((index) => examples[index]!);
        // The last batch is filled up with an example that nobody reads.
        const filled = [...real, ...Array.from({ length: size - real.length }, () => real[0]!)];
        const length = bucketOf(filled, lengths);
        const part = batchOf(filled, { length, from: firstTarget(filled, length), allocate });
        const program = await programOf(part);
        const given = { ...named, tokens: part.tokens, targets: part.targets };
        const { data } = (await program.run(given)).logProbabilities!;
        chosen.forEach((index, row) => {
          const { tokens, promptLength } = examples[index]!;
          const first = row * (length - part.from) - part.from + promptLength - 1;
          const count = tokens.length - promptLength;
          const own = Float64Array.from(data.subarray(first, first + count));
          logProbabilities[index] = Math.min(
            0,
            own.reduce((sum, value) => sum + value, 0),
          );
          tokenLogProbabilities[index] = own;
          tokenCounts[index] = count;
        });
      }
      return { logProbabilities, tokenCounts, tokenLogProbabilities };
    },
    async release() {
      for (const program of programs.values()) await (await program).release();
      programs.clear();
    },
  };
}
