/** All verifiers, quick and slow, by the names that users give them. */
import { InputError } from "../record/index.ts";
import { type AsyncVerifier, asyncVerifier } from "./async-verifier.ts";
import { commandVerifier } from "./command-verifier.ts";
import { httpVerifier } from "./http-verifier.ts";
import { type PythonVerifierOptions, pythonVerifier } from "./python-verifier.ts";
import { namesOf, quickVerifier, slowVerifierSummaries, verifierSummaries } from "./verifier-by-name.ts";

/** Options of `asyncVerifierByName`. */
export interface AsyncVerifierOptions extends PythonVerifierOptions {
  /** Bearer token of a reward server. */
  readonly key?: string;
}

/** One line a verifier, for help texts: the quick ones and those that take time. */
export const asyncVerifierSummaries: typeof verifierSummaries = [
  ...verifierSummaries,
  ...slowVerifierSummaries,
];

/**
 * The verifier that a specification names: those of `verifierByName`, `python:TESTS`, `command:WORDS`, or the
 * address of a reward server.
 *
 * @throws InputError if there is no such verifier or it cannot run here.
 * @example
 * const verifier = await asyncVerifierByName("numeric");
 * const draw = { response: "A: 4", target: "4", prompt: "2 + 2?", task: "sums", problem: "1" };
 * (await verifier.verify(draw)).verdict; // "correct"
 */
export async function asyncVerifierByName(
  specification: string,
  options: AsyncVerifierOptions = {},
): Promise<AsyncVerifier> {
  if (/^https?:\/\//.test(specification)) {
    if (!URL.canParse(specification)) throw new InputError(`${specification}: is not an address`);
    return httpVerifier(specification, options.key === undefined ? {} : { key: options.key });
  }
  const [kind = "", ...rest] = specification.split(":");
  const argument = rest.join(":");
  if (kind === "python") {
    if (argument === "")
      throw new InputError("python: needs a file of tests, such as python:HumanEval.jsonl.gz");
    return pythonVerifier(argument, options);
  }
  if (kind === "command") {
    if (argument.trim() === "") throw new InputError("command: needs a command, such as command:./judge.sh");
    return commandVerifier(argument);
  }
  const quick = quickVerifier(specification);
  if (quick !== undefined) return asyncVerifier(quick);
  throw new InputError(
    `No verifier is called ${JSON.stringify(specification)}; there are ${namesOf(asyncVerifierSummaries)}.`,
  );
}
