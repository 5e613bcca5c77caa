import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { float64Executor, Graph, type NamedValues, onnxruntimeExecutor } from "../tensor/index.ts";
import { initialParameters, parameterShapes, scaledInitialisation, transformerModel } from "./transformer.ts";
import type { TransformerConfig } from "./transformer-config.ts";

const config: TransformerConfig = {
  vocabularySize: 11,
  contextLength: 9,
  layers: 2,
  heads: 2,
  width: 8,
  tiedEmbeddings: false,
  layerNormEpsilon: 1e-5,
};
interface RowsShape {
  readonly batch: number;
  readonly length: number;
}

function inputsOf(seed: string, { batch, length }: RowsShape) {
  const random = randomGenerator(seed);
  const tokens = Int32Array.from({ length: batch * length }, () => random.integer(config.vocabularySize));
  const targets = Int32Array.from({ length: batch * length }, () => random.integer(config.vocabularySize));
  return {
    tokens: { shape: [batch, length], data: tokens },
    targets: { shape: [batch, length], data: targets },
  };
}

/** Loss −mean log π and its gradients. */
function lossGraph(sizes: TransformerConfig, { batch, length }: RowsShape): Graph {
  const graph = new Graph();
  const model = transformerModel(sizes);
  const parameters = Object.fromEntries(
    Object.entries(model.parameterShapes).map(([name, shape]) => [name, graph.input(name, shape)]),
  );
  const { logits } = model.forward(graph, parameters, model.inputs(graph, { batch, length }));
  const targets = graph.input("targets", [batch, length], "int");
  const loss = graph.negate(graph.mean(graph.pick(graph.logSoftmax(logits), targets)));
  graph.output("loss", loss);
  for (const [name, gradient] of Object.entries(graph.gradients(loss, parameters))) {
    graph.output(`gradient.${name}`, gradient);
  }
  return graph;
}

/** Parameters away from symmetric points, so that every gradient is of usual size. */
function parametersOf(sizes: TransformerConfig): NamedValues {
  const start = initialParameters(sizes, randomGenerator("transformer test"), scaledInitialisation);
  const random = randomGenerator("transformer test, shifts");
  return Object.fromEntries(
    Object.entries(start).map(([name, { shape, data }]) => [
      name,
      { shape, data: Float64Array.from(data, (value) => value + 0.1 * random.normal()) },
    ]),
  );
}

const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((m, x) => Math.max(m, Math.abs(x)), 0);

describe.each([
  ["untied", config, { batch: 3, length: 7 }],
  // So many rows that every layer takes the gain and bias of its normalisation.
  ["untied, over many rows", config, { batch: 10, length: 7 }],
  // Long enough for several blocks of queries.
  ["tied", { ...config, contextLength: 50, tiedEmbeddings: true }, { batch: 1, length: 48 }],
])("the %s transformer's gradients", (_, sizes, rows) => {
  test("equal float64 central differences to 1e-6 of each tensor's largest entry", async () => {
    const executor = float64Executor();
    const program = await executor.compile(lossGraph(sizes, rows));
    const parameters = parametersOf(sizes);
    const inputs = inputsOf("finite differences", rows);
    const results = await program.run({ ...parameters, ...inputs });
    const random = randomGenerator("entries");
    for (const [name, value] of Object.entries(parameters)) {
      const gradient = results[`gradient.${name}`]!.data;
      const scale = largest(gradient);
      const data = value.data as Float64Array;
      for (let probe = 0; probe < 6; probe++) {
        const index = random.integer(data.length);
        const kept = data[index]!;
        const difference = async (step: number) => {
          data[index] = kept + step;
          const up = (await program.run({ ...parameters, ...inputs })).loss!.data[0]!;
          data[index] = kept - step;
          const down = (await program.run({ ...parameters, ...inputs })).loss!.data[0]!;
          data[index] = kept;
          return (up - down) / (2 * step);
        };
        // Richardson's extrapolation removes the leading error of the step.
        const numeric = (4 * (await difference(1e-4)) - (await difference(2e-4))) / 3;
        expect(Math.abs(numeric - gradient[index]!) / scale, `${name}[${index}]`).toBeLessThan(1e-6);
      }
    }
  }, 60_000);

  test("on onnxruntime equal the interpreter's to 1e-4 of each tensor's largest entry", async () => {
    const exact = float64Executor();
    const fast = await onnxruntimeExecutor({ threads: 1 });
    const graph = lossGraph(sizes, rows);
    const parameters = parametersOf(sizes);
    const inputs = inputsOf("engines", rows);
    const single = Object.fromEntries(
      Object.entries(parameters).map(([name, { shape, data }]) => [
        name,
        { shape, data: Float32Array.from(data) },
      ]),
    );
    const wanted = await (await exact.compile(graph)).run({ ...parameters, ...inputs });
    const got = await (await fast.compile(graph)).run({ ...single, ...inputs });
    for (const [name, value] of Object.entries(wanted)) {
      const scale = largest(value.data);
      const error = largest(Array.from(value.data, (x, i) => x - got[name]!.data[i]!));
      expect(error / scale, name).toBeLessThan(1e-4);
    }
    await fast.release();
  }, 60_000);
});

