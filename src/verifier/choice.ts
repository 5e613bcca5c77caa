/** Is the chosen letter right? Finds the final choice of a multiple-choice response. */
import { lastBoxed, searchedCharacters } from "./final-answer.ts";
import type { Verifier, VerifierResult } from "./verifier.ts";

/** A letter, perhaps in parentheses, bold or a box, that no word goes on from. */
const letter = String.raw`(?:\*{1,2}|_{1,2}|\$|\\text\{|\\\(|[(\[{"'“‘])*([A-Za-z])(?![A-Za-z0-9]|['’][A-Za-z])`;

const colonAnswer = new RegExp(
  String.raw`\banswer(?:\*\*|__)?\s{0,3}[:=](?:\*\*|__)?\s*(?:is\s{0,3})?(?:option\s|choice\s)?\s{0,3}${letter}`,
  "gi",
);
const sentenceAnswer = new RegExp(
  String.raw`\b(?:answer|option|choice)(?: to [^.:\n]{1,80})?(?: is| would be| must be| should be)\s{1,3}(?:therefore |thus |clearly |likely )?(?:option |choice |letter )?${letter}`,
  "gi",
);
const markedLetter =
  /(?:^|[\s:>])(?:\*{2}|__)?\(([A-Za-z])\)|\*{2}\(?([A-Z])(?![A-Za-z0-9])\)?[.:)]?\s?(?:[^*\n]{0,80})\*{2}|^[ \t]{0,8}\(?([A-Z])[.):](?=\s|$)/gm;
const wholeLetter = new RegExp(String.raw`^\s*${letter}[\s.)\]}"'”’*_$\\]*$`);

/**
 * A verifier of multiple-choice letters. The final choice is, in this order: the response that is nothing but
 * a letter; the last `\boxed{B}`; the last `Answer: B`; the last `the answer is B`; a response whose first
 * line is a lone choice (`B.`, `(B) because …`); else the one letter marked as `(B)`, `B.` or `**B**`.
 * Two different marked letters without a final statement leave the response unscored; no letter at all is
 * incorrect. Case does not matter. The target is a letter in any of these forms; if it is not, unscored.
 *
 * @example
 * choiceVerifier().verify({ response: "B is wrong.\nANSWER: C", target: "C" });
 * // { verdict: "correct", answer: "C" }
 */
export function choiceVerifier(): Verifier {
  return {
    name: "choice",
    verify({ response, target }): VerifierResult {
      const choice = finalChoice(response);
      const stated = choice.letter === undefined ? {} : { answer: choice.letter };
      if (target === undefined) return { verdict: "unscored", reason: "no target", ...stated };
      const right = wholeLetter.exec(target)?.[1]?.toUpperCase() ?? finalChoice(target).letter;
      if (right === undefined)
        return { verdict: "unscored", reason: "the target is not a letter", ...stated };
      if (choice.letter === right) return { verdict: "correct", ...stated };
      if (choice.letter !== undefined) return { verdict: "incorrect", reason: "another letter", ...stated };
      return { verdict: choice.ambiguous ? "unscored" : "incorrect", reason: choice.reason };
    },
  };
}

type FinalChoice =
  | { readonly letter: string }
  | { readonly letter: undefined; readonly ambiguous: boolean; readonly reason: string };

/** The letter that a response chooses, or why there is none. */
function finalChoice(response: string): FinalChoice {
  const text = response.slice(-searchedCharacters);
  const alone = wholeLetter.exec(text.slice(0, 200))?.[1];
  if (alone && text.length <= 200) return { letter: alone.toUpperCase() };
  const boxed = wholeLetter.exec(lastBoxed(text)?.slice(0, 200) ?? "")?.[1];
  if (boxed) return { letter: boxed.toUpperCase() };
  const stated = lastLetter(text, colonAnswer) ?? lastLetter(text, sentenceAnswer);
  if (stated) return { letter: stated };
  const letters = new Set<string>();
  for (const match of text.matchAll(markedLetter)) {
    letters.add((match[1] ?? match[2] ?? match[3] ?? "").toUpperCase());
  }
  const [only] = letters;
  if (only === undefined) return { letter: undefined, ambiguous: false, reason: "no letter found" };
  if (letters.size === 1) return { letter: only };
  const named = [...letters].sort().join(", ");
  return { letter: undefined, ambiguous: true, reason: `several letters (${named}) and no final statement` };
}

function lastLetter(text: string, pattern: RegExp): string | undefined {
  let last: string | undefined;
  for (const match of text.matchAll(pattern)) {
    // `the answer is a compromise`: a small letter that a word follows is an article, not a choice.
    const letter = match[1] ?? "";
    const rest = text.slice(match.index + match[0].length, match.index + match[0].length + 2);
    if (/[ai]/i.test(letter) && /^ [a-z]/.test(rest) && (letter === "a" || letter === "I")) continue;
    last = letter.toUpperCase();
  }
  return last;
}
