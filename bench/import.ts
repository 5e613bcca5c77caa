/** Reading 1 GB of lm-eval samples with one damaged line: speed, peak memory, and whether that line is reported. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededUniform } from "../test/seeded-uniform.ts";
import type { Measurement } from "./run.ts";

const importer = fileURLToPath(new URL("../dist/importer/index.js", import.meta.url));
const bytesWanted = 1e9;
const repeats = 4;

export async function measure(): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-bench-"));
  try {
    const path = join(folder, "samples_sums_2026-01-01T00-00-00.000001.jsonl");
    const { bytes, damagedLine, documents } = await writeSamples(path);
    const ours = inChild<ImportResult>(importScript, path);
    const peer = inChild<{ seconds: number }>(readlineScript, path);
    if (ours.rows !== documents * repeats) throw new Error(`${ours.rows} rows of ${documents * repeats}`);
    const speed = bytes / 1e6 / ours.seconds;
    const peerSpeed = bytes / 1e6 / peer.seconds;
    return [
      {
        name: "import of 1 GB of lm-eval samples (peer: readline and JSON.parse, no rows)",
        ours: speed,
        peer: peerSpeed,
        ratio: speed / peerSpeed,
        unit: "MB/s",
        target: ">= 150 MB/s",
        met: speed >= 150,
      },
      {
        name: "its peak memory",
        ours: ours.peakBytes / 1e6,
        unit: "MB",
        target: "< 1000 MB",
        met: ours.peakBytes < 1e9,
      },
      {
        name: `damaged lines reported (said: ${ours.rejected.join(", ")}; truth: ${damagedLine} of ${documents + 1})`,
        ours: ours.rejected.length,
        unit: "lines",
        target: `1, line ${damagedLine}`,
        met: ours.rejected.length === 1 && ours.rejected[0] === damagedLine,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface ImportResult {
  readonly rows: number;
  readonly seconds: number;
  readonly peakBytes: number;
  readonly rejected: readonly number[];
}

const importScript = `
const { readFile } = await import("node:fs/promises");
const { readRows } = await import(process.argv[2]);
const rejected = [];
let rows = 0;
const started = process.hrtime.bigint();
const context = {
  options: { map: {}, texts: false },
  reject: ({ line }) => rejected.push(line),
  note() {}, drop() {}, progress() {},
};
for await (const batch of readRows(process.argv[1], { context })) rows += batch.length;
const seconds = Number(process.hrtime.bigint() - started) / 1e9;
// ru_maxrss keeps the high-water mark of the process that spawned this one; VmHWM is this one's own.
const own = /VmHWM:\\s+(\\d+) kB/.exec(await readFile("/proc/self/status", "utf8").catch(() => ""))?.[1];
const peakBytes = 1024 * (own === undefined ? process.resourceUsage().maxRSS : Number(own));
console.log(JSON.stringify({ rows, seconds, rejected, peakBytes }));
`;

const readlineScript = `
const { createReadStream } = await import("node:fs");
const { createInterface } = await import("node:readline");
let documents = 0;
const started = process.hrtime.bigint();
for await (const line of createInterface({ input: createReadStream(process.argv[1]), crlfDelay: Infinity })) {
  try { documents += JSON.parse(line).doc_id >= 0 ? 1 : 0; } catch {}
}
console.log(JSON.stringify({ documents, seconds: Number(process.hrtime.bigint() - started) / 1e9 }));
`;

function inChild<Result>(script: string, path: string): Result {
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", script, path, importer], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.status !== 0) throw new Error(`the child ended with ${child.status}`);
  return JSON.parse(child.stdout) as Result;
}

/** Documents with four sampled answers each, a damaged line where 99% are written; every text is different. */
async function writeSamples(
  path: string,
): Promise<{ bytes: number; damagedLine: number; documents: number }> {
  const uniform = seededUniform(20260101);
  const out = createWriteStream(path, { highWaterMark: 8 << 20 });
  let bytes = 0;
  let documents = 0;
  let damagedLine = 0;
  while (bytes < bytesWanted) {
    const lines: string[] = [];
    for (let index = 0; index < 500; index += 1) {
      lines.push(sampleLine(documents, uniform));
      documents += 1;
      if (damagedLine === 0 && bytes > 0.99 * bytesWanted) {
        damagedLine = documents + 1;
        lines.push(sampleLine(documents, uniform).slice(0, -40));
      }
    }
    const block = Buffer.from(`${lines.join("\n")}\n`);
    bytes += block.length;
    if (!out.write(block)) await once(out, "drain");
  }
  await new Promise<void>((resolve, reject) => {
    out.on("error", reject);
    out.end(resolve);
  });
  return { bytes, damagedLine, documents };
}

const words =
  'so the total number of apples is then twelve minus four which gives eight \\(x = 8\\) and we add "both" sides é'.split(
    " ",
  );

function sampleLine(document: number, uniform: () => number): string {
  const text = (count: number) =>
    Array.from({ length: count }, () => words[Math.floor(words.length * uniform())]).join(" ");
  const question = text(60);
  const answers = Array.from({ length: repeats }, () => `${text(110)}\n#### ${Math.floor(1000 * uniform())}`);
  return JSON.stringify({
    doc_id: document,
    doc: { question, answer: text(80) },
    target: text(3),
    arguments: {
      gen_args_0: {
        arg_0: `Question: ${question}\nAnswer:`,
        arg_1: { until: ["Question:", "</s>"], do_sample: true, temperature: 0.8, max_gen_toks: 256 },
      },
    },
    resps: [answers],
    filtered_resps: [answers[0]],
    filter: "strict-match",
    metrics: ["exact_match"],
    doc_hash: hexDigits(uniform),
    prompt_hash: hexDigits(uniform),
    target_hash: hexDigits(uniform),
    exact_match: uniform() < 0.3 ? 1 : 0,
  });
}

function hexDigits(uniform: () => number): string {
  return Array.from({ length: 8 }, () =>
    Math.floor(2 ** 32 * uniform())
      .toString(16)
      .padStart(8, "0"),
  ).join("");
}
