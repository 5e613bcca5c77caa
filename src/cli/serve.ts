/** `lmcov serve`: the report's page on this machine, live, of runs that are still being written. */
import { resolve } from "node:path";
import { Command } from "commander";
import { livePage, printable } from "../report/index.ts";
import { listen, portOf } from "./local-server.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { pageServer } from "./serve-http.ts";
import { RunWatch } from "./serve-watch.ts";

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly allowHost: string[];
  readonly json?: boolean;
}

const examples = `
Examples:
  lmcov serve runs/train                       while lmcov train writes it
  lmcov serve runs/before-rl runs/after-rl     what changed from one to the other
  lmcov serve runs/seed-*                      several runs side by side, and two of them compared
  lmcov serve run --port 8123

Shows what a training, a sampling or an import writes as it is journaled: loss, probes, finished and failed units; the report
is made anew whenever the run has grown. A folder that is not there yet, or not any more, is waited for. Nothing is
written, and only what stands on this command line is read. It listens on the loopback address unless --host says
otherwise; there is no authentication.`;

export function command(): Command {
  return new Command("serve")
    .argument("<runs...>", "run folders, also of runs that begin later; or logs")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <number>", "port; 0 takes a free one", portOf, 0)
    .option("--allow-host <names...>", "further host names that requests may be addressed to", [])
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action(run);
}

async function run(words: readonly string[], options: ServeOptions): Promise<void> {
  const paths = [...new Map(words.map((word) => [resolve(word), word])).values()];
  const page = await livePage();
  const watch = new RunWatch(paths);
  const server = pageServer({ watch, page, hosts: [...options.allowHost, options.host] });
  const { url, address, loopback } = await listen(server, options);
  if (!loopback) {
    printRemark(`• ${address} can be reached from other machines, and there is no authentication`);
  }
  const names = watch.runs.map(({ name }) => name);
  if (options.json) printResult(jsonText({ schema: "lmcov/serve@1", url, runs: names }, 0));
  else {
    printResult(`${names.map((name) => printable(name, 100)).join(", ")} → ${url}/ (Ctrl-C ends it)`);
  }
  await watch.follow();
}
