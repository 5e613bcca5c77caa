#!/usr/bin/env node
/** The process of `lmcov`: its words, its streams, its exit code. */
import { runCommand } from "./command-line.ts";
import { exitCode } from "./exit-code.ts";
import { exitOnInterruption } from "./interruption.ts";

exitOnInterruption();
// A reader such as `head` may close early.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? 0 : exitCode.unusable),
);

process.exitCode = await runCommand(process.argv.slice(2));
