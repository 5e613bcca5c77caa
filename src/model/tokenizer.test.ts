import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { sharedData } from "../../test/shared-data.ts";
import { byteTokenizer } from "./byte-tokenizer.ts";
import { characterTokenizer, corpusCharacters } from "./character-tokenizer.ts";
import { huggingFaceTokenizer } from "./hugging-face-tokenizer.ts";
import { numeralTokenizer } from "./numeral-tokenizer.ts";
import { continuationText, type Tokenizer, tokenizePair, tokenizePrompt } from "./tokenizer.ts";
import {
  checkTokenizer,
  readTokenizer,
  tokenizerFiles,
  tokenizerFromFile,
  tokenizerNamed,
} from "./tokenizer-files.ts";

const folder = mkdtempSync(join(tmpdir(), "lmcov-tokenizer-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("bytes", () => {
  test("any text comes back, one token a byte of UTF-8", () => {
    const tokenizer = byteTokenizer();
    const anyText = fc.string({ unit: "grapheme", maxLength: 40 });
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = tokenizer.encode(text);
        expect(ids).toEqual([...Buffer.from(text)]);
        expect(tokenizer.decode(ids)).toBe(text);
      }),
      { seed: 1 },
    );
    expect(tokenizer.decode([0xff])).toBe("\ufffd");
    expect(tokenizer.decode(tokenizer.encode("\ufeffa"))).toBe("\ufeffa");
    expect(() => tokenizer.decode([257])).toThrow("token is 257: must be an integer between 0 and 256");
  });
});

describe("characters", () => {
  test("a corpus's characters are the vocabulary, and its texts come back", () => {
    const corpus = ["to be, or not", "be — 𝒷𝑒\n"];
    const tokenizer = characterTokenizer(corpusCharacters(corpus));
    for (const text of corpus) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    expect(tokenizer.vocabularySize).toBe(new Set(corpus.flatMap((text) => [...text])).size + 1);
    expect(tokenizer.decode([tokenizer.endOfSequence!])).toBe("");
  });

  test.each([
    [[], /number of characters is 0/],
    [["ab"], /character is "ab": must be one Unicode code point/],
    [[""], /character is "": must be one/],
    [["\ud800"], /character is "\\ud800": must be one/],
    [["a", "a"], /character is "a" \(U\+0061\): must not be in the vocabulary twice/],
  ])("%j is no vocabulary", (characters, message) => {
    expect(() => characterTokenizer(characters as string[])).toThrow(message as RegExp);
  });
});

describe("numerals", () => {
  test("node names and separators have the paper's numbers", () => {
    const tokenizer = numeralTokenizer(100);
    expect(tokenizer.encode("12 7 | 7 100 / 12 100 =")).toEqual([12, 7, 101, 7, 100, 102, 12, 100, 103]);
    expect(tokenizer.vocabularySize).toBe(104);
    expect(tokenizer.endOfSequence).toBeUndefined();
    expect(tokenizer.decode([12, 7, 101, 0, 103])).toBe("12 7 | =");
    expect(tokenizer.encode("_ _ 12 7")).toEqual([0, 0, 12, 7]);
  });

  test.each(["0", "101", "007", "-3", "1.5", "x", "12,7"])("%s is no token", (word) => {
    expect(() => numeralTokenizer(100).encode(`1 ${word}`)).toThrow(
      `token is "${word}": must be a number between 1 and 100, |, /, = or _`,
    );
  });
});

