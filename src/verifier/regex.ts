/** Does the response match a pattern of the user's? */
import { InputError } from "../record/index.ts";
import { patternProgram } from "./pattern-program.ts";
import { lastMatch } from "./pattern-search.ts";
import type { Verifier } from "./verifier.ts";

/** Longer texts are left unscored: the pattern is the user's, the text is nobody's. */
export const longestMatchedText = 200_000;
const longestPattern = 1000;
const mostSteps = 2e7;

/**
 * A verifier by regular expression: JavaScript's syntax with the flags `m` (^ and $ fit lines) and `u`; a leading
 * `(?i)` ignores case.
 *
 * A pattern with groups compares the first group that took part in its last match with the target, both in Unicode NFC
 * with white space collapsed; a pattern without groups finds a response correct where it matches, and reads no target.
 * No match is incorrect. A text over 200,000 characters, or one that takes over 2·10⁷ steps, is unscored with that
 * reason: a match takes linear time, so nothing backtracks without end.
 *
 * @throws InputError if the pattern does not compile, is empty or longer than 1000 characters, uses look-around or
 * back references, or repeats counted parts beyond 2000 steps of a program.
 * @example
 * regexVerifier("answer is (\\w+)").verify({ response: "The answer is 42.", target: "42" }).verdict; // "correct"
 */
export function regexVerifier(pattern: string): Verifier {
  if (pattern === "" || pattern.length > longestPattern) {
    throw new InputError(`The pattern has ${pattern.length} characters: 1 to ${longestPattern} are allowed.`);
  }
  const program = patternProgram(pattern);
  return {
    name: `regex:${pattern}`,
    verify({ response, target }) {
      if (response.length > longestMatchedText) {
        return { verdict: "unscored", reason: `longer than ${longestMatchedText} characters` };
      }
      const characters = [...response];
      const codePoints = Uint32Array.from(characters, (character) => character.codePointAt(0) ?? 0);
      const result = lastMatch({ program, codePoints, mostSteps });
      if (result.exhausted)
        return { verdict: "unscored", reason: `the pattern took over ${mostSteps} steps` };
      const { last } = result;
      if (program.groups === 0) {
        if (!last) return { verdict: "incorrect", reason: "no match" };
        return { verdict: "correct", answer: characters.slice(last[0], last[1]).join("").slice(0, 200) };
      }
      let group: string | undefined;
      for (let slot = 2; last && group === undefined && slot < last.length; slot += 2) {
        const [from, to] = [last[slot], last[slot + 1]];
        if (from !== undefined && to !== undefined) group = collapsed(characters.slice(from, to).join(""));
      }
      const stated = group === undefined ? {} : { answer: group.slice(0, 200) };
      if (target === undefined) return { verdict: "unscored", reason: "no target", ...stated };
      if (group === undefined) return { verdict: "incorrect", reason: "no match" };
      if (group === collapsed(target)) return { verdict: "correct", ...stated };
      return { verdict: "incorrect", reason: "another text", ...stated };
    },
  };
}

function collapsed(text: string): string {
  return text.normalize("NFC").replace(/\s+/g, " ").trim();
}
