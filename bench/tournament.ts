/** The pruned tournament against brute force on 1000 synthetic checkpoints, 800 MB of Float32 columns. */
import { performance } from "node:perf_hooks";
import { type CandidateColumn, likelihoodTable, tournament } from "../src/selection/index.ts";
import type { Measurement } from "./run.ts";

const candidates = 1000;
const records = 200_000;
const n = 16;
const bruteCandidates = 4;
const runs = 3;

export async function measure(): Promise<Measurement[]> {
  const columns = syntheticCheckpoints();
  const times: number[] = [];
  let winner = "";
  let score = 0;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    const result = tournament(likelihoodTable({ candidates: columns }), { n });
    times.push((performance.now() - start) / 1000);
    ({ winner, score } = result);
  }
  const seconds = times.toSorted((left, right) => left - right)[Math.floor(runs / 2)]!;

  const chosen = columns.findIndex(({ model }) => model === winner);
  const start = performance.now();
  const some = [chosen, ...Array.from({ length: bruteCandidates - 1 }, (_, index) => 250 * (index + 1))];
  const worst = some.map((candidate) => worstHits(columns, candidate));
  const bruteSeconds = ((performance.now() - start) / 1000 / bruteCandidates) * candidates;
  if (worst[0] !== Math.round(score * records)) {
    throw new Error(`the winner has ${Math.round(score * records)} hits, by brute force ${worst[0]}`);
  }
  if (worst.some((hits) => hits < worst[0]!)) throw new Error("a candidate has fewer hits than the winner");
  return [
    {
      name: `tournament of ${candidates} candidates on ${records} records, checks included (peer: brute force, ${bruteCandidates} candidates timed)`,
      ours: seconds,
      peer: bruteSeconds,
      ratio: bruteSeconds / seconds,
      unit: "s",
      target: "< 3 s and >= 100 × brute force",
      met: seconds < 3 && bruteSeconds >= 100 * seconds,
    },
  ];
}

/** max_π' #{i : log π' − log π ≥ log N}, every opponent on every record. */
function worstHits(columns: readonly CandidateColumn[], candidate: number): number {
  const logN = Math.log(n);
  const below = columns[candidate]!.logProbabilities;
  const limits = Float64Array.from(below, (value) => logN - 1e-9 - 1e-7 * Math.abs(value));
  let most = 0;
  columns.forEach(({ logProbabilities: above }, opponent) => {
    if (opponent === candidate) return;
    let hits = 0;
    for (let record = 0; record < records; record++) {
      if (above[record]! - below[record]! >= limits[record]!) hits++;
    }
    most = Math.max(most, hits);
  });
  return most;
}

/**
 * Checkpoints of a long run: six kinds of hard records (a tenth each) are learned at their own pace, two are forgotten
 * late, and every checkpoint has noise of its own.
 */
function syntheticCheckpoints(): CandidateColumn[] {
  let state = 12345;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  const kinds = 6;
  const easy = Float32Array.from({ length: records }, () => -40 - 20 * uniform());
  const deficits = Array.from({ length: kinds }, () =>
    Float32Array.from({ length: records }, () => (uniform() < 0.1 ? -3 * Math.log(uniform() + 1e-9) : 0)),
  );
  return Array.from({ length: candidates }, (_, step) => {
    const progress = step / candidates;
    const noise = 0.8 + 2.4 * (1 - progress) + 4 * Math.max(0, progress - 0.7);
    const weights = Float64Array.from({ length: kinds }, (_, kind) => {
      const forgotten = kind % 2 === 1 && progress > 0.6 ? (progress - 0.6) * 3 * uniform() : 0;
      return 2 * (1 - progress) * uniform() + forgotten + 0.05 * uniform();
    });
    const logProbabilities = new Float32Array(records);
    for (let record = 0; record < records; record++) {
      let value = easy[record]! - noise * (uniform() + uniform() + uniform() - 1.5);
      for (let kind = 0; kind < kinds; kind++) value -= weights[kind]! * deficits[kind]![record]!;
      logProbabilities[record] = Math.min(0, value);
    }
    return { model: `step ${step}`, logProbabilities };
  });
}
