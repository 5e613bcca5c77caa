/** Log-probabilities of responses under a model's parameters: teacher-forced, response tokens only. */
import type { LanguageModel } from "../model/index.ts";
import type { Executor, FloatArray, NamedValues, Program } from "../tensor/index.ts";
import { batchOf, bucketOf, type EncodedExample } from "./batch.ts";
import { inputName, scoreGraph } from "./step-graph.ts";

/** Sums in nats; a response's end-of-sequence token counts where it has one. */
export interface ResponseScores {
  readonly logProbabilities: Float64Array;
  /** Response tokens of each example. */
  readonly tokenCounts: Int32Array;
}

export interface ResponseScorer {
  score(parameters: NamedValues, examples: readonly EncodedExample[]): Promise<ResponseScores>;
  release(): Promise<void>;
}

/**
 * A scorer that works through examples in batches of one size, padded to one of a few lengths.
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
  const programs = new Map<number, Promise<Program>>();
  const programOf = (length: number): Promise<Program> => {
    const known = programs.get(length) ?? executor.compile(scoreGraph(model, { batch, length }));
    programs.set(length, known);
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
      // Examples of like length share a batch, so that little is padded.
      const order = Array.from(examples.keys()).sort(
        (left, right) => examples[left]!.tokens.length - examples[right]!.tokens.length || left - right,
      );
      for (let start = 0; start < order.length; start += batch) {
        const chosen = order.slice(start, start + batch);
        const real = chosen.map((index) => examples[index]!);
        // The last batch is filled up with an example that nobody reads.
        const filled = [...real, ...Array.from({ length: batch - real.length }, () => real[0]!)];
        const part = batchOf(filled, { length: bucketOf(filled, lengths), allocate });
        const program = await programOf(part.length);
        const given = { ...named, tokens: part.tokens, targets: part.targets };
        const { data } = (await program.run(given)).logProbabilities!;
        chosen.forEach((index, row) => {
          const { tokens, promptLength } = examples[index]!;
          let sum = 0;
          for (let position = promptLength - 1; position < tokens.length - 1; position += 1) {
            sum += data[row * part.length + position]!;
          }
          logProbabilities[index] = Math.min(0, sum);
          tokenCounts[index] = tokens.length - promptLength;
        });
      }
      return { logProbabilities, tokenCounts };
    },
    async release() {
      for (const program of programs.values()) await (await program).release();
      programs.clear();
    },
  };
}
