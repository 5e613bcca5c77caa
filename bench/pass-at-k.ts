/** The pass@k curve of 10⁵ problems, against the numpy estimator that evaluation harnesses copy from one another. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { passAtKCurve } from "../src/coverage/index.ts";
import { randomGenerator } from "../src/numeric/index.ts";
import type { Measurement } from "./run.ts";

const problems = 100_000;
const ks = [1, 2, 4, 8, 16, 32, 64, 100];

/** 1 − prod(1 − k/(n−c+1 … n)) problem by problem, as in the human-eval repository's estimator. */
const numpyPeer = `
import json, sys, time
import numpy as np
counts = json.load(open(sys.argv[1])); ks = json.loads(sys.argv[2])
def estimator(n, c, k):
    if n - c < k:
        return 1.0
    return 1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1))
start = time.perf_counter()
curve = [float(np.array([estimator(n, c, k) for n, c in counts]).mean()) for k in ks]
print(json.dumps({"milliseconds": 1000 * (time.perf_counter() - start), "curve": curve}))
`;

interface World {
  readonly name: string;
  readonly draws: (uniform: number) => number;
}

const worlds: readonly World[] = [
  { name: "100 draws each", draws: () => 100 },
  { name: "100 to 1000 draws each", draws: (uniform) => 100 + Math.floor(901 * uniform) },
];

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function peerResult(counts: readonly (readonly [number, number])[]) {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-bench-"));
  try {
    const path = join(folder, "counts.json");
    writeFileSync(path, JSON.stringify(counts));
    const run = spawnSync("python3", ["-c", numpyPeer, path, JSON.stringify(ks)], { encoding: "utf8" });
    if (run.status !== 0) return undefined;
    return JSON.parse(run.stdout) as { milliseconds: number; curve: number[] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function measure(): Promise<Measurement[]> {
  return worlds.map(({ name, draws }) => {
    const random = randomGenerator(`bench pass@k, ${name}`);
    const counts = Array.from({ length: problems }, () => {
      const n = draws(random.uniform());
      return { draws: n, correct: random.binomial(n, random.beta(0.4, 1.5)) };
    });
    const times: number[] = [];
    let curve = new Float64Array();
    for (let repetition = 0; repetition < 5; repetition++) {
      const start = performance.now();
      curve = passAtKCurve(counts, ks) as Float64Array<ArrayBuffer>;
      times.push(performance.now() - start);
    }
    const ours = median(times);
    const peer = peerResult(counts.map((count) => [count.draws, count.correct] as const));
    const what = `pass@k curve of 100,000 problems, ${name}, ${ks.length} values of k`;
    if (peer === undefined) {
      return {
        name: `${what} (no peer: python3 with numpy is not there)`,
        ours,
        unit: "ms",
        target: "20 × numpy",
        met: false,
      };
    }
    const agree = peer.curve.every((value, index) => Math.abs(value - (curve[index] ?? 0)) < 1e-9);
    const ratio = peer.milliseconds / ours;
    return {
      name: agree ? what : `${what} (the curves differ)`,
      ours,
      peer: peer.milliseconds,
      ratio,
      unit: "ms",
      target: "20 × numpy",
      met: agree && ratio >= 20,
    };
  });
}
