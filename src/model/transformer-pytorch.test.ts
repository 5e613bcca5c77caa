/** The transformer against PyTorch: test/oracle/pytorch-gpt2.py, whose output is read here. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  type Executor,
  float64Executor,
  type NamedTensors,
  type NamedValues,
  onnxruntimeExecutor,
} from "../tensor/index.ts";
import { sequenceLoss } from "../train/loss.ts";
import { adam } from "../train/rules/index.ts";
import { fusedGraph, inputName, nextName, type StepGraphs } from "../train/step-graph.ts";
import { transformerModel } from "./transformer.ts";
import type { TransformerConfig } from "./transformer-config.ts";

interface OracleBatch {
  readonly tokens: string;
  readonly targets: string;
  readonly weights: string;
}

type Encoded = Readonly<Record<string, string>>;

interface OracleCase {
  readonly config: TransformerConfig;
  readonly parameters: Encoded;
  readonly batch: OracleBatch;
  readonly loss: number;
  readonly logProbabilities: string;
  readonly gradients: Encoded;
  readonly adam: { learningRate: number; steps: number; losses: number[]; parameters: Encoded };
  readonly training: {
    learningRate: number;
    steps: number;
    batch: number;
    batches: OracleBatch;
    losses: number[];
  };
}

const oracle = JSON.parse(
  readFileSync(new URL("../../test/oracle/pytorch-gpt2.json", import.meta.url), "utf8"),
) as { readonly untied: OracleCase; readonly tied: OracleCase };

function floats(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64");
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}

const bytes = (text: string): Int32Array => Int32Array.from(Buffer.from(text, "base64"));

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/**
 * Without the keys' biases: a shift of all scores of a query changes nothing, so that their derivative is 0, and Adam
 * makes whole steps of the rounding errors that float32 gives instead.
 */
function comparable(parameter: string, width: number) {
  const keys = parameter.endsWith("attn.c_attn.bias");
  return (values: ArrayLike<number>): number[] =>
    Array.from(values).filter((_, index) => !keys || Math.floor(index / width) !== 1);
}

/** The largest difference as a part of the largest wanted entry. */
function difference(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(got.length).toBe(wanted.length);
  return largest(Array.from(got, (value, i) => value - wanted[i]!)) / largest(wanted);
}

const rule = adam();

/** The training step of a case with everything that the oracle holds as outputs. */
function stepGraph(given: OracleCase, batch: number, everything: boolean) {
  const model = transformerModel(given.config);
  const seen: Record<string, NamedTensors[string]> = {};
  const graphs: StepGraphs = {
    model,
    rule: {
      ...rule,
      update(graph, state) {
        if (everything) {
          for (const [name, gradient] of Object.entries(state.gradients)) {
            graph.output(`gradient.${name}`, gradient);
          }
        }
        return rule.update(graph, state);
      },
    },
    loss(graph, tensors) {
      seen.logProbabilities = tensors.logProbabilities;
      return sequenceLoss(graph, tensors);
    },
  };
  const graph = fusedGraph(graphs, { batch, length: given.config.contextLength });
  if (everything) graph.output("logProbabilities", seen.logProbabilities!);
  return { graph, model };
}

interface RunOptions {
  readonly executor: Executor;
  readonly batch: number;
  readonly batches: OracleBatch;
  readonly steps: number;
  readonly learningRate: number;
  /** Gradients and log-probabilities too. */
  readonly everything?: boolean;
}

