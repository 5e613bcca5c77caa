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
  /** Examples of one forward pass of ours; all where absent. */
  readonly microBatch?: number;
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
    sizes: { layers: 6, heads: 4, width: 384, vocabularySize: 110, length: 150, batch: 16, microBatch: 8 },
    timeTarget: 1,
    memoryTarget: 1.2,
  },
];

/** What a PyTorch user can choose; the one that we compare worst with is the peer. */
const settings = ["PASSIVE", ""].flatMap((policy) => [
  { policy, attention: "plain", adam: "foreach" },
  { policy, attention: "fused", adam: "fused" },
]);
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

async function compare(python: string, comparison: Comparison): Promise<Measurement[]> {
  const { name, sizes, timeTarget, memoryTarget } = comparison;
  const ours = await BenchChild.start([
    process.execPath,
    "--import",
    "tsx",
    path("train-step.ts"),
    JSON.stringify({ ...sizes, threads, spinning: false }),
  ]);
  const peers = await Promise.all(settings.map((setting) => pytorch(python, sizes, setting)));
  const rounds: { ours: Block; peers: Block[] }[] = [];
  for (let round = 0; round < Number(options.rounds); round++) {
    const blocks: Block[] = [];
    for (const child of [ours, ...peers]) blocks.push(await child.block(Number(options.seconds)));
    rounds.push({ ours: blocks[0]!, peers: blocks.slice(1) });
  }
  await Promise.all([ours, ...peers].map((child) => child.stop()));
  const own = summary(rounds.map((round) => round.ours));
  const compared = settings.map((setting, index) => {
    const blocks = rounds.map((round) => round.peers[index]!);
    const ratio = median(
      rounds.map((round) => median(round.ours.seconds) / median(round.peers[index]!.seconds)),
    );
    return { setting, ratio, ...summary(blocks) };
  });
  const line = (what: string, { seconds, fastest, cpuSeconds, peak }: ReturnType<typeof summary>) =>
    `       ${what}: median ${milliseconds(seconds)}, fastest ${milliseconds(fastest)}, processor time ${milliseconds(cpuSeconds)}, peak memory ${rounded(peak)} MB`;
  console.log(line(ours.name, own));
  for (const each of compared) {
    console.log(
      `${line(`${peers[0]!.name}, ${threads} threads, ${describe(each.setting)}`, each)}; ours ${rounded(each.ratio)} ×, by fastest steps ${rounded(own.fastest / each.fastest)} ×, by processor time ${rounded(own.cpuSeconds / each.cpuSeconds)} ×`,
    );
  }
  const best = compared.reduce((worst, each) => (each.ratio > worst.ratio ? each : worst));
  const leanest = Math.min(...compared.map(({ peak }) => peak));
  const inParts = sizes.microBatch === undefined ? "" : `, ours in micro-batches of ${sizes.microBatch}`;
  const time: Measurement = {
    name: `training step ${name}/T${sizes.length}/B${sizes.batch}${inParts} (peer: ${describe(best.setting)})`,
    ours: own.seconds * 1000,
    peer: best.seconds * 1000,
    ratio: best.ratio,
    unit: "ms",
    target: `<= ${timeTarget} × PyTorch's`,
    met: best.ratio <= timeTarget,
  };
  if (memoryTarget === undefined) return [time];
  return [
    time,
    {
      name: "its peak memory",
      ours: own.peak,
      peer: leanest,
      ratio: own.peak / leanest,
      unit: "MB",
      target: `<= ${memoryTarget} × PyTorch's`,
      met: own.peak / leanest <= memoryTarget,
    },
  ];
}

function summary(blocks: readonly Block[]) {
  return {
    seconds: median(blocks.map((block) => median(block.seconds))),
    fastest: Math.min(...blocks.flatMap(({ seconds }) => seconds)),
    cpuSeconds: median(blocks.map(({ cpuSeconds }) => cpuSeconds)),
    peak: Math.max(...blocks.map(({ peakBytes }) => peakBytes)) / 1e6,
  };
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
