import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { patternProgram } from "./pattern-program.ts";
import { lastMatch } from "./pattern-search.ts";
import { regexVerifier } from "./regex.ts";

/** The last match and its groups, as texts. */
function ours(pattern: string, text: string): (string | undefined)[] | undefined {
  const characters = [...text];
  const codePoints = characters.map((character) => character.codePointAt(0)!);
  const result = lastMatch({ program: patternProgram(pattern), codePoints, mostSteps: 1e7 });
  if (result.exhausted) throw new Error("exhausted");
  const { last } = result;
  if (!last) return undefined;
  return Array.from({ length: last.length / 2 }, (_, group) => {
    const [from, to] = [last[2 * group], last[2 * group + 1]];
    return from === undefined || to === undefined ? undefined : characters.slice(from, to).join("");
  });
}

function native(pattern: string, text: string): (string | undefined)[] | undefined {
  const match = [...text.matchAll(new RegExp(pattern, "gmu"))].at(-1);
  return match && [...match];
}

describe("pattern search", () => {
  test.each([
    ["a|ab", "ab"],
    ["(a|ab)(c|bcd)(d*)", "abcd"],
    ["(a*)*", "b"],
    ["(a*)+", "b"],
    ["(z)((a+)?(b+)?(c))*", "zaacbbbcac"],
    ["(?:(a)|b)*", "ab"],
    ["(?:|a)*", "aa"],
    ["(|a)+", "aa"],
    ["(a?)*?b", "aab"],
    ["(a{2,3}){2}", "aaaaaaa"],
    ["a{0}b", "ab"],
    ["x*", "xxyx"],
    ["^\\s*answer: (.+?)\\s*$", "first\nanswer: 12 \nlast"],
    ["\\bA\\b", "A BA A"],
    ["\\B.", "ab c"],
    ["[^\\]a-c\\d]+", "abz]9y"],
    ["[\\w.-]+@[\\w.]+", "me@x.org, you-2@y.net!"],
    ["\\u{1F600}|\\uD83D\\uDE01|\\x41", "😀😁A"],
    [".", "😀"],
    ["\\p{Lu}\\p{Ll}+", "Élan Ötzi"],
    ["(?<year>\\d{4})-(?<month>\\d\\d)", "2024-05 and 2025-06"],
    ["\\$\\(\\)\\[\\]\\{\\}\\/\\\\", "$()[]{}/\\"],
    ["a\\tb\\n\\cJ", "a\tb\n\n"],
    ["", "ab"],
  ])("%j on %j is JavaScript's last match", (pattern, text) => {
    expect(ours(pattern, text)).toEqual(native(pattern, text));
  });

  test("random patterns match as JavaScript's engine does, groups included", () => {
    const leaf = fc.constantFrom("a", "b", "c", ".", "[ab]", "[^a]", "\\w", "\\b", "^", "$", "");
    const pattern: fc.Arbitrary<string> = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        leaf,
        fc.tuple(tie("tree"), tie("tree")).map(([left, right]) => left + right),
        fc.tuple(tie("tree"), tie("tree")).map(([left, right]) => `(?:${left}|${right})`),
        tie("tree").map((inner) => `(${inner})`),
        fc
          .tuple(
            tie("tree"),
            fc.constantFrom("*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{2,}"),
          )
          .map(([inner, times]) => `(?:${inner})${times}`),
      ),
    })).tree;
    const text = fc
      .array(fc.constantFrom("a", "b", "c", "\n"), { maxLength: 8 })
      .map((list) => list.join(""));
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        expect(ours(source, subject)).toEqual(native(source, subject));
      }),
      { seed: 12, numRuns: 4000 },
    );
  });
});

describe("regex verifier", () => {
  test("a group is compared with the target, the last match counts", () => {
    const verifier = regexVerifier("[Aa]nswer is (\\w+)");
    expect(verifier.name).toBe("regex:[Aa]nswer is (\\w+)");
    const response = "The answer is 41. No, the answer is 42.";
    expect(verifier.verify({ response, target: " 42\n" })).toEqual({ verdict: "correct", answer: "42" });
    expect(verifier.verify({ response, target: "41" })).toMatchObject({ verdict: "incorrect", answer: "42" });
    expect(verifier.verify({ response: "42", target: "42" })).toEqual({
      verdict: "incorrect",
      reason: "no match",
    });
    expect(verifier.verify({ response, target: undefined })).toMatchObject({
      verdict: "unscored",
      answer: "42",
    });
  });

  test("without a group a match is correct and no target is needed", () => {
    const verifier = regexVerifier("(?i)\\byes\\b");
    expect(verifier.verify({ response: "Oh YES!", target: undefined })).toEqual({
      verdict: "correct",
      answer: "YES",
    });
    expect(verifier.verify({ response: "yesterday", target: "yes" }).verdict).toBe("incorrect");
  });

  test.each([
    ["(a+)+$", "a"],
    ["(a|a)*b", "a"],
    ["(a|aa)+$", "a"],
    ["(.*a){12}", "a"],
    ["(\\w+\\s*)+:", "word "],
    ["^(([a-z])+.)+[A-Z]([a-z])+$", "a"],
  ])("%j on 10^5 characters of %j ends within seconds of the processor's", (pattern, piece) => {
    const verifier = regexVerifier(pattern);
    const start = process.cpuUsage();
    const response = `${piece.repeat(Math.ceil(1e5 / piece.length))}!`;
    expect(["incorrect", "unscored", "correct"]).toContain(
      verifier.verify({ response, target: "x" }).verdict,
    );
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(8);
  });

  test("a text that takes too many steps, or is too long, is unscored with the reason", () => {
    const response = "a".repeat(1e5);
    expect(regexVerifier("a.*b|a").verify({ response, target: undefined })).toEqual({
      verdict: "unscored",
      reason: "the pattern took over 20000000 steps",
    });
    expect(regexVerifier("a").verify({ response: "a".repeat(200_001), target: undefined }).verdict).toBe(
      "unscored",
    );
  });

  test("patterns that are invalid, too long or not regular are refused in one sentence", () => {
    expect(() => regexVerifier("(")).toThrow(/is not valid/);
    expect(() => regexVerifier("")).toThrow(/0 characters/);
    expect(() => regexVerifier("a".repeat(1001))).toThrow(/1001 characters/);
    expect(() => regexVerifier("(a)\\1")).toThrow(/back references/);
    expect(() => regexVerifier("(?<x>a)\\k<x>")).toThrow(/back references/);
    for (const pattern of ["a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)b"])
      expect(() => regexVerifier(pattern)).toThrow(/look-around/);
    expect(() => regexVerifier("(?:a{50}){50}")).toThrow(/2000 steps/);
    expect(() => regexVerifier("a{1000000000}")).toThrow(/2000 steps/);
  });
});
