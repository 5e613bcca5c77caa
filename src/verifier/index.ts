/** Is this response right? Verdicts on saved outputs: at once, or by a sandbox, a command or a reward server. */
export {
  type AsyncVerifier,
  asyncVerifier,
  type DrawToVerify,
  type DrawVerdict,
  JudgeError,
} from "./async-verifier.ts";
export {
  type AsyncVerifierOptions,
  asyncVerifierByName,
  asyncVerifierSummaries,
} from "./async-verifier-by-name.ts";
export { choiceVerifier } from "./choice.ts";
export { commandVerifier } from "./command-verifier.ts";
export { type ExactOptions, exactVerifier, verbatimVerifier } from "./exact.ts";
export { type HttpVerifierOptions, httpVerifier } from "./http-verifier.ts";
export { numericVerifier } from "./numeric.ts";
export { pathVerifier } from "./path.ts";
export { type PythonProblem, pythonProgram } from "./python-tests.ts";
export { type PythonVerifierOptions, pythonVerifier } from "./python-verifier.ts";
export { longestMatchedText, regexVerifier } from "./regex.ts";
export type { SandboxLimits } from "./sandbox/isolation.ts";
export type { Verifier, VerifierInput, VerifierResult } from "./verifier.ts";
export { verifierByName, verifierSummaries } from "./verifier-by-name.ts";
