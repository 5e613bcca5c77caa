import { expect, test } from "vitest";
import { characterTokenizer, numeralTokenizer } from "../model/index.ts";
import { batchOf, bucketLengths, bucketOf, encodedExample, firstTarget } from "./batch.ts";

const tokenizer = characterTokenizer([..."abcdefg"]);
const [a, b, c, d, e, f, end] = [0, 1, 2, 3, 4, 5, 7] as const;
const options = { tokenizer, contextLength: 6, endOfSequence: true };
const encode = (prompt: string, response: string, change: object = {}) =>
  encodedExample({ prompt, response, place: "train.jsonl:3" }, { ...options, ...change });

test("an example is the prompt's ids, the response's and the end", () => {
  expect(encode("ab", "c")).toEqual({ tokens: Int32Array.of(a, b, c, end), promptLength: 2 });
  expect(encode("ab", "c", { endOfSequence: false }).tokens).toEqual(Int32Array.of(a, b, c));
});

test("nothing before a response is the token that begins a text", () => {
  expect(encode("", "c")).toEqual({ tokens: Int32Array.of(end, c, end), promptLength: 1 });
});

test("the last token is only a target, so the context must hold the ones before it", () => {
  expect(encode("abc", "def").tokens).toEqual(Int32Array.of(a, b, c, d, e, f, end));
  expect(() => encode("abc", "defg")).toThrow(
    "train.jsonl:3: prompt and response take 7 tokens (3 and 5, the last is not read), the context holds 6",
  );
});

test.each([
  ["an empty response", () => encode("ab", ""), /train\.jsonl:3: the response is empty/],
  [
    "a response without a token",
    () => encode("1", " ", { tokenizer: numeralTokenizer(9) }),
    /train\.jsonl:3: the response is 0 tokens long/,
  ],
  [
    "an empty prompt without a beginning",
    () => encode("", "1", { tokenizer: numeralTokenizer(9) }),
    /the prompt is 0 tokens long/,
  ],
  [
    "what the tokenizer does not have",
    () => encode("a", "z"),
    /train\.jsonl:3: character is "z".*not among the 7/,
  ],
])("%s is refused with its place", (_, attempt, message) => {
  expect(attempt).toThrow(message);
});

test("a batch has inputs, next tokens, and weight 1 where the next token is the response's", () => {
  const batch = batchOf([encode("ab", "c"), encode("a", "cde")], {
    length: 5,
    allocate: (size) => new Float64Array(size),
  });
  expect(batch.tokens).toEqual({ shape: [2, 5], data: Int32Array.of(a, b, c, 0, 0, a, c, d, e, 0) });
  expect(batch.targets.data).toEqual(Int32Array.of(b, c, end, 0, 0, c, d, e, end, 0));
  expect(batch.weights.data).toEqual(Float64Array.of(0, 1, 1, 0, 0, 1, 1, 1, 1, 0));
  expect(batch.responseTokens).toBe(6);
});

test("a batch from a position on leaves out earlier targets only, and none that counts", () => {
  const examples = [encode("abc", "d"), encode("ab", "cd")];
  const allocate = (size: number) => new Float64Array(size);
  const whole = batchOf(examples, { length: 5, allocate });
  const part = batchOf(examples, { length: 5, from: 1, allocate });
  expect(part.tokens).toEqual(whole.tokens);
  expect(part.responseTokens).toBe(whole.responseTokens);
  for (const kind of ["targets", "weights"] as const) {
    const rows = [0, 1].map((row) => [...whole[kind].data].slice(5 * row + 1, 5 * row + 5));
    expect(part[kind].shape).toEqual([2, 4]);
    expect([...part[kind].data]).toEqual(rows.flat());
  }
  expect(() => batchOf(examples, { length: 5, from: 2, allocate })).toThrow(/from is 2: must be at most 1/);
});

test("few first positions are met, each at or before the first target and near it", () => {
  const length = 100;
  const met = new Set<number>();
  for (let promptLength = 1; promptLength <= length; promptLength++) {
    const tokens = new Int32Array(length + 1);
    const from = firstTarget(
      [
        { tokens, promptLength: length },
        { tokens, promptLength },
      ],
      length,
    );
    const needed = length - promptLength + 1;
    expect(from).toBeLessThan(promptLength);
    expect(length - from).toBeLessThanOrEqual(Math.max(1, 1.5 * needed));
    met.add(from);
  }
  expect(met.size).toBeLessThan(15);
});

test("buckets are few, the longest fits, and a batch takes the least that holds it", () => {
  expect(bucketLengths(3)).toEqual([1, 2, 3]);
  const lengths = bucketLengths(6);
  expect(lengths).toEqual([2, 3, 5, 6]);
  expect(bucketOf([encode("a", "b"), encode("abc", "d")], lengths)).toBe(5);
  expect(() => bucketOf([encode("abc", "def")], [4])).toThrow(/length is 6: must be at most 4/);
});