describe("tokenizer.json", () => {
  const real = sharedData("tinystories-260k/onnx-tinystories-260k/tokenizer.json");

  test.skipIf(real === undefined)(
    "a real one gives the ids that llama.cpp's server gives (skipped without ../shared/data)",
    async () => {
      const tokenizer = await tokenizerFromFile(real as string);
      expect(tokenizer.vocabularySize).toBe(512);
      expect(tokenizer.beginningOfSequence).toBe(1);
      expect(tokenizer.endOfSequence).toBe(2);
      // llama.cpp's /tokenize of tinystories-260k-f32.gguf.
      expect(tokenizer.encode("Once upon a time")).toEqual([403, 407, 261, 378]);
      const pair = tokenizePair(tokenizer, {
        prompt: "Once upon a time",
        response: ", there was a little girl named Lily.",
      });
      expect(pair).toMatchObject({ responseStart: 5, straddling: 0, beginning: true });
      expect(pair.ids.length - pair.responseStart).toBe(11);
      expect(tokenizer.decode(pair.ids)).toBe("Once upon a time, there was a little girl named Lily.");
    },
  );

  test.skipIf(real === undefined)(
    "a token across the boundary belongs to the response (skipped without ../shared/data)",
    async () => {
      const tokenizer = await tokenizerFromFile(real as string);
      const whole = tokenizer.encode("Once upon");
      expect(whole).toEqual([403, 407]);
      const pair = tokenizePair(tokenizer, { prompt: "Once u", response: "pon" });
      expect(pair.ids).toEqual([1, ...whole]);
      expect(pair.responseStart).toBe(2);
      expect(pair.straddling).toBe(tokenizer.encode("Once u").length - 1);
      expect(pair.straddling).toBeGreaterThan(0);
    },
  );

  test("ours, in their tokenizer.json, are the same through Hugging Face's library", () => {
    const files = tokenizerFiles(byteTokenizer());
    const theirs = huggingFaceTokenizer({
      json: JSON.parse(files["tokenizer.json"] as string),
      config: JSON.parse(files["tokenizer_config.json"] as string),
      place: "tokenizer.json",
    });
    for (const text of ["plain", "  two  spaces\n", "é — 𝒷\t\u0000", "12 + 7 = 19"]) {
      expect(theirs.encode(text)).toEqual(byteTokenizer().encode(text));
      expect(theirs.decode(theirs.encode(text))).toBe(text);
    }
    expect(theirs.endOfSequence).toBe(256);
    expect(theirs.vocabularySize).toBe(257);
    expect(theirs.addsBeginning).toBe(false);
  });

  test.each([
    [null, /not a tokenizer\.json/],
    [[], /not a tokenizer\.json/],
    [{ model: { vocab: null } }, /not a tokenizer\.json/],
    [{ model: { type: "BPE", vocab: { a: 0 }, merges: [] } }, /cannot be used: .*decoder/],
    [hollow({ type: "Nonsense", vocab: { a: 0 } }), /model\.type is "Nonsense": only BPE/],
    [hollow({ type: "BPE", vocab: { a: -1 }, merges: [] }), /has -1 as an id/],
    [hollow({ type: "BPE", vocab: { a: "1" }, merges: [] }), /has "1" as an id/],
    [hollow({ type: "BPE", vocab: {}, merges: [] }), /the vocabulary is empty/],
  ])("%j is refused", (json, message) => {
    const make = () => huggingFaceTokenizer({ json, place: "hostile/tokenizer.json" });
    expect(make).toThrow(message as RegExp);
    expect(make).toThrow(/^hostile\/tokenizer\.json: /);
  });
});

function hollow(model: object): object {
  const absent = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  return { version: "1.0", added_tokens: [], ...absent, model };
}

describe("prompt and response together", () => {
  test("an empty continuation is never returned", () => {
    expect(() => tokenizePair(byteTokenizer(), { prompt: "a", response: "" })).toThrow(/0 tokens long/);
    expect(() => tokenizePair(numeralTokenizer(9), { prompt: "1 =", response: " " })).toThrow(
      /0 tokens long/,
    );
  });

  test("an empty prompt needs a token to begin with", () => {
    expect(tokenizePair(byteTokenizer(), { prompt: "", response: "a" })).toEqual({
      ids: [256, 97],
      responseStart: 1,
      straddling: 0,
      beginning: true,
    });
    expect(() => tokenizePair(numeralTokenizer(9), { prompt: "", response: "1" })).toThrow(
      /no token to begin with/,
    );
  });

  test("a numeral that grows across the boundary straddles it", () => {
    expect(tokenizePair(numeralTokenizer(99), { prompt: "3 = 1", response: "2 4" })).toEqual({
      ids: [3, 102, 12, 4],
      responseStart: 2,
      straddling: 1,
      beginning: false,
    });
  });

  test("prompt and response are the whole, whatever the text", () => {
    const tokenizers: Tokenizer[] = [byteTokenizer(), characterTokenizer(["a", "b", " "])];
    const text = fc.string({ unit: fc.constantFrom("a", "b", " "), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, text, (prompt, response) => {
        for (const tokenizer of tokenizers) {
          const { ids, responseStart } = tokenizePair(tokenizer, { prompt, response });
          expect(tokenizer.decode(ids.slice(0, responseStart))).toBe(prompt);
          expect(tokenizer.decode(ids.slice(responseStart))).toBe(response);
        }
      }),
      { seed: 1 },
    );
  });
});

const stories = sharedData("tinystories-260k/onnx-tinystories-260k/tokenizer.json");

