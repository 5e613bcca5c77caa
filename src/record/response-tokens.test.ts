import { describe, expect, test } from "vitest";
import { type ListedTokens, responseTokens } from "./response-tokens.ts";

const bytes = (...texts: (string | undefined)[]) =>
  texts.map((text) => (text === undefined ? undefined : Buffer.from(text)));
const cut = Buffer.from("é").subarray(0, 1);
const rest = Buffer.from("é").subarray(1);

describe("how many of the tokens listed are the response's", () => {
  test.each<[string, ListedTokens, number | undefined]>([
    ["all", { text: "ab", tokens: bytes("a", "b"), finishReason: "stop" }, 2],
    ["an end token without text", { text: "ab", tokens: bytes("a", "b", ""), finishReason: "stop" }, 2],
    ["an end token with text", { text: "ab", tokens: bytes("a", "b", "</s>"), finishReason: "stop" }, 2],
    ["an end token, the end not told", { text: "a", tokens: bytes("a", "</s>"), finishReason: undefined }, 1],
    ["an end token alone", { text: "", tokens: bytes("</s>"), finishReason: "stop" }, 0],
    [
      "a token without text at the length",
      { text: "ab", tokens: bytes("ab", ""), finishReason: "length" },
      2,
    ],
    ["ids and an end token", { text: "ab", tokens: bytes(undefined, undefined), finishReason: "stop" }, 1],
    ["ids at the length", { text: "ab", tokens: bytes(undefined, undefined), finishReason: "length" }, 2],
    ["ids, the end not told", { text: "ab", tokens: bytes(undefined), finishReason: "unknown" }, undefined],
    [
      "ids of fewer tokens",
      { text: "ab", tokens: bytes(undefined), finishReason: "length", generated: 2 },
      undefined,
    ],
    ["a part of the tokens", { text: "abc", tokens: bytes("a", "b"), finishReason: "length" }, undefined],
    ["the last tokens alone", { text: "abc", tokens: bytes("b", "c"), finishReason: "stop" }, undefined],
    ["tokens of another text", { text: "ab", tokens: bytes("a", "x"), finishReason: "length" }, undefined],
    [
      "a stop text among them",
      { text: "ab", tokens: bytes("ab", "S", "TOP"), finishReason: "stop" },
      undefined,
    ],
    [
      "a text known to be cut",
      { text: "ab", tokens: bytes("ab", "STOP"), finishReason: "stop", cut: true },
      undefined,
    ],
    ["no token of a text", { text: "ab", tokens: [], finishReason: "stop" }, undefined],
    ["no token of no text", { text: "", tokens: [], finishReason: "stop" }, 0],
    ["parts of a character", { text: "é", tokens: [cut, rest], finishReason: "stop" }, 2],
    [
      "half a character at the length",
      { text: "a\ufffd", tokens: [...bytes("a"), cut], finishReason: "length" },
      2,
    ],
    ["half a character left out", { text: "a", tokens: [...bytes("a"), cut], finishReason: "length" }, 2],
    [
      "parts told as U+FFFD",
      { text: "aéb", tokens: bytes("a", "\ufffd", "\ufffd", "b"), finishReason: "stop" },
      4,
    ],
    [
      "U+FFFD in a part of the tokens",
      { text: "aéb and more", tokens: bytes("a", "\ufffd"), finishReason: "stop", generated: 6 },
      undefined,
    ],
  ])("%s", (_, listed, expected) => {
    expect(responseTokens(listed)).toBe(expected);
  });
});
