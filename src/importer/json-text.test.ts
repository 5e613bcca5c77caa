import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson, parseJsonBytes } from "./json-text.ts";

describe("JSON as Python writes it", () => {
  test("plain JSON is what JSON.parse says", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
      { seed: 3 },
    );
  });

  test("NaN and Infinity are numbers outside of texts, and letters inside", () => {
    expect(parseJson('{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \\" Infinity", "NaN": 1}')).toEqual({
      a: Number.NaN,
      b: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
      c: 'NaN " Infinity',
      NaN: 1,
    });
  });

  test("integers beyond 2^53 keep their digits if asked", () => {
    const text =
      '{"a": 9007199254740993, "b": "9007199254740993", "c": -12345678901234567890, "d": 9007199254740992.0, "e": 12}';
    expect(parseJson(text, { exactIntegers: true })).toEqual({
      a: 9007199254740993n,
      b: "9007199254740993",
      c: -12345678901234567890n,
      d: 9007199254740992,
      e: 12,
    });
    expect(parseJson("[9007199254740991]", { exactIntegers: true })).toEqual([9007199254740991]);
  });

  test.each(["", "{", '{"a": nan}', "[NaN", "[1,]", "{'a': 1}", "NaNa"])("%j is refused", (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  test("bytes that are not UTF-8 are refused, and a byte order mark is no content", () => {
    expect(() => parseJsonBytes(Buffer.from([0x22, 0xff, 0x22]))).toThrow(SyntaxError);
    expect(parseJsonBytes(Buffer.from('\ufeff{"a":"\ufffd"}'))).toEqual({ a: "\ufffd" });
  });
});
