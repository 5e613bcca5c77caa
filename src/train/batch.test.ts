import { expect, test } from "vitest";
import { batchOf, bucketLengths, bucketOf, encodedExample } from "./batch.ts";

const tokenizer = {
  vocabularySize: 128,
  endOfSequence: 0,
  encode: (text: string) => [...text].map((letter) => letter.charCodeAt(0)),
};
const options = { tokenizer, contextLength: 6, endOfSequence: true };
const encode = (prompt: string, response: string, change: object = {}) =>
  encodedExample({ prompt, response, place: "train.jsonl:3" }, { ...options, ...change });

test("an example is the prompt's ids, the response's and the end", () => {
  expect(encode("ab", "c")).toEqual({ tokens: Int32Array.of(97, 98, 99, 0), promptLength: 2 });
  expect(encode("ab", "c", { endOfSequence: false }).tokens).toEqual(Int32Array.of(97, 98, 99));
  expect(encode("", "c").tokens).toEqual(Int32Array.of(0, 99, 0));
});

test("the last token is only a target, so the context must hold the ones before it", () => {
  expect(encode("abc", "def").tokens.length).toBe(7);
  expect(() => encode("abc", "defg")).toThrow(
    "train.jsonl:3: prompt and response take 7 tokens (3 and 5), the context holds 6",
  );
});

test.each([
  ["an empty response", () => encode("ab", ""), /train\.jsonl:3: the response is empty/],
  [
    "a response without a token",
    () => encode("a", "b", { tokenizer: { ...tokenizer, encode: (t: string) => (t === "a" ? [97] : []) } }),
    /the response has no token/,
  ],
  [
    "an empty prompt without a beginning",
    () => encode("", "b", { tokenizer: { ...tokenizer, endOfSequence: undefined } }),
    /no token to begin with/,
  ],
  [
    "a token outside the vocabulary",
    () => encode("a", "\u00ff"),
    /token 255 is outside the vocabulary of 128/,
  ],
  [
    "what the tokenizer refuses",
    () =>
      encode("a", "b", {
        tokenizer: {
          ...tokenizer,
          encode: () => {
            throw new Error("no such character");
          },
        },
      }),
    /train\.jsonl:3: the prompt cannot be encoded: no such character/,
  ],
])("%s is refused with its place", (_, attempt, message) => {
  expect(attempt).toThrow(message);
});

test("a batch has inputs, next tokens, and weight 1 where the next token is the response's", () => {
  const batch = batchOf([encode("ab", "c"), encode("a", "cde")], {
    length: 5,
    allocate: (size) => new Float64Array(size),
  });
  expect(batch.tokens).toEqual({ shape: [2, 5], data: Int32Array.of(97, 98, 99, 0, 0, 97, 99, 100, 101, 0) });
  expect(batch.targets.data).toEqual(Int32Array.of(98, 99, 0, 0, 0, 99, 100, 101, 0, 0));
  expect(batch.weights.data).toEqual(Float64Array.of(0, 1, 1, 0, 0, 1, 1, 1, 1, 0));
  expect(batch.responseTokens).toBe(6);
});

test("buckets are few, the longest fits, and a batch takes the least that holds it", () => {
  expect(bucketLengths(3)).toEqual([1, 2, 3]);
  const lengths = bucketLengths(6);
  expect(lengths).toEqual([2, 3, 5, 6]);
  expect(bucketOf([encode("a", "b"), encode("abc", "d")], lengths)).toBe(5);
  expect(() => bucketOf([encode("abc", "def")], [4])).toThrow(/length is 6: must be at most 4/);
});
