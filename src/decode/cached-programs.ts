/** The two graphs of a decoder with a cache: one reads prompts, one takes a token of each row with what the cache holds. */
import { type Executor, Graph, type NamedValues } from "../tensor/index.ts";
import type { CachedModel, CachedOutput } from "./cached-model.ts";
import { ProgramCache } from "./model-programs.ts";

/** A cached model with its parameters and who runs it. */
export interface CachedSource {
  readonly model: CachedModel;
  /** Read at every run, so that a model in training can be drawn from. */
  readonly parameters: NamedValues;
  readonly executor: Executor;
}

/** The graphs of one model, compiled for the sizes that are met. */
export class CachedPrograms {
  readonly model: CachedModel;
  readonly executor: Executor;
  readonly #source: CachedSource;
  readonly #programs: ProgramCache;

  constructor(source: CachedSource) {
    this.model = source.model;
    this.executor = source.executor;
    this.#source = source;
    this.#programs = new ProgramCache(source.executor);
  }

  async prefill(size: { batch: number; length: number }, inputs: NamedValues): Promise<NamedValues> {
    const { batch, length } = size;
    const program = await this.#programs.get(`prefill ${batch}x${length}`, () => {
      const graph = new Graph();
      const tokens = graph.input("tokens", [batch, length], "int");
      const last = graph.input("last", [batch], "int");
      return this.#finished(graph, (parameters) => this.model.prefill(graph, parameters, { tokens, last }));
    });
    return program.run({ ...this.#source.parameters, ...inputs });
  }

  async step(
    size: { batch: number; time: number },
    inputs: NamedValues,
    outputs: NamedValues,
  ): Promise<void> {
    const { batch, time } = size;
    const { layers, heads, width } = this.model;
    const program = await this.#programs.get(`step ${batch}x${time}`, () => {
      const graph = new Graph();
      const shape = [batch, heads, time, width / heads];
      const given = {
        tokens: graph.input("tokens", [batch], "int"),
        positions: graph.input("positions", [batch], "int"),
        mask: graph.input("mask", [batch, 1, time]),
        cache: Array.from({ length: layers }, (_, layer) => ({
          keys: graph.input(cacheName(2 * layer), shape),
          values: graph.input(cacheName(2 * layer + 1), shape),
        })),
      };
      return this.#finished(graph, (parameters) => this.model.step(graph, parameters, given));
    });
    await program.run({ ...this.#source.parameters, ...inputs }, outputs);
  }

  release(): Promise<void> {
    return this.#programs.release();
  }

  #finished(
    graph: Graph,
    build: (parameters: Record<string, ReturnType<Graph["input"]>>) => CachedOutput,
  ): Graph {
    const parameters = Object.fromEntries(
      Object.entries(this.model.parameterShapes).map(([name, shape]) => [name, graph.input(name, shape)]),
    );
    const { logits, hidden, layers } = build(parameters);
    graph.output("logits", logits);
    graph.output("hidden", hidden);
    layers.forEach(({ keys, values }, layer) => {
      graph.output(`new ${cacheName(2 * layer)}`, keys);
      graph.output(`new ${cacheName(2 * layer + 1)}`, values);
    });
    return graph;
  }
}

/** Keys and values of each layer in turn, as the graphs call them; new entries are called `new` before it. */
export const cacheName = (index: number): string =>
  `${index % 2 === 0 ? "keys" : "values"} ${Math.floor(index / 2)}`;
