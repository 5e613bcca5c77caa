/** `lmcov plan` on counts of a known world, and on log-probabilities of checkpoints. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { randomGenerator } from "../../src/numeric/index.ts";
import { lmcov } from "../lmcov.ts";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lmcov-plan-"));
  const random = randomGenerator("plan command");
  const counts: string[] = [];
  for (let problem = 0; problem < 120; problem += 1) {
    const rate = problem % 6 === 0 ? 0 : 10 ** (-3.5 * random.uniform());
    for (const [model, factor] of [
      ["good", 1],
      ["bad", 0.4],
    ] as const) {
      const correct = random.binomial(40, rate * factor);
      counts.push(JSON.stringify({ model, task: "t", problem: `p${problem}`, n: 40, c: correct }));
    }
  }
  writeFileSync(join(folder, "counts.jsonl"), `${counts.join("\n")}\n`);
  const scores: string[] = [];
  for (let record = 0; record < 200; record += 1) {
    const base = -10 - 5 * random.uniform();
    const lost = {
      early: record % 4 === 0 ? 3 : 0,
      middle: record % 20 === 0 ? 3 : 0,
      late: record % 3 === 1 ? 3 : 0,
    };
    for (const [model, less] of Object.entries(lost)) {
      scores.push(JSON.stringify({ model, task: "t", problem: `r${record}`, logprob: base - less }));
    }
  }
  writeFileSync(join(folder, "scores.jsonl"), `${scores.join("\n")}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function planOf(words: readonly string[]) {
  const { code, stdout, stderr } = await lmcov(["plan", ...words, "--json"], { cwd: folder });
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

test("a width is planned for each model, by cap and problem", async () => {
  const { schema, widths } = await planOf(["counts.jsonl", "--k", "300", "--width", "0.25"]);
  expect(schema).toBe("lmcov/plan@1");
  expect(widths).toHaveLength(2);
  const [good] = widths;
  expect(good).toMatchObject({ model: "good", k: 300, successes: 2, problems: 120 });
  expect(good.widthNow).toBeGreaterThan(0.25);
  expect(good.chosen.cap).toBeGreaterThan(40);
  expect(good.open.every(({ correct }: { correct: number }) => correct < 2)).toBe(true);
  const { stdout } = await lmcov(["plan", "counts.jsonl", "--k", "300", "--width", "0.25"], { cwd: folder });
  expect(stdout).toMatch(/in rounds, each until its second success, at most \d+ draws of a problem/);
  expect(stdout).toContain(`-n ${good.chosen.cap} --stop-at 2`);
});

test("two models are told apart with what is planned, or are now", async () => {
  const { separations } = await planOf(["counts.jsonl", "--separate"]);
  expect(separations).toHaveLength(1);
  expect(separations[0]).toMatchObject({ left: "good", right: "bad", k: 1, problems: 120 });
  const refused = await lmcov(["plan", "counts.jsonl", "--separate", "--k", "41"], { cwd: folder });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/--k 41: a problem of t has 40 draws/);
});

test("a difference that may be none is written with its sign", async () => {
  const draws = (model: string, solved: number) =>
    Array.from({ length: 12 }, (_, index) => [model, `p${index}`, 4, index < solved ? 3 : 1].join(","));
  const lines = ["model,problem,n,correct", ...draws("first", 6), ...draws("second", 5)];
  writeFileSync(join(folder, "alike.csv"), `${lines.join("\n")}\n`);
  const { code, stdout, stderr } = await lmcov(["plan", "alike.csv", "--separate"], { cwd: folder });
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/first is ahead of second by 0\.042 \[−0\.\d+, 0\.\d+\]/);
});

test("of checkpoints the better half goes on, with the opponents that show what they lack", async () => {
  const { halvings } = await planOf(["scores.jsonl", "--n", "8"]);
  expect(halvings).toHaveLength(1);
  expect(halvings[0].survivors).toEqual(["middle", "early"]);
  expect([...halvings[0].opponents, ...halvings[0].dropped]).toEqual(["late"]);
  expect(halvings[0].moreRecords).toBe(200);
});
