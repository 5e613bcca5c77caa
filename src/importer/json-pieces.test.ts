import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonPieces, leadingKeys, type Wish } from "./json-pieces.ts";

/** Pieces of a text given in chunks of the given lengths. */
function piecesOf(text: string, lengths: readonly number[], wish: (key: string) => Wish) {
  const pieces = new JsonPieces("document", wish);
  const bytes = Buffer.from(text);
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const length = lengths[index % lengths.length] ?? 1;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  pieces.finish();
  return pieces.found.map(({ key, index, bytes: piece }) => ({
    key,
    index,
    value: JSON.parse(piece.toString()),
  }));
}

const chunkLengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

describe("pieces of a JSON document", () => {
  test("the members of an object are those that JSON.parse finds, however it is cut", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()),
        chunkLengths,
        fc.constantFrom(0, 2),
        (record, lengths, indent) => {
          const text = JSON.stringify(record, undefined, indent);
          const found = piecesOf(text, lengths, () => "value");
          expect(found.map(({ key, value }) => [key, value])).toEqual(Object.entries(JSON.parse(text)));
        },
      ),
      { numRuns: 500, seed: 11 },
    );
  });

  test("the elements of the wanted array are those of JSON.parse, and nothing of the other members", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.jsonValue(), chunkLengths, (list, other, lengths) => {
        const text = JSON.stringify({ before: other, list, after: [other] });
        const found = piecesOf(text, lengths, (key) => (key === "list" ? "elements" : "skip"));
        expect(found).toEqual(
          JSON.parse(JSON.stringify(list)).map((value: unknown, index: number) => ({
            key: "list",
            index,
            value,
          })),
        );
      }),
      { numRuns: 500, seed: 12 },
    );
  });

  test("the elements of a top-level array are found", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), chunkLengths, (list, lengths) => {
        const found = piecesOf(JSON.stringify(list, undefined, 1), lengths, () => "elements");
        expect(found.map(({ value }) => value)).toEqual(JSON.parse(JSON.stringify(list)));
      }),
      { numRuns: 300, seed: 13 },
    );
  });

  test("a member that is wanted by element and is no list is handed on whole", () => {
    expect(piecesOf('{"samples": null}', [3], () => "elements")).toEqual([
      { key: "samples", index: undefined, value: null },
    ]);
  });

  test.each([
    ["", /is empty/],
    ['{"a": 1', /is cut short/],
    ["[1, 2", /is cut short/],
    ['{"a": [1}', /has unbalanced brackets/],
    ["{} {}", /is not one JSON document/],
    ["word", /is not one JSON document/],
    ["{1: 2}", /has a member without a name/],
    ["[".repeat(20_000), /is nested too deeply/],
  ])("%j is refused", (text, message) => {
    expect(() => piecesOf(text, [7], () => "skip")).toThrow(message);
  });

  test("the names that the beginning of a document shows", () => {
    expect(leadingKeys(Buffer.from('\ufeff {"a": {"x": 1}, "b\\u0041": [1, {"y": 2}], "c": "tru'))).toEqual([
      "a",
      "bA",
      "c",
    ]);
    expect(leadingKeys(Buffer.from("no"))).toEqual([]);
  });
});
