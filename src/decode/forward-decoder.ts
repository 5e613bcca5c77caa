/** A decoder of any language model by a full forward pass at every step: slow, and the oracle of the cached one. */
import type { FloatArray, NamedValues } from "../tensor/index.ts";
import { checkPrompt, checkTokens, type Decoder, type DecodingBatch, type TokenIds } from "./decoder.ts";
import {
  batchBucket,
  forwardGraph,
  type LoadedModel,
  lengthBucket,
  ProgramCache,
  paddedTokens,
} from "./model-programs.ts";

/** Reads whole prefixes at every step; cost grows with the square of the response's length. */
export function forwardDecoder(loaded: LoadedModel): Decoder {
  const { model, vocabularySize, contextLength } = loaded;
  const programs = new ProgramCache(loaded.executor);
  const width = hiddenWidth(loaded);
  const predict = async (prefixes: readonly TokenIds[]): Promise<NamedValues> => {
    const longest = Math.max(...prefixes.map(({ length }) => length));
    const length = lengthBucket(longest, contextLength);
    const batch = batchBucket(prefixes.length);
    const program = await programs.get(`${batch}x${length}`, () => {
      const { graph, logits, hidden } = forwardGraph(model, { batch, length });
      const last = graph.input("last", [batch], "int");
      const rows = batch * length;
      graph.output("logits", graph.gather(graph.reshape(logits, [rows, vocabularySize]), last));
      graph.output("hidden", graph.gather(graph.reshape(hidden, [rows, width]), last));
      return graph;
    });
    const last = Int32Array.from(
      { length: batch },
      (_, row) => row * length + (prefixes[row]?.length ?? 1) - 1,
    );
    return program.run({
      ...loaded.parameters,
      tokens: { shape: [batch, length], data: paddedTokens(prefixes, { batch, length }) },
      last: { shape: [batch], data: last },
    });
  };
  return {
    vocabularySize,
    contextLength,
    width,
    largestBatch: 1024,
    async begin(prompts) {
      for (const prompt of prompts) checkPrompt(prompt, loaded);
      const batch = new ForwardBatch(prompts, { predict, vocabularySize, width });
      await batch.predict();
      return batch;
    },
    release: () => programs.release(),
  };
}

/** Width of a model's last hidden states. */
export function hiddenWidth({ model }: Pick<LoadedModel, "model">): number {
  return forwardGraph(model, { batch: 1, length: 1 }).hidden.shape.at(-1)!;
}

interface ForwardSource {
  readonly predict: (prefixes: readonly TokenIds[]) => Promise<NamedValues>;
  readonly vocabularySize: number;
  readonly width: number;
}

class ForwardBatch implements DecodingBatch {
  readonly #source: ForwardSource;
  #prefixes: number[][];
  /** Where each row lies in the last result. */
  #places: number[];
  #values: NamedValues = {};

  constructor(prompts: readonly TokenIds[], source: ForwardSource) {
    this.#source = source;
    this.#prefixes = prompts.map((prompt) => Array.from(prompt));
    this.#places = [...this.#prefixes.keys()];
  }

  get rows(): number {
    return this.#prefixes.length;
  }

  async predict(): Promise<void> {
    this.#values = await this.#source.predict(this.#prefixes);
    this.#places = [...this.#prefixes.keys()];
  }

  logits(row: number): FloatArray {
    return this.#part("logits", row, this.#source.vocabularySize);
  }

  hidden(row: number): FloatArray {
    return this.#part("hidden", row, this.#source.width);
  }

  async read(tokens: TokenIds): Promise<void> {
    checkTokens(tokens, this.#source.vocabularySize);
    this.#prefixes.forEach((prefix, row) => {
      prefix.push(tokens[row]!);
    });
    await this.predict();
  }

  keep(rows: readonly number[]): void {
    this.#prefixes = rows.map((row) => this.#prefixes[row]!);
    this.#places = rows.map((row) => this.#places[row]!);
  }

  #part(name: string, row: number, size: number): FloatArray {
    const start = this.#places[row]! * size;
    return (this.#values[name]!.data as FloatArray).subarray(start, start + size);
  }
}
