/** Commands on log-probabilities, on a world whose truth is known: a student that is a shifted teacher. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomGenerator } from "../../src/numeric/index.ts";
import { lmcov } from "../lmcov.ts";

let folder: string;
/** X = log teacher/student is log 4 on a fifth of the responses and log 0.9375 elsewhere: E[e^(−X)] = .8·16/15 + .05 < 1. */
const share = 0.2;
const prompts = 200;
const each = 5;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-likelihoods-"));
  const generator = randomGenerator("teacher and student");
  const lines: string[] = [];
  let response = 0;
  for (let prompt = 0; prompt < prompts; prompt += 1) {
    for (let draw = 0; draw < each; draw += 1) {
      const teacher = -5 - 10 * generator.uniform();
      const ratio = response % 5 === 0 ? Math.log(4) : Math.log(0.9375);
      response += 1;
      for (const [model, logprob] of [
        ["teacher", teacher],
        ["student", teacher - ratio],
        ["worse", teacher - ratio - 1],
      ]) {
        lines.push(JSON.stringify({ model, task: "t", problem: `p${prompt}`, logprob }));
      }
    }
  }
  await writeFile(join(folder, "scores.jsonl"), `${lines.join("\n")}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function json(words: readonly string[]) {
  const { code, stdout, stderr } = await lmcov([...words, "--json"], { cwd: folder });
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

const mean = share * Math.log(4) + (1 - share) * Math.log(0.9375);

describe("commands on log-probabilities", () => {
  test("profile against the model that drew the responses: exact coverage, KL and Hellinger distance", async () => {
    const { models } = await json(["profile", "scores.jsonl", "--drawn-by", "teacher", "--n", "1,2,4,5"]);
    expect(models.map(({ model }: { model: string }) => model)).toEqual(["student", "worse"]);
    const [student] = models;
    expect(student.profile.map(({ kind }: { kind: string }) => kind)).toEqual(Array(4).fill("reference"));
    // At N = 4 the atom sits exactly at log N and counts: ≥, not >.
    expect(student.profile.map(({ coverage }: { coverage: number }) => coverage)).toEqual([
      share,
      share,
      share,
      0,
    ]);
    expect(student.profile[2].withinTolerance).toBe(prompts);
    expect(student.kl.estimate).toBeCloseTo(mean, 9);
    expect(student.squaredHellinger.estimate).toBeCloseTo(1 - share / 2 - (1 - share) / Math.sqrt(0.9375), 9);
    expect(student.prompts).toBe(prompts);
    expect(student.responses).toBe(prompts * each);
    expect(student.informative).toBe(true);
  });

  test("without the word of who drew them the comparison with a model is empirical, and no KL", async () => {
    const { models } = await json(["profile", "scores.jsonl", "--reference", "teacher", "--n", "2"]);
    expect(models[0].profile[0]).toMatchObject({ kind: "empirical", coverage: share });
    expect(models[0].kl).toBeUndefined();
  });

  test("responses that the named model cannot have drawn are said to be so", async () => {
    const { code, stdout } = await lmcov(["profile", "scores.jsonl", "--drawn-by", "worse", "--n", "2"], {
      cwd: folder,
    });
    expect(code).toBe(0);
    expect(stdout).toContain("These responses cannot all have been drawn from worse as it scored them");
    const honest = await lmcov(["profile", "scores.jsonl", "--drawn-by", "teacher", "--n", "2"], {
      cwd: folder,
    });
    expect(honest.stdout).not.toContain("cannot all have been drawn");
  });

  test("answers: responses that share one add up, and one drawn twice counts once", async () => {
    // The teacher gives two responses ¼ each, both ending in 7; the student gives them ⅛ and ¼.
    const responses = [
      { response: "by adding, 7", answer: "7", teacher: 0.25, student: 0.125 },
      { response: "by counting, 7", answer: "7", teacher: 0.25, student: 0.25 },
      { response: "by adding, 7", answer: "7", teacher: 0.25, student: 0.125 },
    ];
    const lines = responses.flatMap(({ teacher, student, ...rest }) => [
      { model: "teacher", sampler: "teacher", problem: "p", ...rest, logprob: Math.log(teacher) },
      { model: "student", sampler: "teacher", problem: "p", ...rest, logprob: Math.log(student) },
    ]);
    await writeFile(join(folder, "answers.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const { models } = await json(["profile", "answers.jsonl", "--answers", "--n", "1.3,2"]);
    // Sequences: ratios 2, 1, 2. Answers: .5 against .375, ratio 4/3 for all.
    expect(models[0].profile.map(({ coverage }: { coverage: number }) => coverage)).toEqual([2 / 3, 2 / 3]);
    expect(models[0].answers.map(({ coverage }: { coverage: number }) => coverage)).toEqual([1, 0]);
    const none = await lmcov(["profile", "scores.jsonl", "--drawn-by", "teacher", "--answers"], {
      cwd: folder,
    });
    expect(none.code).toBe(2);
    expect(none.stderr).toContain("holds no answers");
  });

  test("bounds are shown beside what was measured", async () => {
    const { models } = await json(["bounds", "scores.jsonl", "--drawn-by", "teacher", "--n", "4"]);
    const row = (source: string) =>
      models[0].rows.find((entry: { source: string }) => entry.source === source);
    expect(row("D.1").bound).toBeCloseTo(mean / (Math.log(4) - 1 + 1 / 4), 9);
    expect(row("D.1")).toMatchObject({ measured: share, holds: true });
    const refused = await lmcov(["bounds", "scores.jsonl"], { cwd: folder });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--drawn-by");
  });

  test("select takes the teacher, and the score of the student is the share that it finds 2 times less probable", async () => {
    const result = await json(["select", "scores.jsonl", "--n", "2"]);
    expect(result.tournament).toMatchObject({ n: 2, winner: "teacher" });
    const scores = Object.fromEntries(
      result.tournament.scores.map(({ model, score }: { model: string; score: number }) => [model, score]),
    );
    expect(scores).toEqual({ teacher: 0, student: share, worse: 1 });
    expect(result.crossEntropy.winner).toBe("teacher");
  });

  test("beside verdicts of the same models, measured pass@k decides and disagreement is said", async () => {
    const counts = [
      { model: "teacher", c: [9, 1, 0, 5] },
      { model: "student", c: [10, 10, 0, 0] },
      { model: "worse", c: [1, 1, 1, 1] },
    ].flatMap(({ model, c }) =>
      c.map((correct, index) => ({ model, task: "t", problem: `p${index}`, n: 10, c: correct })),
    );
    await writeFile(join(folder, "counts.jsonl"), counts.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const result = await json(["select", "scores.jsonl", "counts.jsonl", "--n", "2"]);
    expect(result.measured).toEqual({
      k: 10,
      passAtK: { winner: "worse", estimate: 1 },
      passAt1: { winner: "student", estimate: 0.5 },
      candidates: 3,
    });
    const text = await lmcov(["select", "scores.jsonl", "counts.jsonl", "--n", "2"], { cwd: folder });
    expect(text.stdout).toContain(
      "Measured pass@10 decides among the candidates with verdicts: worse (1); pass@1 would take student; the tournament would take teacher; cross-entropy would take teacher.",
    );
    const report = await lmcov(["report", "scores.jsonl", "counts.jsonl", "--no-html"], { cwd: folder });
    expect(report.code, report.stderr).toBe(0);
    expect(report.stdout.replaceAll(/\s+/g, " ")).toContain(
      "Measured pass@10 decides among the candidates with verdicts: worse",
    );
  });

  test("the offset tournament charges an opponent for what it could claim on the candidate's own draws", async () => {
    // On data, half of the responses are 20 times as probable under "bold" as under "plain", and the other half under
    // "plain" as under "bold". On plain's own draws bold claims nothing; on bold's draws plain claims a tenth.
    const row = (model: string, problem: string, logprob: number, sampler?: string) =>
      JSON.stringify({ model, task: "t", problem, logprob, ...(sampler !== undefined && { sampler }) });
    const data: string[] = [];
    const draws: string[] = [];
    for (let index = 0; index < 40; index += 1) {
      const bold = index % 2 === 0 ? -2 : -2 - Math.log(20);
      const plain = index % 2 === 0 ? -2 - Math.log(20) : -2;
      data.push(row("bold", `p${index}`, bold), row("plain", `p${index}`, plain));
      for (let draw = 0; draw < 10; draw += 1) {
        draws.push(row("plain", `p${index}`, -3, "plain"), row("bold", `p${index}`, -3, "plain"));
        const claimed = draw === 0 ? -4 + Math.log(20) : -4;
        draws.push(row("bold", `p${index}`, -4, "bold"), row("plain", `p${index}`, claimed, "bold"));
      }
    }
    await writeFile(join(folder, "data.jsonl"), `${data.join("\n")}\n`);
    await writeFile(join(folder, "draws.jsonl"), `${draws.join("\n")}\n`);
    const words = [
      "select",
      "data.jsonl",
      "draws.jsonl",
      "--n",
      "16",
      "--offset",
      "0",
      "--estimator",
      "on-policy",
    ];
    const result = await json(words);
    expect(result.tournament.scores.map(({ score }: { score: number }) => score)).toEqual([0.5, 0.5]);
    expect(result.offset).toMatchObject({ gamma: 1, method: "on-policy", winner: "bold" });
    const scores = Object.fromEntries(
      result.offset.scores.map(({ model, score }: { model: string; score: number }) => [model, score]),
    );
    expect(scores.plain).toBeCloseTo(0.5, 9);
    expect(scores.bold).toBeCloseTo(0.5 - 2 * 0.1, 9);
    const without = await lmcov(["select", "data.jsonl", "--n", "16", "--offset", "0"], { cwd: folder });
    expect(without.code).toBe(2);
    expect(without.stderr).toContain("--offset needs responses drawn by the candidates");
    const tooSmall = await lmcov(["select", "data.jsonl", "draws.jsonl", "--n", "4", "--offset", "0"], {
      cwd: folder,
    });
    expect(tooSmall.code).toBe(2);
    expect(tooSmall.stderr).toMatch(/N ≥ 8|8γ|at least 8/);
  });

  test("mixture: the teacher alone, with its certificate in-sample and its draws", async () => {
    const { tasks } = await json(["mixture", "scores.jsonl", "--n", "2,4", "--draw", "100"]);
    const [task] = tasks;
    expect(task.gap).toBeLessThan(1e-7);
    for (const { n, mixture, bound } of task.coverage) {
      expect(mixture).toBeLessThanOrEqual(bound + 1e-9);
      expect(bound).toBeCloseTo(1 / n, 6);
    }
    expect(task.weights.find(({ model }: { model: string }) => model === "worse").weight).toBe(0);
    expect(task.draws.reduce((sum: number, count: number) => sum + count, 0)).toBe(100);
    expect(task.heldOut.mixture).toBeGreaterThan(task.heldOut.uniform);
  });

  test("the report of log-probabilities alone leads with the tournament", async () => {
    const { code, stdout } = await lmcov(["report", "scores.jsonl", "--no-html"], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /• By log-probabilities of 1,000 responses, the tournament at N = \d+ takes teacher/,
    );
  });

  test("a run folder gives the same profile", async () => {
    await json(["import", "scores.jsonl", "--out", "run"]);
    const words = ["--drawn-by", "teacher", "--n", "2,4"];
    const direct = await json(["profile", "scores.jsonl", ...words]);
    const stored = await json(["profile", "run", ...words]);
    expect(stored.models).toEqual(direct.models);
  });

  test("verdict commands say where to go, and a model that scored nothing is named with those that did", async () => {
    const passk = await lmcov(["passk", "scores.jsonl"], { cwd: folder });
    expect(passk.code).toBe(2);
    expect(passk.stderr).toContain("holds log-probabilities and no verdicts or counts");
    const unknown = await lmcov(["profile", "scores.jsonl", "--reference", "nobody"], { cwd: folder });
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("nobody: did not score t; scored by teacher, student and worse");
  });

  test("a log-probability above 0 or NaN is rejected with its line", async () => {
    await writeFile(
      join(folder, "bad.jsonl"),
      '{"model":"a","problem":"p","logprob":-1}\n{"model":"a","problem":"q","logprob":0.5}\n{"model":"a","problem":"r","logprob":NaN}\n',
    );
    const { inputs } = await json(["profile", "bad.jsonl"]);
    expect(inputs.rejected).toBe(2);
    expect(inputs.rejections.join(" ")).toMatch(/bad\.jsonl:2.*bad\.jsonl:3/);
  });
});
