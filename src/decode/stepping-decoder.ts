/** A decoder whose every parameter takes a gradient step on each token that it reads after the prompt. */
import type { FloatArray, NamedValues } from "../tensor/index.ts";
import { checkPrompt, checkTokens, type Decoder, type DecodingBatch, type TokenIds } from "./decoder.ts";
import { checkStepSize } from "./head-steps.ts";
import {
  forwardGraph,
  type LoadedModel,
  lengthBucket,
  ProgramCache,
  paddedTokens,
} from "./model-programs.ts";

/**
 * Test-time training (22), (23) of all weights: θ ← θ + η·∇log π_θ(y_h | x, y_<h) after every response token, by the
 * model's own graph, without a projection. One sequence at a time; `begin` starts from the given parameters again. A
 * token costs a forward pass over the prefix and a gradient, since stepped parameters make cached keys and values stale.
 *
 * @throws RangeError for a step size that is not positive.
 */
export function steppingDecoder(loaded: LoadedModel, options: { readonly stepSize: number }): Decoder {
  checkStepSize(options.stepSize);
  const state = new SteppedParameters(loaded, options.stepSize);
  return {
    vocabularySize: loaded.vocabularySize,
    contextLength: loaded.contextLength,
    width: undefined,
    largestBatch: 1,
    async begin(prompts) {
      if (prompts.length !== 1) {
        throw new RangeError(
          `number of sequences is ${prompts.length}: must be 1, as each steps all parameters of its own`,
        );
      }
      checkPrompt(prompts[0]!, loaded);
      state.reset();
      const batch = new SteppingBatch(state, loaded.vocabularySize, prompts[0]!);
      await batch.predict();
      return batch;
    },
    release: () => state.release(),
  };
}

/** The parameters after the steps of one sequence, in two buffers that take turns. */
class SteppedParameters {
  readonly #loaded: LoadedModel;
  readonly #stepSize: number;
  readonly #programs: ProgramCache;
  readonly #buffers: [NamedValues, NamedValues];
  #current: NamedValues;

  constructor(loaded: LoadedModel, stepSize: number) {
    this.#loaded = loaded;
    this.#stepSize = stepSize;
    this.#programs = new ProgramCache(loaded.executor);
    const allocated = () =>
      Object.fromEntries(
        Object.entries(loaded.model.parameterShapes).map(([name, shape]) => [
          name,
          loaded.executor.allocate(shape),
        ]),
      );
    this.#buffers = [allocated(), allocated()];
    this.#current = loaded.parameters;
  }

  reset(): void {
    this.#current = this.#loaded.parameters;
  }

  release(): Promise<void> {
    return this.#programs.release();
  }

  /** Log-odds of the token that follows `prefix`. */
  async predict(prefix: readonly number[]): Promise<FloatArray> {
    const { model, contextLength } = this.#loaded;
    const length = lengthBucket(prefix.length, contextLength);
    const program = await this.#programs.get(`predict ${length}`, () => {
      const { graph, logits } = forwardGraph(model, { batch: 1, length });
      const last = graph.input("last", [1], "int");
      graph.output("logits", graph.gather(graph.reshape(logits, logits.shape.slice(1)), last));
      return graph;
    });
    const { logits } = await program.run({ ...this.#current, ...inputsFor(prefix, length) });
    return logits!.data as FloatArray;
  }

  /** One step on the token that followed `prefix`. */
  async step(prefix: readonly number[], token: number): Promise<void> {
    const { model, contextLength } = this.#loaded;
    const length = lengthBucket(prefix.length, contextLength);
    const program = await this.#programs.get(`step ${length}`, () => {
      const { graph, parameters, logits } = forwardGraph(model, { batch: 1, length });
      const last = graph.input("last", [1], "int");
      const target = graph.input("target", [1], "int");
      const stepSize = graph.input("stepSize", []);
      const distribution = graph.logSoftmax(graph.gather(graph.reshape(logits, logits.shape.slice(1)), last));
      const logProbability = graph.sum(graph.pick(distribution, target));
      const gradients = graph.gradients(logProbability, parameters);
      for (const [name, parameter] of Object.entries(parameters)) {
        graph.output(`stepped ${name}`, graph.add(parameter, graph.multiply(stepSize, gradients[name]!)));
      }
      return graph;
    });
    const next = this.#current === this.#buffers[0] ? this.#buffers[1] : this.#buffers[0];
    const outputs = Object.fromEntries(
      Object.entries(next).map(([name, value]) => [`stepped ${name}`, value]),
    );
    const inputs = {
      ...this.#current,
      ...inputsFor(prefix, length),
      target: { shape: [1], data: Int32Array.of(token) },
      stepSize: { shape: [], data: Float64Array.of(this.#stepSize) },
    };
    await program.run(inputs, outputs);
    this.#current = next;
  }
}

const inputsFor = (prefix: readonly number[], length: number): NamedValues => ({
  tokens: { shape: [1, length], data: paddedTokens([prefix], { batch: 1, length }) },
  last: { shape: [1], data: Int32Array.of(prefix.length - 1) },
});

class SteppingBatch implements DecodingBatch {
  readonly #state: SteppedParameters;
  readonly #vocabularySize: number;
  readonly #prefix: number[];
  #logits: FloatArray = new Float64Array();

  constructor(state: SteppedParameters, vocabularySize: number, prompt: TokenIds) {
    this.#state = state;
    this.#vocabularySize = vocabularySize;
    this.#prefix = Array.from(prompt);
  }

  readonly rows = 1;

  async predict(): Promise<void> {
    this.#logits = await this.#state.predict(this.#prefix);
  }

  logits(): FloatArray {
    return this.#logits;
  }

  hidden(): FloatArray {
    throw new Error("a decoder that steps all weights gives no hidden states");
  }

  async read(tokens: TokenIds): Promise<void> {
    checkTokens(tokens, this.#vocabularySize);
    await this.#state.step(this.#prefix, tokens[0]!);
    this.#prefix.push(tokens[0]!);
    await this.predict();
  }

  /** The only row stays. */
  keep(): void {}
}
