/** `lmcov verify`: verdicts and rewards on saved responses, written into a run folder; nothing is sampled again. */
import { Command } from "commander";
import { runJob, systemClock, type Unit, unitKey } from "../job/index.ts";
import { InputError, type Outcome, type Response, type Row, shortHash } from "../record/index.ts";
import { countText, printable } from "../report/index.ts";
import { isRunFolder } from "../store/index.ts";
import {
  type AsyncVerifier,
  asyncVerifierByName,
  asyncVerifierSummaries,
  type DrawVerdict,
} from "../verifier/index.ts";
import { exitCode } from "./exit-code.ts";
import { ImportTally, rejectionText } from "./import-tally.ts";
import { onInterruption } from "./interruption.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { millisecondsNow, progressLine } from "./progress.ts";
import { savedDraws } from "./saved-draws.ts";
import { softwareVersions } from "./version.ts";

interface VerifyOptions {
  readonly verify?: string;
  readonly reward?: string;
  readonly out?: string;
  readonly task?: string;
  readonly model?: string;
  readonly format?: string;
  readonly texts: boolean;
  readonly python?: string;
  readonly seconds: number;
  readonly allowUnsandboxed?: boolean;
  readonly retryFailed?: boolean;
  readonly json?: boolean;
}

interface VerifyUnit extends Unit {
  readonly response: Response;
  readonly logged: Outcome | undefined;
}

const examples = `
Verifiers:
${asyncVerifierSummaries.map(({ name, summary }) => `  ${name.padEnd(24)} ${summary}`).join("\n")}

Examples:
  lmcov verify samples.jsonl --verify python:HumanEval.jsonl.gz --out run
  lmcov verify run --verify numeric                        verdicts beside those that the run has
  lmcov verify run --reward http://127.0.0.1:9000/reward   rewards for lmcov reward

Python runs in a sandbox: no network, no files, limits on time, memory and processes. A key for a reward server is read
from LMCOV_REWARD_KEY. Running the same command again after an interruption does exactly the rest.`;

export function command(): Command {
  return new Command("verify")
    .argument("<inputs...>", "logs with texts, or a run folder")
    .option("--verify <verifier>", "judge whether each response is right")
    .option(
      "--reward <verifier>",
      "give each response a reward, beside the verdict of --verify or of the log",
    )
    .option("--out <folder>", "run folder to write or to continue (default: the run folder that is read)")
    .option("--task <name>", "task name, for logs that hold none")
    .option("--model <name>", "model name, for logs that hold none")
    .option("--format <name>", "read the input as this format instead of recognising it")
    .option("--no-texts", "leave prompts and responses out of the run folder")
    .option("--python <path>", "python3 to run tests with, or pyodide")
    .option("--seconds <n>", "time limit of one response's tests", Number, 3)
    .option("--allow-unsandboxed", "run model output with your own rights where nothing can be isolated")
    .option("--retry-failed", "try again what the verifier failed to judge before")
    .option("--json", "print a summary as JSON")
    .addHelpText("after", examples)
    .action(run);
}

interface Tally {
  correct: number;
  incorrect: number;
  unscored: number;
  rewarded: number;
  before: number;
  compared: number;
  agreed: number;
}

async function run(inputs: string[], options: VerifyOptions): Promise<void> {
  const { verifier, reward } = await verifiersOf(options);
  const out = options.out ?? onlyRunFolder(inputs);
  const inPlace = inputs.includes(out);
  const stop = new AbortController();
  onInterruption(() => stop.abort());
  const reading = new ImportTally();
  const progress = progressLine({ title: "verifying" });
  const tally: Tally = {
    correct: 0,
    incorrect: 0,
    unscored: 0,
    rewarded: 0,
    before: 0,
    compared: 0,
    agreed: 0,
  };
  const failures: string[] = [];
  const draws = savedDraws(inputs, { ...options, tally: reading });
  const result = await runJob<VerifyUnit>({
    folder: out,
    description: { command: ["verify", ...inputs], software: softwareVersions() },
    lanes: [{ name: "draws", units: unitsOf(draws, verifier, reward) }],
    run: async (unit, signal) => {
      const outcome = await judged(unit, { verifier, reward }, signal);
      return inPlace || !options.texts ? [outcome] : [unit.response, outcome];
    },
    clock: systemClock(millisecondsNow),
    signal: stop.signal,
    concurrency: Math.max(verifier?.concurrency ?? 1, reward?.concurrency ?? 1),
    retry: { attempts: 3 },
    retryFailed: options.retryFailed ?? false,
    onFinished: (unit, rows) => count(tally, unit, rows),
    onFailed: (unit, reason) =>
      failures.push(`${unit.response.problem}, draw ${unit.response.draw}: ${reason}`),
    onKnown: () => {
      tally.before += 1;
    },
    onProgress: ({ done }) => progress.update(done),
  });
  progress.finish();
  report({ out, verifier, reward, tally, failures, reading, json: options.json ?? false });
  if (result.stopped !== undefined) printRemark(`• ${printable(result.stopped.message, 400)}`);
  if (stop.signal.aborted) process.exitCode = exitCode.interrupted;
  else if (failures.length > 0 || result.stopped !== undefined) process.exitCode = exitCode.partial;
}

