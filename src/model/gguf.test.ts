import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readGguf } from "../../test/gguf-reader.ts";
import { randomGenerator } from "../numeric/index.ts";
import { byteTokenizer } from "./byte-tokenizer.ts";
import { characterTokenizer } from "./character-tokenizer.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { openCheckpoint } from "./checkpoint-reader.ts";
import { ggufName, writeGguf } from "./gguf.ts";
import { ggufTokenizer } from "./gguf-tokenizer.ts";
import { huggingFaceTokenizer } from "./hugging-face-tokenizer.ts";
import { initialParameters, parameterShapes } from "./transformer.ts";

const folder = mkdtempSync(join(tmpdir(), "lmcov-gguf-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([true, false])("an exported file, embeddings tied: %s", (tiedEmbeddings) => {
  test("holds sizes, tokens and every number, layers' matrices as [out, in]", async () => {
    const config = {
      vocabularySize: 257,
      contextLength: 7,
      layers: 2,
      heads: 2,
      width: 6,
      tiedEmbeddings,
      layerNormEpsilon: 1e-6,
    };
    const parameters = initialParameters(config, randomGenerator("gguf"));
    const place = join(folder, String(tiedEmbeddings));
    await writeCheckpoint(place, { config, parameters, tokenizer: byteTokenizer() });
    const opened = await openCheckpoint(place);
    expect(await writeGguf(join(folder, "small.gguf"), opened)).toEqual({ notes: [] });
    await opened.close();
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    const { metadata, tensors } = readGguf(join(folder, "small.gguf"));
    expect(Object.fromEntries([...metadata].filter(([key]) => !key.startsWith("tokenizer.")))).toEqual({
      "general.architecture": "gpt2",
      "general.type": "model",
      "general.name": "small",
      "general.file_type": 0,
      "gpt2.context_length": 7,
      "gpt2.embedding_length": 6,
      "gpt2.feed_forward_length": 24,
      "gpt2.block_count": 2,
      "gpt2.attention.head_count": 2,
      "gpt2.attention.layer_norm_epsilon": Math.fround(1e-6),
      "gpt2.vocab_size": 257,
    });
    const tokens = metadata.get("tokenizer.ggml.tokens") as string[];
    expect([tokens[65], tokens[32], tokens[10], tokens[256]]).toEqual(["A", "Ġ", "Ċ", "<|endoftext|>"]);
    expect(new Set(tokens).size).toBe(257);
    const shapes = parameterShapes(config);
    expect(tensors.size).toBe(Object.keys(shapes).length);
    expect(tensors.has("output.weight")).toBe(!tiedEmbeddings);
    for (const [name, shape] of Object.entries(shapes)) {
      const { dimensions, data } = tensors.get(ggufName(name))!;
      const numbers = parameters[name]!.data;
      if (!name.includes(".h.") || shape.length === 1) {
        expect(dimensions).toEqual(shape.toReversed());
        expect(data).toEqual(numbers);
        continue;
      }
      const [inner, outer] = shape as [number, number];
      expect(dimensions).toEqual([inner, outer]);
      for (let i = 0; i < inner; i++) {
        for (let o = 0; o < outer; o++) expect(data[o * inner + i]).toBe(numbers[i * outer + o]);
      }
    }
  });
});

describe("vocabularies", () => {
  const keys = (...given: Parameters<typeof ggufTokenizer>) =>
    Object.fromEntries(
      ggufTokenizer(...given).metadata.map(([key, { value }]) => [key.replace("tokenizer.ggml.", ""), value]),
    );

  test("every special token is named, as llama.cpp would take Llama's ids where one is not", () => {
    const named = keys(byteTokenizer(), 257);
    for (const role of ["bos", "eos", "unknown", "padding"]) expect(named[`${role}_token_id`]).toBe(256);
    expect(named.add_bos_token).toBe(false);
  });

  test("without a tokenizer tokens are their numbers, and notes say so", () => {
    const { notes } = ggufTokenizer(undefined, 3);
    expect(notes).toEqual([expect.stringMatching(/no tokenizer/), expect.stringMatching(/stops at token 2/)]);
    expect(keys(undefined, 3).tokens).toEqual(["<0>", "<1>", "<2>"]);
  });

  test("a space and its stand-in are two tokens", () => {
    expect(keys(characterTokenizer([" ", "▁", "a"]), 4).tokens).toEqual([
      "▁",
      "<U+2581>",
      "a",
      "<|endoftext|>",
    ]);
  });

  test("embeddings beyond the tokenizer's ids are unused tokens, and holes are filled", () => {
    const tokenizer = huggingFaceTokenizer({
      json: {
        added_tokens: [{ id: 4, content: "<end>", special: true }],
        normalizer: null,
        pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
        post_processor: null,
        decoder: { type: "ByteLevel" },
        model: { type: "BPE", vocab: { a: 0, b: 1, ab: 3 }, merges: [["a", "b"]] },
      },
      config: { eos_token: { content: "<end>" } },
      place: "tokenizer.json",
    });
    const found = keys(tokenizer, 6);
    expect(found).toMatchObject({
      model: "gpt2",
      pre: "gpt-2",
      tokens: ["a", "b", "[PAD2]", "ab", "<end>", "[PAD5]"],
      token_type: [1, 1, 5, 1, 3, 5],
      merges: ["a b"],
      eos_token_id: 4,
    });
  });
});

test("a name that is not GPT-2's is refused", () => {
  expect(() => ggufName("model.layers.0.q_proj.weight")).toThrow(/parameter is model\.layers/);
});
