/** Every real file in the shared data is imported with known sums, or refused with a clear reason. */
import { describe, expect, test } from "vitest";
import { discoverInputs } from "../../src/importer/index.ts";
import { InputError, type Outcome } from "../../src/record/index.ts";
import { dataPresent, sharedData } from "../shared-data.ts";
import { faultOf, reading } from "./reading.ts";

const present = dataPresent ? "" : " (skipped: ../shared/data is absent)";
const file = (path: string) => sharedData(path) ?? path;

/** passed, failed and unscored draws. */
function verdicts(outcomes: readonly Outcome[]): [correct: number, incorrect: number, unscored: number] {
  const of = (verdict: Outcome["verdict"]) => outcomes.filter((row) => row.verdict === verdict).length;
  return [of("correct"), of("incorrect"), of("unscored")];
}

/** The unbiased pass@k of draws, exact for these sizes: 1 − Π (1 − k/(n − c − i …)). */
function passAtK(outcomes: readonly Outcome[], k: number): number {
  const problems = new Map<string, [n: number, c: number]>();
  for (const { problem, verdict } of outcomes) {
    const [n, c] = problems.get(problem) ?? [0, 0];
    problems.set(problem, [n + 1, c + (verdict === "correct" ? 1 : 0)]);
  }
  let sum = 0;
  for (const [n, c] of problems.values()) {
    let fail = 1;
    for (let i = 0; i < k; i += 1) fail *= Math.max(0, n - c - i) / (n - i);
    sum += 1 - fail;
  }
  return sum / problems.size;
}