test("a batch so large that hidden layers are computed in parts has the loss and gradients of its rows", async () => {
  const rows = { batch: 3, length: 7 };
  const copies = 1300;
  const large = { batch: rows.batch * copies, length: rows.length };
  const inputs = inputsOf("rows", rows);
  const repeated = Object.fromEntries(
    Object.entries(inputs).map(([name, { data }]) => [
      name,
      {
        shape: [large.batch, large.length],
        data: Int32Array.from({ length: data.length * copies }, (_, i) => data[i % data.length]!),
      },
    ]),
  );
  const parameters = parametersOf(config);
  const executor = await onnxruntimeExecutor({ threads: 1 });
  const wanted = await (await executor.compile(lossGraph(config, rows))).run({ ...parameters, ...inputs });
  const graph = lossGraph(config, large);
  expect([...graph.nodes].filter(({ operation }) => operation.name === "gelu").length).toBe(
    2 * config.layers,
  );
  const got = await (await executor.compile(graph)).run({ ...parameters, ...repeated });
  for (const [name, value] of Object.entries(wanted)) {
    const error = largest(Array.from(value.data, (x, i) => x - got[name]!.data[i]!));
    expect(error / largest(value.data), name).toBeLessThan(1e-4);
  }
  await executor.release();
}, 60_000);

describe("the forward pass", () => {
  const logitsOf = async (tokens: Int32Array, rows: number, columns: number, from = 0) => {
    const graph = new Graph();
    const model = transformerModel(config);
    const parameters = Object.fromEntries(
      Object.entries(model.parameterShapes).map(([name, shape]) => [name, graph.input(name, shape)]),
    );
    const inputs = model.inputs(graph, { batch: rows, length: columns });
    graph.output("logits", model.forward(graph, parameters, inputs, { from }).logits);
    const program = await float64Executor().compile(graph);
    const given = { ...parametersOf(config), tokens: { shape: [rows, columns], data: tokens } };
    return (await program.run(given)).logits!.data;
  };

  test("values at a position do not depend on what follows, nor on the other rows", async () => {
    const long = await logitsOf(Int32Array.from([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]), 2, 6);
    const short = await logitsOf(Int32Array.from([3, 1, 4]), 1, 3);
    for (let i = 0; i < short.length; i++) expect(long[i]).toBeCloseTo(short[i]!, 12);
  });

  test("values from a position on are those of the whole", async () => {
    const tokens = Int32Array.from([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]);
    const whole = await logitsOf(tokens, 2, 6);
    const part = await logitsOf(tokens, 2, 6, 4);
    const { vocabularySize } = config;
    expect(part.length).toBe(2 * 2 * vocabularySize);
    part.forEach((value, i) => {
      const row = Math.floor(i / (2 * vocabularySize));
      expect(value).toBeCloseTo(whole[(row * 4 + 4) * vocabularySize + i]!, 12);
    });
    await expect(logitsOf(tokens, 2, 6, 6)).rejects.toThrow("from is 6: must be a position, 0 … 5");
  });

  test("queries in blocks attend as those of one block do", async () => {
    const context = 100;
    const wide = { ...config, contextLength: context, layers: 1 };
    const tokens = Int32Array.from({ length: context }, (_, i) => (i * i) % config.vocabularySize);
    const logits = async (length: number) => {
      const graph = new Graph();
      const model = transformerModel(wide);
      const parameters = Object.fromEntries(
        Object.entries(model.parameterShapes).map(([name, shape]) => [name, graph.input(name, shape)]),
      );
      const inputs = model.inputs(graph, { batch: 1, length });
      graph.output("logits", model.forward(graph, parameters, inputs).logits);
      const program = await float64Executor().compile(graph);
      const given = { shape: [1, length], data: tokens.slice(0, length) };
      return (await program.run({ ...parametersOf(wide), tokens: given })).logits!.data;
    };
    const long = await logits(context);
    for (const length of [1, 40, 67, 99]) {
      (await logits(length)).forEach((value, i) => {
        expect(value).toBeCloseTo(long[i]!, 11);
      });
    }
  });

  test("a sequence longer than the context is refused", async () => {
    await expect(logitsOf(new Int32Array(10), 1, 10)).rejects.toThrow(
      "length is 10: must be at most the context, 9",
    );
  });

  test("sizes that no transformer has are refused by field", () => {
    expect(() => parameterShapes({ ...config, width: 9 })).toThrow(
      "width is 9: must be a multiple of heads, 2",
    );
    expect(() => parameterShapes({ ...config, layers: 0 })).toThrow(
      "layers is 0: must be a positive integer",
    );
  });
});

test("parameters start as drawn from their own streams, with residual projections scaled down", () => {
  const wide = { ...config, vocabularySize: 200, width: 64 };
  const start = initialParameters(wide, randomGenerator("a"));
  const deviation = (name: string) => {
    const { data } = start[name]!;
    return Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
  };
  expect(deviation("transformer.wte.weight")).toBeCloseTo(0.02, 3);
  expect(deviation("transformer.h.1.attn.c_proj.weight")).toBeCloseTo(0.01, 3);
  expect(start["transformer.h.0.ln_1.weight"]!.data.every((x) => x === 1)).toBe(true);
  expect(initialParameters(wide, randomGenerator("a"))).toEqual(start);
  expect(initialParameters(wide, randomGenerator("b"))).not.toEqual(start);
  const more = initialParameters({ ...wide, layers: 3 }, randomGenerator("a"));
  expect(more["transformer.h.0.mlp.c_fc.weight"]).toEqual(start["transformer.h.0.mlp.c_fc.weight"]);
});
