import { describe, expect, test } from "vitest";
import { type RandomGenerator, randomGenerator } from "../numeric/index.ts";
import { halvingRound } from "./halving.ts";
import { likelihoodTable } from "./likelihood-table.ts";
import { tournament } from "./tournament.ts";

const n = 8;

/**
 * Checkpoints of a training: what the early ones have not learned yet (one end of the records) the late ones know, and
 * what the late ones have unlearned (the other end) the early ones know. Neighbours fail on the same records, so that
 * only far ones show what a checkpoint lacks.
 */
function world(random: RandomGenerator, checkpoints: number) {
  const power = 2 + 4 * random.uniform();
  const height = 0.1 + 0.1 * random.uniform();
  const lacks = (at: number, point: number) => {
    const time = at / (checkpoints - 1);
    return point < height * (1 - time) ** power || point > 1 - 0.15 * time;
  };
  const column = (at: number, points: readonly number[]) =>
    Float64Array.from(points, (point, record) => {
      return -20 - (lacks(at, point) ? 4 : 0) - 0.5 * Math.abs(Math.sin(record + at));
    });
  return { column };
}

function tableOf({ column }: ReturnType<typeof world>, models: readonly number[], points: readonly number[]) {
  return likelihoodTable({
    candidates: models.map((at) => ({ model: String(at), logProbabilities: column(at, points) })),
  });
}

/** The pick of successive halving within a budget of scored responses. */
function halving(
  truth: ReturnType<typeof world>,
  given: { checkpoints: number; budget: number; random: RandomGenerator; killers: boolean },
): number {
  const { checkpoints, budget, random, killers } = given;
  const rounds = Math.ceil(Math.log2(checkpoints));
  let alive = Array.from({ length: checkpoints }, (_, at) => at);
  let scored = alive;
  const points: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const more = Math.floor(budget / rounds / scored.length);
    for (let record = 0; record < more; record++) points.push(random.uniform());
    const result = halvingRound(tableOf(truth, scored, points), { n, alive: alive.map(String) });
    alive = result.survivors.map(Number);
    scored = killers ? [...alive, ...result.opponents.map(Number)] : alive;
    if (alive.length === 1) break;
  }
  return alive[0] as number;
}

test("of a round the better half survives, and who beats a survivor is scored on", () => {
  // a is beaten by b on half of the records, b by c on one, c by nobody; d by all everywhere.
  const columns = { a: [-3, -3, -2, -2], b: [-1, -1, -2, -5], c: [-1, -1, -2, -2], d: [-9, -9, -9, -9] };
  const table = likelihoodTable({
    candidates: Object.entries(columns).map(([model, values]) => ({
      model,
      logProbabilities: Float64Array.from(values),
    })),
  });
  const round = halvingRound(table, { n: 2 });
  expect(round.survivors).toEqual(["c", "b"]);
  expect(round.scores.map(({ score }) => score)).toEqual([0.5, 0.25, 0, 1]);
  expect([...round.opponents, ...round.dropped].sort()).toEqual(["a", "d"]);
  expect(round.scores.map(({ model }) => model)).toEqual(["a", "b", "c", "d"]);
});

test("a model that is out does not come back, and still counts as an opponent", () => {
  const table = likelihoodTable({
    candidates: [
      { model: "in", logProbabilities: Float64Array.of(-5, -1) },
      { model: "out", logProbabilities: Float64Array.of(-1, -1) },
    ],
  });
  const round = halvingRound(table, { n: 2, alive: ["in"] });
  expect(round.survivors).toEqual(["in"]);
  expect(round.opponents).toEqual(["out"]);
  expect(() => halvingRound(table, { n: 2, alive: ["x"] })).toThrow(
    "alive is x: must be a model of the table",
  );
});

test("scores of more than 64 models are those of the full tournament", () => {
  const random = randomGenerator("many models");
  const truth = world(random, 70);
  const points = Array.from({ length: 60 }, () => random.uniform());
  const models = Array.from({ length: 70 }, (_, at) => at);
  const alive = models.slice(20, 40).map(String);
  const round = halvingRound(tableOf(truth, models, points), { n, alive });
  for (const { model, score } of round.scores) {
    const brute = Math.max(
      ...models
        .filter((other) => String(other) !== model)
        .map((other) => {
          const own = truth.column(Number(model), points);
          const opponent = truth.column(other, points);
          return (
            opponent.filter((value, at) => value - (own[at] as number) >= Math.log(n)).length / points.length
          );
        }),
    );
    expect(score).toBeCloseTo(brute, 12);
  }
});

describe("with the same number of scored responses", () => {
  test("halving that keeps the opponents finds better checkpoints than scoring all alike", () => {
    const [checkpoints, budget, repetitions] = [32, 6400, 40];
    const excess = { uniform: 0, killers: 0, plain: 0 };
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const random = randomGenerator(`halving ${repetition}`);
      const truth = world(random, checkpoints);
      const all = Array.from({ length: checkpoints }, (_, at) => at);
      const large = Array.from({ length: 3000 }, () => random.uniform());
      const scores = tournament(tableOf(truth, all, large), { n }).scores.map(({ score }) => score);
      const least = Math.min(...scores);
      const loss = (pick: number) => (scores[pick] as number) - least;
      const few = Array.from({ length: budget / checkpoints }, () => random.uniform());
      excess.uniform += loss(Number(tournament(tableOf(truth, all, few), { n }).winner));
      excess.killers += loss(halving(truth, { checkpoints, budget, random, killers: true }));
      excess.plain += loss(halving(truth, { checkpoints, budget, random, killers: false }));
    }
    expect(excess.killers).toBeLessThan(excess.uniform);
    // Without them it is worse than no halving at all.
    expect(excess.uniform).toBeLessThan(excess.plain);
  });
});
