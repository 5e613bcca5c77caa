import fc from "fast-check";
import { expect, test } from "vitest";
import { boundaryByOffsets, boundaryByTokens, codePoints } from "./boundary.ts";

test("without a merge the response begins where the prompt ends", () => {
  expect(boundaryByTokens({ joint: [1, 2, 3, 4], prompt: [1, 2] })).toEqual({ first: 2, straddling: 0 });
});

test("a merged token belongs to the response, and the prompt's tokens that it replaces are counted", () => {
  expect(boundaryByTokens({ joint: [1, 9, 4], prompt: [1, 2] })).toEqual({ first: 1, straddling: 1 });
  expect(boundaryByTokens({ joint: [9, 4], prompt: [1, 2] })).toEqual({ first: 0, straddling: 2 });
});

test("a response of no tokens throws and never scores 0", () => {
  expect(() => boundaryByTokens({ joint: [1, 2], prompt: [1, 2] })).toThrow(RangeError);
  expect(() => boundaryByTokens({ joint: [1], prompt: [1, 2] })).toThrow(RangeError);
  expect(() => boundaryByOffsets({ offsets: [0, 2], promptLength: 4, length: 4 })).toThrow(RangeError);
});

test("by offsets the first token that ends after the prompt begins the response, and generated ones are dropped", () => {
  const offsets = [0, 3, 6, 8];
  expect(boundaryByOffsets({ offsets, promptLength: 3, length: 8 })).toEqual({
    first: 1,
    end: 3,
    straddling: 0,
  });
  expect(boundaryByOffsets({ offsets, promptLength: 4, length: 8 })).toEqual({
    first: 1,
    end: 3,
    straddling: 1,
  });
  expect(boundaryByOffsets({ offsets, promptLength: 7, length: 8 })).toEqual({
    first: 2,
    end: 3,
    straddling: 1,
  });
});

test("both rules agree on any pieces of a text where the prompt ends between tokens", () => {
  const pieces = fc.array(fc.string({ minLength: 1, maxLength: 4, unit: "grapheme" }), {
    minLength: 2,
    maxLength: 12,
  });
  fc.assert(
    fc.property(pieces, fc.nat(), (tokens, cut) => {
      const first = 1 + (cut % (tokens.length - 1));
      let at = 0;
      const offsets = tokens.map((token) => {
        const offset = at;
        at += codePoints(token);
        return offset;
      });
      const promptLength = codePoints(tokens.slice(0, first).join(""));
      expect(boundaryByOffsets({ offsets, promptLength, length: at })).toMatchObject({
        first,
        straddling: 0,
      });
      expect(boundaryByTokens({ joint: tokens, prompt: tokens.slice(0, first) })).toEqual({
        first,
        straddling: 0,
      });
    }),
  );
});
