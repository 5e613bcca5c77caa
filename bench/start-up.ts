/** How long `lmcov --help` takes, beside Node's own start. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Measurement } from "./run.ts";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const repetitions = 15;

export async function measure(): Promise<Measurement[]> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let index = 0; index < repetitions; index += 1) {
    ours.push(milliseconds([main, "--help"]));
    bare.push(milliseconds(["-e", "0"]));
  }
  const help = median(ours);
  return [
    {
      name: "lmcov --help (peer: node -e 0)",
      ours: help,
      peer: median(bare),
      unit: "ms",
      target: "< 150 ms",
      met: help < 150,
    },
  ];
}

function milliseconds(words: readonly string[]): number {
  const started = process.hrtime.bigint();
  const result = spawnSync(process.execPath, words, { stdio: "ignore" });
  if (result.status !== 0) throw new Error(`${words.join(" ")} failed with ${result.status}`);
  return Number(process.hrtime.bigint() - started) / 1e6;
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}
