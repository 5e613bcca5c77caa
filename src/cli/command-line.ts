/** The command line: find the command, run it, turn errors into one sentence and an exit code. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { commandEntries } from "./commands.ts";
import { exitCode } from "./exit-code.ts";
import { printFailure } from "./print.ts";

const examples = `
Examples:
  lmcov report samples_gsm8k.jsonl               a report in the terminal and as one HTML file
  lmcov passk results/ --k 1,10,100 --json       pass@k with intervals, for scripts
  lmcov forecast counts.parquet --k 10000        pass@k beyond the draws taken
  lmcov import logs/ --out run && lmcov report run

Exit codes: 0 done, 1 a check failed, 2 unusable input or usage, 3 partial result (--strict), 130 interrupted.`;

async function program(words: readonly string[]): Promise<Command> {
  const packageFile = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { version: string };
  const root = new Command("lmcov")
    .description("Coverage of language models, from logs or from models at hand.")
    .version(version)
    .helpCommand(true)
    .showHelpAfterError("(lmcov --help shows the commands)")
    .addHelpText("after", examples)
    .exitOverride();
  const asked = words.find((word) => !word.startsWith("-") && word !== "help");
  for (const entry of commandEntries) {
    if (entry.name !== asked) root.command(entry.name).description(entry.summary);
    else root.addCommand((await entry.load()).command().description(entry.summary).exitOverride());
  }
  return root;
}

/** Runs the words of a command line; returns the exit code. */
export async function runCommand(words: readonly string[]): Promise<number> {
  try {
    const root = await program(words);
    await root.parseAsync(words, { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : exitCode.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.unusable;
    // A RangeError of the mathematics names the value that is out of its limits.
    if (
      error instanceof Error &&
      (error.name === "InputError" ||
        error.name === "EndpointError" ||
        (error.name === "RangeError" && / is .*: /.test(error.message)))
    ) {
      printFailure(error.message);
      return exitCode.unusable;
    }
    const code = (error as NodeJS.ErrnoException).code;
    if (typeof code === "string" && /^(E[A-Z]+)$/.test(code)) {
      printFailure((error as Error).message);
      return exitCode.unusable;
    }
    printFailure(`this is a defect in lmcov, please report it with the command: ${String(error)}`);
    if (process.env.LMCOV_DEBUG) process.stderr.write(`${(error as Error).stack}\n`);
    return exitCode.unusable;
  }
}
