import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { float64Executor, Graph, type NamedValues, type TensorValue } from "../tensor/index.ts";
import { byteTokenizer } from "./byte-tokenizer.ts";
import { type Checkpoint, parameterCount, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { openCheckpoint } from "./checkpoint-reader.ts";
import { numeralTokenizer } from "./numeral-tokenizer.ts";
import { openSafetensors } from "./safetensors.ts";
import { writeSafetensors } from "./safetensors-writer.ts";
import { initialParameters, transformerModel } from "./transformer.ts";
import type { TransformerConfig } from "./transformer-config.ts";

const oracle = fileURLToPath(new URL("../../test/oracle/gpt2-checkpoint", import.meta.url));
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lmcov-checkpoint-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const config: TransformerConfig = {
  vocabularySize: 257,
  contextLength: 16,
  layers: 2,
  heads: 2,
  width: 8,
  tiedEmbeddings: false,
  layerNormEpsilon: 1e-6,
};
const checkpoint: Checkpoint = {
  config,
  parameters: initialParameters(config, randomGenerator("checkpoint test")),
  tokenizer: byteTokenizer(),
  training: { step: 7, seed: "a" },
};

/** log π of each next token [length, vocabulary], in float64. */
async function logProbabilities(model: Checkpoint, tokens: readonly number[]): Promise<number[][]> {
  const graph = new Graph();
  const { parameterShapes, inputs, forward } = transformerModel(model.config);
  const parameters = Object.fromEntries(
    Object.entries(parameterShapes).map(([name, shape]) => [name, graph.input(name, shape)]),
  );
  const { logits } = forward(graph, parameters, inputs(graph, { batch: 1, length: tokens.length }));
  graph.output("logProbabilities", graph.logSoftmax(logits));
  const program = await float64Executor().compile(graph);
  const given = { tokens: { shape: [1, tokens.length], data: Int32Array.from(tokens) } };
  const { data } = (await program.run({ ...model.parameters, ...given })).logProbabilities as TensorValue;
  const size = model.config.vocabularySize;
  return tokens.map((_, row) => [...data.subarray(row * size, (row + 1) * size)]);
}

describe("a checkpoint of others", () => {
  const expected = JSON.parse(readFileSync(join(oracle, "expected.json"), "utf8"));

  test("without prefix, with masks and in mixed types gives numpy's log-probabilities to 1e-12", async () => {
    const model = await readCheckpoint(oracle);
    expect(model.config).toEqual({
      vocabularySize: 11,
      contextLength: 8,
      layers: 2,
      heads: 2,
      width: 8,
      tiedEmbeddings: true,
      layerNormEpsilon: 1e-5,
    });
    expect(model.tokenizer).toBeUndefined();
    const found = await logProbabilities(model, expected.tokens);
    const differences = found.flatMap((row, at) =>
      row.map((value, token) => Math.abs(value - expected.logProbabilities[at][token])),
    );
    expect(Math.max(...differences)).toBeLessThan(1e-12);
  });

  test("is the same under our names, written and read again", async () => {
    const model = await readCheckpoint(oracle);
    const path = join(folder, "ours");
    await writeCheckpoint(path, model);
    const again = await readCheckpoint(path);
    expect(again).toEqual(model);
    const opened = await openSafetensors(join(path, "model.safetensors"));
    expect([...opened.entries.keys()].every((name) => name.startsWith("transformer."))).toBe(true);
    expect(opened.metadata.get("format")).toBe("pt");
    await opened.close();
  });

  test("in shards is read through its index", async () => {
    const { parameters, config: sizes } = await readCheckpoint(oracle);
    const names = Object.keys(parameters);
    const weight_map: Record<string, string> = {};
    for (const [shard, part] of [names.slice(0, 9), names.slice(9)].entries()) {
      const file = `model-0000${shard + 1}-of-00002.safetensors`;
      await writeSafetensors(
        join(folder, file),
        Object.fromEntries(part.map((name) => [name, parameters[name]!])),
      );
      for (const name of part) weight_map[name] = file;
    }
    cpSync(join(oracle, "config.json"), join(folder, "config.json"));
    const index = join(folder, "model.safetensors.index.json");
    writeFileSync(index, JSON.stringify({ metadata: {}, weight_map }));
    expect(await readCheckpoint(folder)).toMatchObject({ config: sizes, parameters });
    writeFileSync(index, JSON.stringify({ weight_map: { a: "../../etc/x.safetensors" } }));
    await expect(readCheckpoint(folder)).rejects.toThrow(/is not the name of a file beside it/);
    writeFileSync(index, JSON.stringify({ weight_map: { a: "none.safetensors" } }));
    await expect(readCheckpoint(folder)).rejects.toThrow(/none\.safetensors: no such file/);
    writeFileSync(index, JSON.stringify([]));
    await expect(readCheckpoint(folder)).rejects.toThrow(/has no weight_map/);
  });
});

describe("writing", () => {
  test("a checkpoint comes back whole, and its files are the same bytes when written again", async () => {
    const path = join(folder, "runs", "step-00000007");
    await writeCheckpoint(path, checkpoint);
    const read = await readCheckpoint(path);
    expect(read.config).toEqual(config);
    expect(read.parameters).toEqual(checkpoint.parameters);
    expect(read.training).toEqual(checkpoint.training);
    expect(read.tokenizer?.description).toEqual({ kind: "bytes" });
    const again = join(folder, "again");
    await writeCheckpoint(again, read);
    expect(readdirSync(again)).toEqual(readdirSync(path));
    for (const name of readdirSync(path)) {
      expect(readFileSync(join(again, name)).equals(readFileSync(join(path, name)))).toBe(true);
    }
  });

  test("an older checkpoint gives way, other folders do not, and nothing temporary stays", async () => {
    const path = join(folder, "model");
    await writeCheckpoint(path, checkpoint);
    await writeCheckpoint(path, { ...checkpoint, training: { step: 8 } });
    expect((await readCheckpoint(path)).training).toEqual({ step: 8 });
    const other = join(folder, "thesis");
    mkdirSync(other);
    writeFileSync(join(other, "chapter.tex"), "");
    await expect(writeCheckpoint(other, checkpoint)).rejects.toThrow(/thesis: holds other files/);
    await expect(writeCheckpoint(join(other, "chapter.tex"), checkpoint)).rejects.toThrow(/is not a folder/);
    expect(readdirSync(folder).sort()).toEqual(["model", "thesis"]);
  });

  test("a temporary folder that a kill left over is no checkpoint and gives way", async () => {
    const path = join(folder, "model");
    mkdirSync(`${path}.tmp`);
    writeFileSync(join(`${path}.tmp`, "model.safetensors"), "half");
    await writeCheckpoint(path, checkpoint);
    expect(readdirSync(folder)).toEqual(["model"]);
  });

  test.each<[string, (parameters: Record<string, TensorValue>) => void, RegExp]>([
    [
      "missing",
      (parameters) => delete parameters["lm_head.weight"],
      /shape of lm_head\.weight is missing: must be \[257, 8\]/,
    ],
    [
      "of another shape",
      (parameters) => {
        parameters["transformer.ln_f.bias"] = { shape: [4], data: new Float32Array(4) };
      },
      /shape of transformer\.ln_f\.bias is \[4\]: must be \[8\]/,
    ],
    [
      "unknown",
      (parameters) => {
        parameters["transformer.h.2.ln_1.bias"] = { shape: [8], data: new Float32Array(8) };
      },
      /parameter is transformer\.h\.2\.ln_1\.bias: not one/,
    ],
  ])("a parameter that is %s is refused before anything is written", async (_, damage, message) => {
    const parameters = { ...checkpoint.parameters };
    damage(parameters);
    await expect(writeCheckpoint(join(folder, "model"), { config, parameters })).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a tokenizer of another size is refused", async () => {
    const wrong = { ...checkpoint, tokenizer: numeralTokenizer(24) };
    await expect(writeCheckpoint(join(folder, "model"), wrong)).rejects.toThrow(
      /the tokenizer has 28 tokens, the model 257/,
    );
  });
});

describe("reading refuses by file and tensor", () => {
  const path = () => join(folder, "model");
  const weights = () => join(path(), "model.safetensors");
  const configFile = () => join(path(), "config.json");
  beforeEach(() => writeCheckpoint(path(), checkpoint));

  async function withWeights(change: (tensors: Record<string, TensorValue>) => void): Promise<void> {
    const tensors: Record<string, TensorValue> = { ...checkpoint.parameters };
    change(tensors);
    await writeSafetensors(weights(), tensors as NamedValues);
  }
  const edit = (change: (value: Record<string, unknown>) => void) => {
    const value = JSON.parse(readFileSync(configFile(), "utf8"));
    change(value);
    writeFileSync(configFile(), JSON.stringify(value));
  };

  test("a tensor that is missing, unknown, or of another shape or type", async () => {
    const name = "transformer.h.1.mlp.c_fc.weight";
    await withWeights((tensors) => delete tensors[name]);
    await expect(readCheckpoint(path())).rejects.toThrow(
      `${path()}: tensor "${name}": is missing; config.json says that it has the shape [8, 32]`,
    );
    await withWeights((tensors) => {
      tensors[name] = { shape: [32, 8], data: new Float32Array(256) };
    });
    await expect(readCheckpoint(path())).rejects.toThrow(
      `${path()}: tensor "${name}": has the shape [32, 8]; config.json says [8, 32]`,
    );
    await withWeights((tensors) => {
      tensors[name] = { shape: [8, 32], data: new Int32Array(256) };
    });
    await expect(readCheckpoint(path())).rejects.toThrow(`tensor "${name}": is of type I32`);
    await withWeights((tensors) => {
      tensors["model.layers.0.self_attn.q_proj.weight"] = { shape: [1], data: new Float32Array(1) };
    });
    await expect(readCheckpoint(path())).rejects.toThrow(
      `${path()}: tensor "transformer.model.layers.0.self_attn.q_proj.weight": is unknown`,
    );
    await withWeights((tensors) => {
      tensors["ln_f.bias"] = { shape: [8], data: new Float32Array(8) };
    });
    await expect(readCheckpoint(path())).rejects.toThrow(/tensor ".*ln_f\.bias": is there twice/);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("an entry that is %s", async (value) => {
    const name = "transformer.h.1.mlp.c_fc.weight";
    await withWeights((tensors) => {
      const data = Float32Array.from(tensors[name]!.data);
      data[7] = value;
      tensors[name] = { shape: [8, 32], data };
    });
    await expect(readCheckpoint(path())).rejects.toThrow(
      `${path()}: tensor "${name}": entry 7 is ${value}: nothing can be computed from it`,
    );
  });

  test("a tied model's head must be its embedding where it is stored again", async () => {
    edit((value) => {
      value.tie_word_embeddings = true;
    });
    await expect(readCheckpoint(path())).rejects.toThrow(/"lm_head\.weight": differs from transformer\.wte/);
    await withWeights((tensors) => {
      tensors["lm_head.weight"] = tensors["transformer.wte.weight"]!;
    });
    const read = await readCheckpoint(path());
    expect(read.parameters).not.toHaveProperty("lm_head.weight");
    expect(Object.keys(read.parameters)).toHaveLength(28);
  });

  test("another architecture, no configuration, no weights, no folder", async () => {
    edit((value) => {
      value.model_type = "llama";
    });
    await expect(readCheckpoint(path())).rejects.toThrow(`${configFile()}: model_type is "llama"`);
    writeFileSync(configFile(), "{");
    await expect(readCheckpoint(path())).rejects.toThrow(`${configFile()}: is not JSON`);
    rmSync(configFile());
    await expect(readCheckpoint(path())).rejects.toThrow(`${path()}: has no config.json: not a checkpoint`);
    await expect(readCheckpoint(join(folder, "none"))).rejects.toThrow("none: no such folder");
    await expect(readCheckpoint(weights())).rejects.toThrow("has no config.json");
    await writeCheckpoint(join(folder, "bare"), checkpoint);
    rmSync(join(folder, "bare", "model.safetensors"));
    await expect(readCheckpoint(join(folder, "bare"))).rejects.toThrow("bare: has no model.safetensors");
  });

  test("sizes that the weights do not have are refused before memory is asked for", async () => {
    edit((value) => {
      value.n_embd = 2 ** 40;
      value.n_positions = 2 ** 40;
    });
    await expect(readCheckpoint(path())).rejects.toThrow(/has the shape \[257, 8\]; config\.json says/);
  });

  test("a tokenizer that does not belong to the model", async () => {
    writeFileSync(
      join(path(), "lmcov_tokenizer.json"),
      '{"schema":"lmcov/tokenizer@1","kind":"numerals","largest":24}',
    );
    await expect(readCheckpoint(path())).rejects.toThrow(/the tokenizer has 28 tokens, the model 257/);
  });

  test("a damaged file is closed again", async () => {
    const bytes = readFileSync(weights());
    writeFileSync(weights(), bytes.subarray(0, bytes.length - 100));
    const openFiles = () => readdirSync("/proc/self/fd").length;
    const before = process.platform === "linux" ? openFiles() : 0;
    for (let attempt = 0; attempt < 20; attempt++) {
      await expect(openCheckpoint(path())).rejects.toThrow(/the file is cut off or damaged/);
    }
    if (process.platform === "linux") expect(openFiles()).toBeLessThan(before + 5);
  });
});

test("parameters are counted with a tied head once", () => {
  const tied = parameterCount({ ...config, tiedEmbeddings: true });
  expect(parameterCount(config) - tied).toBe(257 * 8);
});
