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

/** A scorer that works through examples in batches of one size, padded to one of a few lengths. */
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
