export { choiceVerifier } from "./choice.ts";
export { type ExactOptions, exactVerifier, verbatimVerifier } from "./exact.ts";
export { numericVerifier } from "./numeric.ts";
export { longestMatchedText, regexVerifier } from "./regex.ts";
export type { Verifier, VerifierInput, VerifierResult } from "./verifier.ts";
export { verifierByName, verifierSummaries } from "./verifier-by-name.ts";
