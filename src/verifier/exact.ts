/** Is the response the target, letter by letter or up to white space? */
import type { Verifier } from "./verifier.ts";

/** What counts as the same text. */
export interface ExactOptions {
  /** Ignore the difference of capital and small letters. */
  readonly ignoreCase?: boolean;
}

/**
 * A verifier of equal texts: Unicode NFC on both sides, runs of white space become one space, ends trimmed;
 * nothing else changes, so punctuation and (unless `ignoreCase`) case count.
 *
 * @example
 * exactVerifier().verify({ response: " Paris\n", target: "Paris" }).verdict; // "correct"
 */
export function exactVerifier(options: ExactOptions = {}): Verifier {
  const normal = (text: string) => {
    const spaced = text.normalize("NFC").replace(/\s+/gu, " ").trim();
    // Lower case of upper case folds ß and ς, which lower case alone keeps apart.
    return options.ignoreCase ? spaced.toUpperCase().toLowerCase() : spaced;
  };
  return equalTexts({ name: options.ignoreCase ? "exact:ignore-case" : "exact", normal });
}

/**
 * A verifier of identical texts: no normalisation at all. This is what the `exact_match` metric of
 * lm-evaluation-harness computes where its configuration asks for no normalisation.
 *
 * @example
 * verbatimVerifier().verify({ response: "4 ", target: "4" }).verdict; // "incorrect"
 */
export function verbatimVerifier(): Verifier {
  return equalTexts({ name: "verbatim", normal: (text) => text });
}

function equalTexts(rule: { readonly name: string; readonly normal: (text: string) => string }): Verifier {
  return {
    name: rule.name,
    verify({ response, target }) {
      const answer = rule.normal(response);
      if (target === undefined) return { verdict: "unscored", reason: "no target", answer };
      if (answer === rule.normal(target)) return { verdict: "correct", answer };
      return { verdict: "incorrect", reason: "another text", answer };
    },
  };
}
