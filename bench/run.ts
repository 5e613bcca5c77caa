/** `npm run bench [NAME…]`: every measured comparison in one run, with machine and versions. */
import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

export interface Measurement {
  readonly name: string;
  /** Our figure and the peer's, in `unit`. */
  readonly ours: number;
  readonly peer?: number;
  /** How many times better than the peer. */
  readonly ratio?: number;
  readonly unit: string;
  readonly target: string;
  readonly met: boolean;
}

const benches: Record<string, () => Promise<{ measure: () => Promise<Measurement[]> }>> = {
  "start-up": () => import("./start-up.ts"),
  "pass-at-k": () => import("./pass-at-k.ts"),
  forecast: () => import("./forecast.ts"),
  tournament: () => import("./tournament.ts"),
  import: () => import("./import.ts"),
  endpoint: () => import("./endpoint.ts"),
  client: () => import("./client.ts"),
  page: () => import("./page.ts"),
};

const asked = process.argv.slice(2);
const python = spawnSync("python3", [
  "-c",
  "import sys, numpy; print(sys.version.split()[0], 'numpy', numpy.__version__)",
]);
const peer = python.status === 0 ? `Python ${String(python.stdout).trim()}` : "no numpy";
console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${peer}`,
);
const build = spawnSync(process.execPath, [fileURLToPath(new URL("../scripts/build.mjs", import.meta.url))], {
  stdio: "inherit",
});
if (build.status !== 0) process.exit(1);
let missed = 0;
for (const [name, load] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const { measure } = await load();
  for (const { name: what, ours, peer, ratio, unit, target, met } of await measure()) {
    const against =
      peer === undefined
        ? ""
        : `, peer ${number(peer)} ${unit}${ratio === undefined ? "" : `, ${number(ratio)} ×`}`;
    console.log(`${met ? "met   " : "MISSED"} ${what}: ${number(ours)} ${unit}${against} (target ${target})`);
    if (!met) missed += 1;
  }
}
process.exitCode = missed === 0 ? 0 : 1;

function number(value: number): string {
  return String(Number(value.toPrecision(3)));
}
