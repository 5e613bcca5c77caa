/**
 * `npm run bench:train [-- --threads N --rounds R --seconds S --only NAME]`: training steps against PyTorch run eagerly in its best
 * setting, in alternating blocks of separate processes, and generation with a cache against re-forwarding.
 *
 * PYTORCH_PYTHON names a Python that has PyTorch; else python3 is tried.
 */
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measureGeneration } from "./generation.ts";
import type { Measurement } from "./run.ts";
import { BenchChild, type Block, median } from "./train-child.ts";

export interface TrainingSizes {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  readonly vocabularySize: number;
  readonly length: number;
  readonly batch: number;
}

interface Comparison {
  readonly name: string;
  readonly sizes: TrainingSizes;
  readonly timeTarget: number;
  readonly memoryTarget?: number;
}

const small = { layers: 2, heads: 4, vocabularySize: 110, length: 128, batch: 32 };
const comparisons: readonly Comparison[] = [
  { name: "2/128", sizes: { ...small, width: 128 }, timeTarget: 0.95 },
  { name: "2/64", sizes: { ...small, width: 64 }, timeTarget: 0.95 },
  {
    name: "6/384",
    sizes: { layers: 6, heads: 4, width: 384, vocabularySize: 110, length: 150, batch: 16 },
    timeTarget: 1,
    memoryTarget: 1.2,
  },
];

/** What a PyTorch user can choose; the fastest on this machine is the peer. */
const settings = ["PASSIVE", ""].flatMap((policy) =>
  ["plain", "fused"].flatMap((attention) =>
    ["foreach", "fused"].map((adam) => ({ policy, attention, adam })),
  ),
);
type Setting = (typeof settings)[number];

const { values: options } = parseArgs({
  options: {
    threads: { type: "string", default: String(cpus().length) },
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "3" },
    only: { type: "string" },
  },
});
const threads = Number(options.threads);
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

function pythonWithPytorch(): string | undefined {
  const candidates = [process.env.PYTORCH_PYTHON, "python3"].filter((name) => name !== undefined);
  return candidates.find((python) => spawnSync(python, ["-c", "import torch"]).status === 0);
}

const pytorch = (python: string, sizes: TrainingSizes, { policy, attention, adam }: Setting) =>
  BenchChild.start(
    [python, path("train-pytorch.py"), JSON.stringify({ ...sizes, threads, attention, adam })],
    policy === "" ? {} : { OMP_WAIT_POLICY: policy },
  );

const describe = ({ policy, attention, adam }: Setting): string =>
  `${attention} attention, Adam ${adam}, OMP_WAIT_POLICY ${policy === "" ? "not set" : policy}`;

async function fastestSetting(python: string, sizes: TrainingSizes): Promise<Setting> {
  let best: { setting: Setting; seconds: number } | undefined;
  for (const setting of settings) {
    const child = await pytorch(python, sizes, setting);
    const seconds = median((await child.block(Number(options.seconds) / 2)).seconds);
    await child.stop();
    console.log(`       ${describe(setting)}: ${milliseconds(seconds)}`);
    if (best === undefined || seconds < best.seconds) best = { setting, seconds };
  }
  return best!.setting;
}

async function compare(python: string, comparison: Comparison): Promise<Measurement[]> {
  const { name, sizes, timeTarget, memoryTarget } = comparison;
  const setting = await fastestSetting(python, sizes);
  const peer = await pytorch(python, sizes, setting);
  const ours = await BenchChild.start([
    process.execPath,
    "--import",
    "tsx",
    path("train-step.ts"),
    JSON.stringify({ ...sizes, threads, spinning: false }),
  ]);
  const blocks: { ours: Block; peer: Block }[] = [];
  for (let round = 0; round < Number(options.rounds); round++) {
    const seconds = Number(options.seconds);
    const first = round % 2 === 0 ? await ours.block(seconds) : undefined;
    const other = await peer.block(seconds);
    blocks.push({ ours: first ?? (await ours.block(seconds)), peer: other });
  }
  await peer.stop();
  await ours.stop();
  const wall = (side: "ours" | "peer") => median(blocks.map((block) => median(block[side].seconds)));
  const cpu = (side: "ours" | "peer") => median(blocks.map((block) => block[side].cpuSeconds));
  const ratios = blocks.map((block) => median(block.ours.seconds) / median(block.peer.seconds));
  const ratio = median(ratios);
  const peak = (side: "ours" | "peer") => Math.max(...blocks.map((block) => block[side].peakBytes)) / 1e6;
  const memory = peak("ours") / peak("peer");
  console.log(
    `       ${ours.name} | ${peer.name}, ${threads} threads, ${describe(setting)} | ratios of blocks ${ratios.map(rounded).join(" ")} | processor time a step ${milliseconds(cpu("ours"))}, ${milliseconds(cpu("peer"))}, ${rounded(cpu("ours") / cpu("peer"))} × | peak memory ${rounded(peak("ours"))}, ${rounded(peak("peer"))} MB, ${rounded(memory)} ×`,
  );
  const time: Measurement = {
    name: `training step ${name}/T${sizes.length}/B${sizes.batch}`,
    ours: wall("ours") * 1000,
    peer: wall("peer") * 1000,
    ratio,
    unit: "ms",
    target: `<= ${timeTarget} × PyTorch's`,
    met: ratio <= timeTarget,
  };
  if (memoryTarget === undefined) return [time];
  return [
    time,
    {
      name: "its peak memory",
      ours: peak("ours"),
      peer: peak("peer"),
      ratio: memory,
      unit: "MB",
      target: `<= ${memoryTarget} × PyTorch's`,
      met: memory <= memoryTarget,
    },
  ];
}

function report({ name, ours, peer, ratio, unit, target, met }: Measurement): void {
  const against =
    peer === undefined ? "" : `, peer ${rounded(peer)} ${unit}, ${rounded(ratio ?? Number.NaN)} ×`;
  console.log(`${met ? "met   " : "MISSED"} ${name}: ${rounded(ours)} ${unit}${against} (target ${target})`);
  if (!met) process.exitCode = 1;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function milliseconds(seconds: number): string {
  return `${rounded(1000 * seconds)} ms`;
}

const chosen = (name: string) => options.only === undefined || name.includes(options.only);
console.log(`${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}`);
const python = pythonWithPytorch();
if (python === undefined) {
  console.log("skipped training steps: no Python with PyTorch; set PYTORCH_PYTHON to one");
} else {
  for (const comparison of comparisons.filter(({ name }) => chosen(name))) {
    for (const measurement of await compare(python, comparison)) report(measurement);
  }
}
if (chosen("generation")) report(await measureGeneration(threads));