describe.skipIf(!dataPresent)(`real logs${present}`, () => {
  test("the executed CodeGen samples give pass@1 .2218, pass@10 .5047, pass@100 .7378", async () => {
    const { importer, outcomes, rejections } = await reading(
      file("humaneval-codegen/codegen16B_humaneval_100samples_verified_here.jsonl"),
    );
    expect(importer).toBe("table");
    expect(rejections).toEqual([]);
    expect(verdicts(outcomes)).toEqual([3638, 12762, 0]);
    expect(passAtK(outcomes, 1)).toBeCloseTo(0.2218, 4);
    expect(passAtK(outcomes, 10)).toBeCloseTo(0.5047, 4);
    expect(passAtK(outcomes, 100)).toBeCloseTo(0.7378, 4);
    expect(new Set(outcomes.map((row) => row.task))).toEqual(new Set(["HumanEval"]));
  });

  test("the raw CodeGen samples are 16,400 unscored draws, with their texts if asked", async () => {
    const path = file(
      "humaneval-codegen/HumanEval_codegen16B_temp0.8_topp0.95_num100_max300_code_solution.jsonl",
    );
    const { outcomes, responses } = await reading(path, { texts: true });
    expect(verdicts(outcomes)).toEqual([0, 0, 16400]);
    expect(new Set(outcomes.map((row) => row.reason))).toEqual(new Set(["no verdict in the log"]));
    expect(responses.length).toBe(16400);
    expect(new Set(responses.map((row) => row.promptHash)).size).toBe(164);
    expect(responses.every((row) => row.prompt !== undefined)).toBe(true);
    expect((await reading(path)).rows.length).toBe(16400);
  });

  test("human-eval's example samples are six unscored draws", async () => {
    const { importer, outcomes } = await reading(file("humaneval-codegen/example_samples.jsonl"));
    expect(importer).toBe("human-eval");
    expect(verdicts(outcomes)).toEqual([0, 0, 6]);
    expect(outcomes.map((row) => row.draw)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test.each([
    "humaneval-codegen/HumanEval.jsonl.gz",
    "humaneval-codegen/HumanEval_for_code_generation.jsonl",
    "humaneval-codegen/example_problem.jsonl",
    "gsm8k/test.jsonl",
    "olmo-requests/sciq_rc_0shot_requests.jsonl.gz",
    "tinystories-260k/tinystories-260k-f32.gguf",
    "every-eval-ever/lm_eval/results_2026-01-21T03-44-18.458309.json",
  ])("%s is no log and is refused by name", async (path) => {
    await expect(reading(file(path))).rejects.toThrow(InputError);
    await expect(reading(file(path))).rejects.toThrow(
      /the format is not recognised \(tried lm-eval, inspect/,
    );
  });

  test("an echoed completion answer of 2021 is thirteen whole texts", async () => {
    const { importer, likelihoods, outcomes, rejections, notes, drops } = await reading(
      file("lm-eval/openai_completions_echo_ada_2021.json"),
      { texts: true },
    );
    expect(importer).toBe("server-dump");
    expect(rejections).toEqual([]);
    expect(outcomes).toEqual([]);
    expect(drops).toEqual([]);
    expect(likelihoods.length).toBe(13);
    expect(likelihoods[0]).toMatchObject({ model: "ada:2020-05-03", role: "data", tokenCount: 236 });
    expect(likelihoods[0]?.logProbability).toBeCloseTo(-726.7288059101041, 9);
    expect(likelihoods.at(-1)).toMatchObject({ logProbability: -7.523887, tokenCount: 1 });
    expect(notes.join()).toContain("nothing tells where prompts end");
  });

  test("81 Pythia checkpoints come from pass@k rows, and 44,353 rows with k > n are dropped", async () => {
    const { counts, drops, rows, rejections } = await reading(file("pythia-gsm8k/gsm8k_pass_at_k.parquet"));
    expect(rows.length).toBe(10273);
    expect(rejections).toEqual([]);
    expect(drops.map((drop) => drop.rows)).toEqual([44353]);
    expect(new Set(counts.map((row) => row.model)).size).toBe(81);
    expect(counts.reduce((sum, row) => sum + row.n, 0)).toBe(218_984_320);
    expect(counts.reduce((sum, row) => sum + row.correct, 0)).toBe(80_140);
  });

  test("seven Pythia models have 10,000 samples of each of 128 MATH problems", async () => {
    const path = "pythia-gsm8k/large_language_monkeys_original_pass_at_k.parquet";
    const { counts, rows, drops } = await reading(file(path));
    expect(rows.length).toBe(7 * 128);
    expect(drops).toEqual([]);
    expect(new Set(counts.map((row) => row.n))).toEqual(new Set([10000]));
    expect(counts.reduce((sum, row) => sum + row.correct, 0)).toBe(102_318);
    expect(new Set(counts.map((row) => row.task))).toEqual(new Set(["MATH"]));
  });

  test("a score column is a log-probability where no count column exists", async () => {
    const { likelihoods, rows, notes } = await reading(
      file("pythia-gsm8k/gpt4_gsm8k_neg_log_likelihood.parquet"),
    );
    expect(rows.length).toBe(9 * 1319);
    expect(likelihoods.length).toBe(rows.length);
    expect(new Set(likelihoods.map((row) => row.role))).toEqual(new Set(["data"]));
    const largest = Math.max(...likelihoods.map((row) => row.logProbability));
    expect(largest).toBeCloseTo(-15.228740017395465, 12);
    expect(notes.join()).toContain('logprob = "Log Score"');
  });

  test("four GSM8K systems have 1319 problems each", async () => {
    const { outcomes, responses } = await reading(file("gsm8k/example_model_solutions.jsonl"), {
      texts: true,
    });
    const correct = (model: string) => verdicts(outcomes.filter((row) => row.model === model)).slice(0, 2);
    expect(correct("6b_finetuning")).toEqual([286, 1033]);
    expect(correct("6b_verification")).toEqual([515, 804]);
    expect(correct("175b_finetuning")).toEqual([458, 861]);
    expect(correct("175b_verification")).toEqual([742, 577]);
    expect(new Set(outcomes.map((row) => row.problem)).size).toBe(1319);
    expect(responses.length).toBe(5276);
    expect(responses[0]?.target).toBe("18");
    expect(responses.every((row) => row.target !== undefined && row.target.length < 20)).toBe(true);
  });

  test("MATH responses carry verdict, reward and answer a draw", async () => {
    const { outcomes } = await reading(file("rlvr-math/eval_rm_maj_example__math_cot_100.jsonl"));
    expect(verdicts(outcomes)).toEqual([728, 72, 0]);
    expect(outcomes.every((row) => row.reward !== undefined && row.answer !== undefined)).toBe(true);
    expect(outcomes[0]).toMatchObject({ problem: "0", draw: 0, reward: 3.546875, answer: "420" });
  });

  test("a real lm-eval run is found beside its results file and read without a flag", async () => {
    const notes: string[] = [];
    const files = await discoverInputs(file("every-eval-ever/lm_eval"), (message) => notes.push(message));
    expect(files.length).toBe(1);
    // The results file is read with the samples: it is not skipped, and the model's name and temperature come from it.
    expect(notes).toEqual([]);
    const { outcomes, responses, importer } = await reading(files[0] ?? "", { texts: true });
    expect(importer).toBe("lm-eval");
    expect(verdicts(outcomes)).toEqual([0, 10, 0]);
    expect(outcomes[0]).toMatchObject({
      model: "RylanSchaeffer/mem_Qwen3-93M_minerva_math_rep_0_sbst_1.0000_epch_1_ot_1",
      task: "math_perturbed_full",
      problem: "0",
      promptHash: "3f18eaa751009278",
      verifier: "exact_match,none",
      sampling: { temperature: 0, maxTokens: 512 },
    });
    expect(responses.map((row) => row.target)).toContain("\\dfrac{13}{9}");
  });

  test.each([
    ["2025-02-11T15-17-00-05-00_popularity_dPiJifoWeEQBrfWsAopzWr.eval", [0, 0, 10]],
    ["2025-05-12T20-28-13-04-00_popularity.json", [2, 1, 0]],
    ["log_formats.eval", [0, 1, 0]],
    ["log_read_sample.eval", [1, 0, 0]],
    ["log_streaming.eval", [3, 1, 0]],
    ["mmlu-summary-choices.eval", [0, 1, 0]],
    ["../every-eval-ever/inspect/data_arc_qwen.json", [1, 2, 0]],
    ["../every-eval-ever/inspect/data_arc_sonnet.json", [5, 0, 0]],
    ["../every-eval-ever/inspect/data_pubmedqa_gpt4o_mini.json", [2, 0, 0]],
  ])("the Inspect log %s has its verdicts, with texts and without", async (name, expected) => {
    const path = file(`inspect-logs/${name}`);
    const plain = await reading(path);
    const withTexts = await reading(path, { texts: true });
    expect(plain.importer).toBe("inspect");
    expect(verdicts(plain.outcomes)).toEqual(expected);
    expect(withTexts.outcomes).toEqual(plain.outcomes);
    expect(withTexts.responses.length).toBe(plain.outcomes.length);
  });

  test("an Inspect log without samples is refused with its status", async () => {
    const path = file("inspect-logs/2025-05-12T20-28-13-04-00_no-samples.json");
    await expect(reading(path)).rejects.toThrow(/no usable sample \(status "cancelled"\)/);
  });

  test("epochs are draws: the streamed log has two of each of two samples", async () => {
    const { outcomes } = await reading(file("inspect-logs/log_streaming.eval"));
    expect(outcomes.map((row) => `${row.problem}:${row.draw}`).sort()).toEqual(["1:0", "1:1", "2:0", "2:1"]);
  });

  test("every row of every real log is valid", async () => {
    const folders = [
      "humaneval-codegen",
      "pythia-gsm8k",
      "gsm8k",
      "rlvr-math",
      "every-eval-ever/lm_eval",
      "every-eval-ever/inspect",
    ];
    for (const folder of folders) {
      for (const path of await discoverInputs(file(folder))) {
        const { rows } = await reading(path, { texts: true });
        expect(rows.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
      }
    }
  });
});
