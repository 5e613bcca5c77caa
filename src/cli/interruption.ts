/** What Ctrl-C and SIGTERM do: end at once, unless a command wants to finish what it is at. */
import { exitCode } from "./exit-code.ts";

const signals = ["SIGINT", "SIGTERM"] as const;
let stop: (() => void) | undefined;

/** Ends the process with exit code 130 on the first signal, or tells the command that asked and ends on the second. */
export function exitOnInterruption(): void {
  for (const signal of signals) {
    process.on(signal, () => {
      const told = stop;
      stop = undefined;
      if (told === undefined) process.exit(exitCode.interrupted);
      told();
    });
  }
}

/** The next signal calls `stopSoon` in place of ending the process; the one after it ends it. */
export function onInterruption(stopSoon: () => void): void {
  stop = stopSoon;
}