/** Adam steps on batches that follow each other, or on one batch again and again. */
async function train(given: OracleCase, options: RunOptions): Promise<NamedValues[]> {
  const { executor, batch, steps } = options;
  const { graph, model } = stepGraph(given, batch, options.everything ?? false);
  const program = await executor.compile(graph);
  const scalar = (value: number) => {
    const allocated = executor.allocate([]);
    allocated.data[0] = value;
    return allocated;
  };
  const shape = [batch, given.config.contextLength];
  const size = batch * given.config.contextLength;
  const parts = {
    tokens: bytes(options.batches.tokens),
    targets: bytes(options.batches.targets),
    weights: Float32Array.from(bytes(options.batches.weights)),
  };
  let state: Record<string, NamedValues[string]> = {};
  for (const [name, parameterShape] of Object.entries(model.parameterShapes)) {
    const value = executor.allocate(parameterShape);
    value.data.set(floats(given.parameters[name]!));
    state[inputName.parameter(name)] = value;
  }
  for (const [name, { shape: of }] of Object.entries(rule.init(model.parameterShapes))) {
    state[inputName.state(name)] = executor.allocate(of);
  }
  const results: NamedValues[] = [];
  for (let step = 1; step <= steps; step++) {
    const start = ((step - 1) * size) % parts.tokens.length;
    const fed = Object.fromEntries(
      Object.entries(parts).map(([name, data]) => [name, { shape, data: data.slice(start, start + size) }]),
    );
    const result = await program.run({
      ...state,
      ...fed,
      step: scalar(step),
      learningRate: scalar(options.learningRate),
    });
    state = Object.fromEntries(Object.keys(state).map((name) => [name, result[nextName(name)]!]));
    results.push(result);
  }
  await program.release();
  return results;
}

const engines: [string, () => Promise<Executor>, number][] = [
  // The oracle's float64 results are stored as float32.
  ["the float64 interpreter", async () => float64Executor(), 1e-6],
  ["onnxruntime", () => onnxruntimeExecutor({ threads: 1 }), 1e-5],
];

describe.each(engines)("on %s", (_, open, tolerance) => {
  test.each(["untied", "tied"] as const)(
    "log-probabilities, gradients and Adam steps of the %s transformer are PyTorch's",
    async (name) => {
      const given = oracle[name];
      const executor = await open();
      const results = await train(given, {
        executor,
        batch: 5,
        batches: given.batch,
        steps: given.adam.steps,
        learningRate: given.adam.learningRate,
        everything: true,
      });
      const first = results[0]!;
      expect(Math.abs(first.loss!.data[0]! / given.loss - 1)).toBeLessThan(tolerance);
      expect(difference(first.logProbabilities!.data, floats(given.logProbabilities))).toBeLessThan(
        tolerance,
      );
      expect(Object.keys(given.gradients).length).toBe(name === "tied" ? 28 : 29);
      for (const [parameter, gradient] of Object.entries(given.gradients)) {
        const got = first[`gradient.${parameter}`]!.data;
        expect(difference(got, floats(gradient)), parameter).toBeLessThan(tolerance);
      }
      results.forEach(({ loss }, step) => {
        expect(Math.abs(loss!.data[0]! / given.adam.losses[step]! - 1)).toBeLessThan(tolerance);
      });
      for (const [parameter, value] of Object.entries(given.adam.parameters)) {
        const got = results.at(-1)![nextName(inputName.parameter(parameter))]!.data;
        const compared = comparable(parameter, given.config.width);
        expect(difference(compared(got), compared(floats(value))), parameter).toBeLessThan(tolerance);
      }
      await executor.release();
    },
    30_000,
  );
});

test.each(["untied", "tied"] as const)(
  "200 training steps of the %s transformer on onnxruntime follow PyTorch's losses to 1e-3",
  async (name) => {
    const given = oracle[name];
    const executor = await onnxruntimeExecutor({ threads: 1 });
    const { batch, batches, steps, learningRate, losses } = given.training;
    const results = await train(given, { executor, batch, batches, steps, learningRate });
    const errors = results.map(({ loss }, step) => Math.abs(loss!.data[0]! / losses[step]! - 1));
    expect(errors.length).toBe(200);
    expect(losses[0]! / losses.at(-1)!).toBeGreaterThan(5);
    expect(Math.max(...errors)).toBeLessThan(1e-3);
    await executor.release();
  },
  60_000,
);
