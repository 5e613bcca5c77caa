/**
 * What the client itself costs: a million responses scored through a whole job (endpoint, retries, journal with syncs,
 * Parquet parts), against a scripted server in its own process that answers at once. On two cores the server has one.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Measurement } from "./run.ts";

const distribution = new URL("../dist/", import.meta.url).href;
const server = fileURLToPath(new URL("./client-server.ts", import.meta.url));
const units = Number(process.env.LMCOV_BENCH_UNITS ?? 1_000_000);

interface ClientResult {
  readonly done: number;
  readonly seconds: number;
  /** Seconds of processor time of the client. */
  readonly processor: number;
  /** Resident megabytes at most within the first three tenths of the units, and in all. */
  readonly early: number;
  readonly peak: number;
}

export async function measure(): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-bench-"));
  const serving = spawn(process.execPath, ["--import", "tsx", server], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const port = await new Promise<string>((resolve) =>
      serving.stdout.once("data", (text: Buffer) => resolve(text.toString().trim())),
    );
    const child = spawnSync(
      process.execPath,
      ["--input-type=module", "--eval", clientScript, distribution, port, join(folder, "run"), String(units)],
      { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
    );
    const result = JSON.parse(child.stdout) as ClientResult;
    if (result.done !== units) throw new Error(`${result.done} of ${units} responses scored`);
    const perSecond = units / result.seconds;
    return [
      {
        name: `responses scored by one client, ${units} in all (client alone: ${Math.round(units / result.processor)} a processor second)`,
        ours: perSecond,
        unit: "responses/s",
        target: ">= 5000 responses/s",
        met: perSecond >= 5000,
      },
      {
        name: `its memory at most, beyond that of the first three tenths of them (${Math.round(result.early)} MB)`,
        ours: result.peak - result.early,
        unit: "MB",
        target: "< 100 MB",
        met: result.peak - result.early < 100,
      },
    ];
  } finally {
    serving.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

const clientScript = `
const [distribution, port, folder, count] = process.argv.slice(1);
const { runJob, systemClock, unitKey } = await import(distribution + "job/index.js");
const { endpointFor, likelihoodRow } = await import(distribution + "endpoint/index.js");
const { samplingHash, shortHash } = await import(distribution + "record/index.js");
const units = Number(count);
const signal = new AbortController().signal;
const spec = { name: "scripted", place: "http://127.0.0.1:" + port };
const endpoint = await endpointFor(spec, { kind: "openai-completions", environment: {} }, signal);
const hash = samplingHash({});
function* all() {
  for (let draw = 0; draw < units; draw++) {
    const prompt = "Question " + draw + ": how much is it?";
    const promptHash = shortHash(prompt);
    yield { key: unitKey({ model: "scripted", promptHash, samplingHash: hash, draw }), prompt, promptHash, draw };
  }
}
let done = 0;
let early = 0;
let peak = 0;
const started = performance.now();
// By the clock: moving a segment's rows into a part takes most, for a few hundred milliseconds.
setInterval(() => {
  const resident = process.memoryUsage.rss() / 1e6;
  if (done <= 0.3 * units) early = Math.max(early, resident);
  peak = Math.max(peak, resident);
}, 10);
const result = await runJob({
  folder,
  description: { software: {}, command: ["bench"] },
  lanes: [{ name: "scripted", units: all() }],
  concurrency: { least: 1, most: 128, start: 64 },
  clock: systemClock(() => performance.now()),
  signal,
  async run({ prompt, promptHash, draw }, abort) {
    const scored = await endpoint.likelihood.score({ prompt: { text: prompt }, response: { text: " It is " + draw + "." } }, abort);
    const base = { model: "scripted", task: "t", problem: String(draw), promptHash, sampling: {}, samplingHash: hash, source: { file: "bench" } };
    return [likelihoodRow({ base, role: "data", drawSet: "", draw: 0, text: prompt, scored, method: "bench" })];
  },
  onFinished() {
    done += 1;
  },
});
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ done: result.done, seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6, early, peak }));
process.exit(0);
`;
