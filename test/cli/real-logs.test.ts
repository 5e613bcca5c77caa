/** The main job on real logs that nobody here made, with the numbers that must come out. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lmcov } from "../lmcov.ts";
import { dataPresent, sharedData } from "../shared-data.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-real-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface PassAtK {
  k: number;
  estimate: number;
  lower: number;
  upper: number;
}

async function json(words: readonly string[]) {
  const result = await lmcov([...words, "--json"], { cwd: folder });
  expect(result.stderr).not.toMatch(/\n\s+at /);
  expect(result.code, result.stderr).toBe(0);
  return JSON.parse(result.stdout);
}

const skipped = dataPresent ? "" : " (skipped: ../shared/data is absent)";

describe.skipIf(!dataPresent)(`lmcov on real logs${skipped}`, () => {
  const codegen = sharedData("humaneval-codegen/codegen16B_humaneval_100samples_verified_here.jsonl") ?? "";
  const pythia = sharedData("pythia-gsm8k/gsm8k_pass_at_k.parquet") ?? "";
  const monkeys = sharedData("pythia-gsm8k/large_language_monkeys_original_pass_at_k.parquet") ?? "";
  const lmEval = sharedData("every-eval-ever/lm_eval") ?? "";
  const systems = sharedData("gsm8k/example_model_solutions.jsonl") ?? "";

  test("CodeGen-16B on HumanEval: pass@1 .2218, @10 .5047, @100 .7378", async () => {
    const result = await json(["passk", codegen, "--k", "1,10,100"]);
    expect(result.schema).toBe("lmcov/passk@1");
    const [model] = result.models;
    expect(model.problems).toBe(164);
    expect(model.draws).toBe(16_400);
    const values = model.passAtK.map(({ estimate }: PassAtK) => estimate.toFixed(4));
    expect(values).toEqual(["0.2218", "0.5047", "0.7378"]);
    for (const { estimate, lower, upper } of model.passAtK as PassAtK[]) {
      expect(lower).toBeLessThan(estimate);
      expect(upper).toBeGreaterThan(estimate);
      expect(upper - lower).toBeLessThan(0.16);
    }
  });

  test("the report on it leads with these numbers and writes one HTML file that asks for nothing", async () => {
    const result = await lmcov(["report", codegen], { cwd: folder });
    expect(result.code, result.stderr).toBe(0);
    expect(result.stdout).toContain("73.8% of problems within 100 draws");
    const html = await readFile(join(folder, "lmcov-report/report.html"), "utf8");
    expect(html).toContain("73.8% of problems within 100 draws");
    // The page's numbers are packed; the same ones stand beside it.
    expect(await readFile(join(folder, "lmcov-report/report.json"), "utf8")).toContain("0.7378");
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  test("Pythia on GSM8K: 81 checkpoints, 44,353 rows with k > n dropped and counted", async () => {
    const result = await json(["report", pythia]);
    expect(result.tasks[0].models).toHaveLength(81);
    expect(result.inputs.dropped).toMatchObject([{ rows: 44_353 }]);
    expect(result.inputs.dropped[0].reason).toContain("k > n");
    expect(result.inputs.rejected).toBe(0);
  }, 120_000);

  test("Pythia on MATH: forecasts to a hundred thousand draws for seven models", async () => {
    const result = await json(["forecast", monkeys, "--k", "100000"]);
    expect(result.schema).toBe("lmcov/forecast@1");
    expect(result.models).toHaveLength(7);
    for (const { forecast } of result.models) {
      const [{ k, lower, upper, midpoint }] = forecast;
      expect(k).toBe(100_000);
      expect(lower).toBeGreaterThan(0);
      expect(upper).toBeLessThanOrEqual(1);
      expect(midpoint).toBeCloseTo((lower + upper) / 2, 12);
    }
  });

  test("a real lm-eval run is read without a flag, and says that one draw tells only pass@1", async () => {
    const result = await lmcov(["report", lmEval], { cwd: folder });
    expect(result.code, result.stderr).toBe(0);
    expect(result.stdout).toContain("lm-eval");
    expect(result.stdout).toContain("One draw a problem");
    expect(result.stdout).not.toContain("[0, 1]");
  });

  test("GSM8K solutions of four systems over 1319 problems, re-scored: 5276 of 5276 verdicts", async () => {
    const result = await json(["report", systems]);
    const models = result.tasks[0].models;
    expect(models).toHaveLength(4);
    for (const model of models) expect(model.problems).toBe(1319);
    const rescored = await json(["report", systems, "--verify", "numeric"]);
    expect(rescored.inputs.notes.join("\n")).toContain("5,276 of 5,276 draws");
    const passAt1 = (analysed: { name: string; passAtK: PassAtK[] }[]) =>
      Object.fromEntries(analysed.map(({ name, passAtK }) => [name, passAtK[0]?.estimate]));
    expect(passAt1(rescored.tasks[0].models)).toEqual(passAt1(models));
  });

  const likelihoods = sharedData("pythia-gsm8k/gpt4_gsm8k_neg_log_likelihood.parquet") ?? "";

  test("nine Pythia models on GSM8K solutions: the tournament at N = 16 takes 12B with .1107", async () => {
    const result = await json(["select", likelihoods, "--n", "16"]);
    expect(result.schema).toBe("lmcov/select@1");
    expect(result.tournament).toMatchObject({ n: 16, winner: "Pythia_12B_300B", tied: ["Pythia_12B_300B"] });
    const score = (name: string) =>
      result.tournament.scores.find(({ model }: { model: string }) => model === name)?.score.toFixed(4);
    expect([score("Pythia_12B_300B"), score("Pythia_6.9B_300B"), score("Pythia_2.8B_300B")]).toEqual([
      "0.1107",
      "0.6262",
      "0.7127",
    ]);
    expect(result.tournament.scores.every(({ exact }: { exact: boolean }) => exact)).toBe(true);
    expect(result.crossEntropy.winner).toBe("Pythia_12B_300B");
  });

  test("their upper-bound profile is vacuous, said so, and the envelope is given instead", async () => {
    const result = await json(["profile", likelihoods, "--n", "2,16"]);
    expect(result.schema).toBe("lmcov/profile@1");
    expect(result.models).toHaveLength(9);
    for (const model of result.models) {
      expect(model.informative).toBe(false);
      expect(model.profile.map(({ n, kind }: { n: number; kind: string }) => [n, kind])).toEqual([
        [2, "upper-bound"],
        [16, "upper-bound"],
      ]);
      expect(model.envelope[1].kind).toBe("envelope");
    }
    const text = await lmcov(["profile", likelihoods, "--n", "2,16"], { cwd: folder });
    expect(text.stdout).toContain("Not informative from these logs");
    expect(text.stdout).toContain("candidate envelope");
  });

  test("a run folder gives the numbers of the logs it was imported from, and a second import adds nothing", async () => {
    const run = join(folder, "run");
    for (const log of [codegen, monkeys]) {
      const imported = await json(["import", log, "--out", run]);
      expect(imported.imported).toBe(1);
    }
    const again = await json(["import", codegen, monkeys, "--out", run]);
    expect(again).toMatchObject({ imported: 0, skipped: 2, rows: 0 });
    const direct = await json(["passk", codegen, "--k", "1,10,100"]);
    const stored = await json(["passk", run, "--k", "1,10,100", "--only", "codegen"]);
    expect(stored.models[0].passAtK).toEqual(direct.models[0].passAtK);
  });
});
