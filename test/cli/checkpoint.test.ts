/** `lmcov checkpoint` and `lmcov export` as users run them, on folders good and bad. */
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { numeralTokenizer, readCheckpoint, tokenizerFiles } from "../../src/model/index.ts";
import { readGguf } from "../gguf-reader.ts";
import { lmcov } from "../lmcov.ts";

const foreign = fileURLToPath(new URL("../oracle/gpt2-checkpoint", import.meta.url));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-checkpoint-"));
  await cp(foreign, join(folder, "model"), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

const command = (...words: string[]) => lmcov(words, { cwd: folder });

async function refused(words: readonly string[], reason: RegExp): Promise<void> {
  const before = (await readdir(folder)).sort();
  const { code, stdout, stderr } = await command(...words);
  expect(code, stdout + stderr).toBe(2);
  expect(stderr).toMatch(reason);
  expect(stderr).not.toMatch(/\n\s+at |defect/);
  expect(stdout).toBe("");
  expect((await readdir(folder)).sort()).toEqual(before);
}

describe("lmcov checkpoint", () => {
  test("says what is in the folder, in the terminal and as JSON", async () => {
    for (const [name, text] of Object.entries(tokenizerFiles(numeralTokenizer(7)))) {
      await writeFile(join(folder, "model", name), text);
    }
    await writeFile(join(folder, "model", "training.json"), '{"step":7,"note":"\\u001b[31m"}');
    const { code, stdout } = await command("checkpoint", "model");
    expect(code).toBe(0);
    expect(stdout).toContain("model: GPT-2, 1,912 parameters");
    expect(stdout).toContain("2 layers, 2 heads, width 8, context 8, vocabulary 11, tied output head");
    expect(stdout).toContain("tokenizer: numerals, 11 tokens, 0 pads");
    expect(stdout).toMatch(/transformer\.h\.0\.attn\.c_attn\.weight\s+8 × 24\s+F16/);
    expect(stdout).not.toContain("\u001b");
    const json = JSON.parse((await command("checkpoint", "model", "--json")).stdout);
    expect(json).toMatchObject({
      schema: "lmcov/checkpoint@1",
      parameters: 1912,
      tokenizer: { kind: "numerals", vocabularySize: 11, padding: 0, endOfSequence: null },
      training: { step: 7 },
    });
    expect(json.tensors).toHaveLength(28);
  });

  test("refuses what is no checkpoint, is damaged, or is another model, by file and tensor", async () => {
    await refused(["checkpoint", "none"], /none: no such folder/);
    await refused(["checkpoint", "."], /\.: is neither a checkpoint \(config\.json, .*\) nor a training run/);
    const weights = join(folder, "model", "model.safetensors");
    await truncate(weights, 9000);
    await refused(["checkpoint", "model"], /model\.safetensors: tensor "[^"]+": ends at byte \d+ of \d+/);
    await writeFile(weights, Buffer.alloc(100, 0xff));
    await refused(["checkpoint", "model"], /says that its header is 18446744073709551615 bytes long/);
    await writeFile(join(folder, "model", "config.json"), '{"model_type":"\\u001b[31mllama"}');
    await refused(["checkpoint", "model"], /config\.json: model_type is .*llama.*only "gpt2"/);
  });
});

describe("lmcov export", () => {
  test("writes a GGUF file and says what it says otherwise", async () => {
    const { code, stdout, stderr } = await command("export", "model", "--out", "model.gguf");
    expect(code).toBe(0);
    expect(stdout).toBe("1,912 parameters → model.gguf\n");
    expect(stderr).toMatch(/note: the checkpoint has no tokenizer/);
    const { metadata, tensors } = readGguf(join(folder, "model.gguf"));
    expect(metadata.get("general.architecture")).toBe("gpt2");
    expect(tensors.size).toBe(28);
    expect((await readdir(folder)).sort()).toEqual(["model", "model.gguf"]);
  });

  test("writes a plain folder of the same numbers under full names", async () => {
    const { code } = await command("export", "model", "--format", "safetensors", "--out", "plain");
    expect(code).toBe(0);
    expect(await readCheckpoint(join(folder, "plain"))).toEqual(await readCheckpoint(foreign));
    const config = JSON.parse(await readFile(join(folder, "plain", "config.json"), "utf8"));
    expect(config).toMatchObject({ architectures: ["GPT2LMHeadModel"], tie_word_embeddings: true });
  });

  test("refuses targets that it would destroy, and a checkpoint that is none", async () => {
    await refused(["export", "model", "--out", "model"], /model: is a folder; --out names the file/);
    await refused(
      ["export", "model", "--format", "safetensors", "--out", "model"],
      /is the checkpoint itself/,
    );
    await refused(["export", "model", "--format", "safetensors", "--out", "."], /holds other files/);
    await refused(["export", "model"], /required option '--out <path>'/);
    await refused(["export", "model", "--out", "none/model.gguf"], /no such file or directory/);
    await refused(["export", "none", "--out", "model.gguf"], /none: no such folder/);
  });
});