async function verifiersOf(options: VerifyOptions) {
  if (options.verify === undefined && options.reward === undefined) {
    throw new InputError(
      "nothing to judge with: give --verify, --reward or both (lmcov verify --help lists them)",
    );
  }
  const key = process.env.LMCOV_REWARD_KEY;
  const settings = {
    ...(options.python !== undefined && { python: options.python }),
    ...(key !== undefined && { key }),
    limits: { seconds: options.seconds },
    allowUnsandboxed: options.allowUnsandboxed ?? false,
  };
  const named = (name: string | undefined) =>
    name === undefined ? undefined : asyncVerifierByName(name, settings);
  return { verifier: await named(options.verify), reward: await named(options.reward) };
}

function onlyRunFolder(inputs: readonly string[]): string {
  const [only, ...others] = inputs;
  if (only !== undefined && others.length === 0 && isRunFolder(only)) return only;
  throw new InputError("--out: say which run folder to write");
}

async function* unitsOf(
  draws: AsyncIterable<{ response: Response; logged: Outcome | undefined }>,
  verifier: AsyncVerifier | undefined,
  reward: AsyncVerifier | undefined,
): AsyncGenerator<VerifyUnit> {
  for await (const { response, logged } of draws) {
    const { model, promptHash, samplingHash, draw } = response;
    const other = [
      ...["verify", verifier?.name ?? "", reward?.name ?? "", response.task, response.problem],
      ...[response.drawSet, response.step ?? "", shortHash(response.text)],
    ];
    yield { key: unitKey({ model, promptHash, samplingHash, draw, other }), response, logged };
  }
}

async function judged(
  { response, logged }: VerifyUnit,
  judges: { verifier: AsyncVerifier | undefined; reward: AsyncVerifier | undefined },
  signal: AbortSignal,
): Promise<Outcome> {
  const draw = {
    response: response.text,
    target: response.target,
    prompt: response.prompt,
    task: response.task,
    problem: response.problem,
  };
  const verdict = await judges.verifier?.verify(draw, signal);
  const rewarded = await judges.reward?.verify(draw, signal);
  const known: DrawVerdict | undefined = verdict ?? logged;
  const { verdict: said, reason, answer } = known ?? rewarded ?? { verdict: "unscored" as const };
  const value = rewarded?.reward ?? verdict?.reward;
  const { kind: _kind, role: _role, prompt: _prompt, text: _text, target: _target, ...rest } = response;
  const { seed: _seed, tokenCount: _tokenCount, finishReason: _finishReason, ...key } = rest;
  return {
    ...key,
    kind: "outcome",
    verdict: said,
    ...(reason !== undefined && { reason }),
    ...(answer !== undefined && { answer }),
    ...(value !== undefined && { reward: value }),
    verifier: [judges.verifier?.name ?? logged?.verifier, judges.reward?.name]
      .filter((name) => name !== undefined)
      .join(" + "),
  };
}

function count(tally: Tally, unit: VerifyUnit, rows: readonly Row[]): void {
  const outcome = rows.find((row) => row.kind === "outcome");
  if (outcome === undefined) return;
  tally[outcome.verdict] += 1;
  if (outcome.reward !== undefined) tally.rewarded += 1;
  const logged = unit.logged?.verdict;
  if (logged === undefined || logged === "unscored" || outcome.verdict === "unscored") return;
  tally.compared += 1;
  if (logged === outcome.verdict) tally.agreed += 1;
}

function report(given: {
  readonly out: string;
  readonly verifier: AsyncVerifier | undefined;
  readonly reward: AsyncVerifier | undefined;
  readonly tally: Tally;
  readonly failures: readonly string[];
  readonly reading: ImportTally;
  readonly json: boolean;
}): void {
  const { out, verifier, reward, tally, failures, reading } = given;
  if (given.json) {
    printResult(
      jsonText({
        schema: "lmcov/verify@1",
        run: out,
        verifier: verifier?.name,
        reward: reward?.name,
        ...tally,
        failed: failures.length,
        failures: failures.slice(0, 20),
        rejected: reading.rejected,
      }),
    );
    return;
  }
  for (const rejection of reading.examples.slice(0, 5)) {
    printRemark(`• rejected: ${printable(rejectionText(rejection), 400)}`);
  }
  for (const failure of failures.slice(0, 5)) printRemark(`• not judged: ${printable(failure, 400)}`);
  if (tally.compared > 0 && verifier !== undefined) {
    const { agreed, compared } = tally;
    printRemark(
      `• ${printable(verifier.name)} agrees with the log's own verdict on ${countText(agreed)} of ${countText(compared)} draws`,
    );
  }
  const parts = [
    `${countText(tally.correct)} correct, ${countText(tally.incorrect)} incorrect, ${countText(tally.unscored)} unscored`,
  ];
  if (tally.rewarded > 0) parts.push(`${countText(tally.rewarded)} with a reward`);
  if (tally.before > 0) parts.push(`${countText(tally.before)} judged before`);
  if (failures.length > 0) parts.push(`${countText(failures.length)} not judged`);
  printResult(`${parts.join("; ")} → ${printable(out)}`);
}