describe("a prompt to be continued", () => {
  test.skipIf(stories === undefined)(
    "begins as its pair does, and draws keep the space they begin with (no shared data)",
    async () => {
      const tokenizer = await tokenizerFromFile(stories!);
      const pair = { prompt: "Once upon a", response: " time there was" };
      const { ids, responseStart } = tokenizePair(tokenizer, pair);
      const prompt = tokenizePrompt(tokenizer, pair.prompt);
      expect(prompt[0]).toBe(1);
      expect(ids.slice(0, responseStart)).toEqual(prompt);
      const response = ids.slice(responseStart);
      expect(tokenizer.decode(response)).toBe("time there was");
      expect(continuationText(tokenizer, { prompt, response })).toBe(pair.response);
      expect(continuationText(tokenizer, { prompt: [1], response: tokenizer.encode("A dog") })).toBe("A dog");
    },
  );

  test("of bytes goes on within a character, whatever the draw", () => {
    const bytes = fc.array(fc.nat(255), { maxLength: 6 });
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 6 }), bytes, (prompt, response) => {
        const tokenizer = byteTokenizer();
        const text = continuationText(tokenizer, { prompt: tokenizePrompt(tokenizer, prompt), response });
        expect(text).toBe(tokenizer.decode(response));
      }),
      { seed: 1 },
    );
  });

  test("of numerals is written without the space that parts it from the prompt, unless it would join it", () => {
    const tokenizer = numeralTokenizer(30);
    const text = (prompt: string, response: string) =>
      continuationText(tokenizer, { prompt: tokenizer.encode(prompt), response: tokenizer.encode(response) });
    expect(text("1 2 =", "1 2")).toBe("1 2");
    expect(text("1 2", "2 |")).toBe(" 2 |");
  });
});

describe("files", () => {
  test.each([byteTokenizer(), characterTokenizer(["é", "\n", '"']), numeralTokenizer(24)])(
    "a tokenizer is the same after a turn through its files ($description.kind)",
    async (tokenizer) => {
      const files = tokenizerFiles(tokenizer);
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      const read = await readTokenizer(folder);
      expect(read?.description).toEqual(tokenizer.description);
      expect(tokenizerFiles(read!)).toEqual(files);
    },
  );

  test.each([characterTokenizer(["a", "|", " "]), characterTokenizer(["1"]), numeralTokenizer(3)])(
    "ours is found again where another program kept only tokenizer.json (%#)",
    async (tokenizer) => {
      const place = mkdtempSync(join(folder, "other-"));
      const json = JSON.parse(tokenizerFiles(tokenizer)["tokenizer.json"] as string);
      writeFileSync(join(place, "tokenizer.json"), JSON.stringify({ ...json, padding: {} }));
      expect((await readTokenizer(place))?.description).toEqual(tokenizer.description);
      json.model.vocab.more = 99;
      writeFileSync(join(place, "tokenizer.json"), JSON.stringify(json));
      await expect(readTokenizer(place)).rejects.toThrow(/model\.type is "WordLevel"/);
    },
  );

  test.each([
    ['{"schema":"lmcov/tokenizer@2","kind":"bytes"}', /is no tokenizer of lmcov\/tokenizer@1/],
    ['{"schema":"lmcov/tokenizer@1","kind":"numerals","largest":0}', /largest is 0/],
    ['{"schema":"lmcov/tokenizer@1","kind":"characters","characters":["ab"]}', /one Unicode code point/],
    ['{"schema":"lmcov/tokenizer@1","kind":"bytes","size":3}', /is no tokenizer of/],
    ['{"schema":', /is not JSON/],
    ["null", /is no tokenizer of/],
  ])("%s is refused by file", async (text, message) => {
    writeFileSync(join(folder, "lmcov_tokenizer.json"), text);
    await expect(readTokenizer(folder)).rejects.toThrow(message);
    await expect(readTokenizer(folder)).rejects.toThrow(join(folder, "lmcov_tokenizer.json"));
  });

  test("a configuration names a tokenizer by kind or path", async () => {
    expect((await tokenizerNamed("bytes")).vocabularySize).toBe(257);
    expect((await tokenizerNamed("numerals:24")).vocabularySize).toBe(28);
    expect((await tokenizerNamed("characters", ["ab", "b!"])).vocabularySize).toBe(4);
    await expect(tokenizerNamed("characters")).rejects.toThrow(/corpus has no characters/);
    await expect(tokenizerNamed("words")).rejects.toThrow(/tokenizer "words": must be bytes/);
    await expect(tokenizerNamed("numerals:0")).rejects.toThrow(/largest is 0/);
    await expect(tokenizerNamed("/nowhere/tokenizer.json")).rejects.toThrow(/no such file/);
  });

  test("a tokenizer of another size than the model's is refused", () => {
    expect(() => checkTokenizer(byteTokenizer(), 256, "here")).toThrow(
      "here: the tokenizer has 257 tokens, the model 256: they do not belong together",
    );
    expect(() => checkTokenizer(byteTokenizer(), 258, "here")).toThrow(/do not belong together/);
    expect(() => checkTokenizer(byteTokenizer(), 257, "here")).not.toThrow();
  });
});
