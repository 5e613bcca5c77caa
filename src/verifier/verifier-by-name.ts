/** Verifiers by the names that users give them. */
import { InputError } from "../record/index.ts";
import { choiceVerifier } from "./choice.ts";
import { exactVerifier, verbatimVerifier } from "./exact.ts";
import { numericVerifier } from "./numeric.ts";
import { pathVerifier } from "./path.ts";
import { regexVerifier } from "./regex.ts";
import type { Verifier } from "./verifier.ts";

/** One line a verifier, for help texts. */
export const verifierSummaries: readonly { readonly name: string; readonly summary: string }[] = [
  { name: "exact", summary: "the response is the target, up to Unicode form and white space" },
  { name: "exact:ignore-case", summary: "the same without regard to case" },
  { name: "verbatim", summary: "the response is the target, character by character" },
  {
    name: "numeric",
    summary: "the final number equals the target exactly (\\boxed, A:, ####, else the last)",
  },
  { name: "numeric:TOLERANCE", summary: "the same up to a relative tolerance such as 1e-6" },
  { name: "choice", summary: "the chosen letter is the target's" },
  {
    name: "regex:PATTERN",
    summary: "the pattern's group equals the target; without a group, a match is correct",
  },
  { name: "path", summary: "the response is a path through the graph that the prompt spells out" },
];

/** The same of verifiers that take time: a program, a command or a server judges. */
export const slowVerifierSummaries: typeof verifierSummaries = [
  { name: "python:TESTS.jsonl[.gz]", summary: "the program passes the problem's tests, in a sandbox" },
  {
    name: "command:WORDS",
    summary: "a command of yours judges: JSON on its input, verdict or reward printed",
  },
  { name: "http(s)://…", summary: "a reward server judges: JSON posted, verdict or reward answered" },
];

/**
 * The verifier that a specification names: `exact`, `exact:ignore-case`, `verbatim`, `numeric`,
 * `numeric:1e-6`, `choice`, `regex:PATTERN` or `path`.
 *
 * @throws InputError if there is no such verifier, or its pattern or tolerance cannot be used.
 * @example
 * verifierByName("numeric").verify({ response: "A: 1/2", target: "0.5" }).verdict; // "correct"
 */
export function verifierByName(specification: string): Verifier {
  const verifier = quickVerifier(specification);
  if (verifier !== undefined) return verifier;
  const slow = namesOf(slowVerifierSummaries);
  throw new InputError(
    `No verifier is called ${JSON.stringify(specification)} here; there are ${namesOf(verifierSummaries)}, and for lmcov verify and sample ${slow}.`,
  );
}

export const namesOf = (summaries: typeof verifierSummaries): string =>
  summaries.map(({ name }) => name).join(", ");

/** The verifier that answers at once; undefined where none has this name. */
export function quickVerifier(specification: string): Verifier | undefined {
  const colon = specification.indexOf(":");
  const kind = colon < 0 ? specification : specification.slice(0, colon);
  const argument = colon < 0 ? undefined : specification.slice(colon + 1);
  if (kind === "regex") return regexVerifier(argument ?? "");
  if (kind === "numeric") return numericVerifier(argument === undefined ? {} : { tolerance: argument });
  if (specification === "exact") return exactVerifier();
  if (specification === "exact:ignore-case") return exactVerifier({ ignoreCase: true });
  if (specification === "verbatim") return verbatimVerifier();
  if (specification === "choice") return choiceVerifier();
  if (specification === "path") return pathVerifier();
  return undefined;
}
