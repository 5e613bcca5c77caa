/** lm-evaluation-harness samples: repeats, filters, metrics, and what the results file adds. */
import { afterAll, describe, expect, test } from "vitest";
import type { Likelihood, Outcome } from "../../src/record/index.ts";
import { reading, testFolder } from "./reading.ts";
import { lmEvalLines } from "./small-inputs.ts";

const folder = testFolder();
afterAll(() => folder.remove());
const samplesName = "samples_sums_2026-01-01T00-00-00.000001.jsonl";
const resultsName = "results_2026-01-01T00-00-00.000001.json";
let runs = 0;

/** Writes a run of its own folder; returns the samples' path. */
function run(content: string, results?: unknown): string {
  runs += 1;
  if (results !== undefined) folder.write(`run${runs}/${resultsName}`, JSON.stringify(results));
  return folder.write(`run${runs}/${samplesName}`, content);
}

/** One document with what differs from a plain one. */
const line = (change: Readonly<Record<string, unknown>>) =>
  JSON.stringify({
    doc_id: 0,
    target: "1",
    arguments: { gen_args_0: { arg_0: "Q", arg_1: { temperature: 1, until: ["\n"] } } },
    resps: [["1"]],
    filtered_resps: ["1"],
    filter: "none",
    metrics: ["exact_match"],
    exact_match: 1,
    ...change,
  });

const verdictsOf = (outcomes: readonly Outcome[]) => outcomes.map((row) => `${row.draw} ${row.verdict}`);

describe("lm-eval", () => {
  test("all repeats survive: the first has the log's verdict, the others are unscored and say why", async () => {
    const { outcomes } = await reading(run(lmEvalLines));
    const strict = outcomes.filter(
      (row) => row.verifier === "exact_match,strict-match" && row.problem === "0",
    );
    expect(verdictsOf(strict)).toEqual(["0 incorrect", "1 unscored", "2 unscored"]);
    expect(strict[1]?.reason).toBe("lm-eval scores only the first repeat: re-score with --verify");
    const flexible = outcomes.filter((row) => row.verifier === "exact_match,flexible-extract");
    expect(flexible.length).toBe(6);
    expect(new Set(outcomes.map((row) => row.promptHash))).toEqual(
      new Set([`0${"a".repeat(15)}`, `1${"a".repeat(15)}`]),
    );
  });

  test("a list with the verdict of each repeat is read, of a single repeat too", async () => {
    const texts = { resps: [["1", "2"]], filtered_resps: ["1", "2"] };
    const { outcomes } = await reading(
      run([line({ ...texts, exact_match: [0, 1] }), line({ doc_id: 1, exact_match: [1] })].join("\n")),
    );
    expect(outcomes.map((row) => `${row.problem} ${row.verifier} ${row.draw} ${row.verdict}`)).toEqual([
      "0 exact_match,none 0 incorrect",
      "0 exact_match,none 1 correct",
      "1 exact_match,none 0 correct",
    ]);
  });

  test("responses are handed on once, not once a filter", async () => {
    const { responses, outcomes } = await reading(run(lmEvalLines), { texts: true });
    expect(responses.length).toBe(6);
    expect(responses[1]).toMatchObject({
      draw: 1,
      text: 'I don\'t know \\ "perhaps" 7',
      target: "1",
      prompt: "Q: What is 0 + 1?\nA:",
    });
    expect(outcomes.filter((row) => row.draw === 1).every((row) => row.fingerprint !== undefined)).toBe(true);
  });

  test("model, checkpoint and metric directions come from the results file of the same date", async () => {
    const results = {
      config: { model: "hf", model_args: "pretrained=org/model,revision=step3000,dtype=float16" },
      higher_is_better: { sums: { exact_match: true, error_rate: false } },
    };
    const path = run(line({ metrics: ["exact_match", "error_rate"], error_rate: 1 }), results);
    const { outcomes } = await reading(path);
    expect(outcomes.length).toBe(1);
    expect(outcomes[0]).toMatchObject({
      model: "org/model",
      step: 3000,
      task: "sums",
      verifier: "exact_match,none",
    });
  });

  test("without a results file the folder or the user names the model", async () => {
    expect((await reading(run(line({})), { model: "given" })).outcomes[0]?.model).toBe("given");
    const path = folder.write(`org__model-7b/${samplesName}`, line({}));
    expect((await reading(path)).outcomes[0]?.model).toBe("org/model-7b");
  });

  test("a name that the log holds itself is kept, and the user is told", async () => {
    const { outcomes, notes } = await reading(run(line({}), { model_name: "held" }), { model: "given" });
    expect(outcomes[0]?.model).toBe("held");
    expect(notes.join()).toContain('names its own model (held): "given" is not used');
  });

  test("greedy decoding is temperature 0, and other settings are kept apart", async () => {
    const settings = (arg: unknown) => line({ arguments: { gen_args_0: { arg_0: "Q", arg_1: arg } } });
    const { outcomes } = await reading(
      run(
        [
          settings({ do_sample: false, temperature: 1 }),
          settings({ temperature: 0.5, max_gen_toks: 9 }),
        ].join("\n"),
      ),
    );
    expect(outcomes[0]?.sampling).toEqual({ temperature: 0, other: { do_sample: false } });
    expect(outcomes[1]?.sampling).toEqual({ temperature: 0.5, maxTokens: 9 });
    expect(outcomes.map((row) => row.draw)).toEqual([0, 0]);
  });

  test("multiple choice is one draw, judged by acc and acc_norm", async () => {
    const choice = line({
      arguments: { gen_args_0: { arg_0: "Q", arg_1: " a" }, gen_args_1: { arg_0: "Q", arg_1: " b" } },
      resps: [[["-1.25", "False"]], [["-0.5", "True"]]],
      filtered_resps: [
        ["-1.25", "False"],
        ["-0.5", "True"],
      ],
      metrics: ["acc", "acc_norm"],
      acc: 1.0,
      acc_norm: 0.0,
    });
    const single = line({
      arguments: { gen_args_0: { arg_0: "Q", arg_1: " a" } },
      resps: [["-1.25", "False"]],
      metrics: ["acc"],
      acc: 0,
    });
    const { outcomes, responses } = await reading(run([choice, single].join("\n")), { texts: true });
    expect(outcomes.map((row) => [row.verifier, row.verdict])).toEqual([
      ["acc,none", "correct"],
      ["acc_norm,none", "incorrect"],
      ["acc,none", "incorrect"],
    ]);
    expect(responses.map(({ role, text }) => [role, text])).toEqual([
      ["choice", " a"],
      ["data", " b"],
      ["data", " a"],
    ]);
  });

  describe("log-likelihood tasks", () => {
    const scored = (change: Readonly<Record<string, unknown>>) =>
      line({
        target: "1",
        doc: { query: "Q" },
        arguments: Object.fromEntries(
          [" red", " blue", " green"].map((text, index) => [
            `gen_args_${index}`,
            { arg_0: "Q", arg_1: text },
          ]),
        ),
        resps: [[["-1.25", "False"]], [["-0.5", "True"]], [["-inf", "False"]]],
        filtered_resps: [],
        metrics: ["acc"],
        acc: 1,
        exact_match: undefined,
        ...change,
      });
    const parts = (rows: readonly Likelihood[]) =>
      rows.map(({ role, draw, logProbability }) => [role, draw, logProbability]);
    const gold = [
      ["choice", 0, -1.25],
      ["data", 0, -0.5],
      ["choice", 2, Number.NEGATIVE_INFINITY],
    ];

    test("the gold continuation is data, distractors are choices numbered by option", async () => {
      const { likelihoods, outcomes, rejections } = await reading(run(scored({})));
      expect(rejections).toEqual([]);
      expect(parts(likelihoods)).toEqual(gold);
      expect(likelihoods[1]).toMatchObject({ drawSet: "", method: expect.stringContaining("lm-eval, raw") });
      expect(outcomes.map(({ verdict }) => verdict)).toEqual(["correct"]);
    });

    test.each([
      ["its number", { target: 1 }],
      ["its text", { target: "blue" }],
      ["its letter", { target: "B" }],
      ["the document's gold field", { target: "", doc: { gold: 1 } }],
      [
        "the document's labels",
        { target: "x", doc: { choices: { label: ["p", "q", "r"] }, answerKey: "q" } },
      ],
    ])("the gold continuation is told by %s", async (_, change) => {
      expect(parts((await reading(run(scored(change)))).likelihoods)).toEqual(gold);
    });

    test("a text that is also a number is settled by the metric", async () => {
      const digits = {
        arguments: [
          ["Q", " 1"],
          ["Q", " 0"],
          ["Q", " 7"],
        ],
        target: "1",
      };
      expect(parts((await reading(run(scored({ ...digits, acc: 1 })))).likelihoods)).toEqual(gold);
      const roles = (await reading(run(scored({ ...digits, acc: 0 })))).likelihoods.map(({ role }) => role);
      expect(roles).toEqual(["data", "choice", "choice"]);
    });

    test("without a gold continuation, or with one that the metric contradicts, all are choices and it is said", async () => {
      for (const change of [{ target: "violet" }, { target: 0 }]) {
        const { likelihoods, notes } = await reading(run(scored(change)));
        expect(likelihoods.map(({ role }) => role)).toEqual(["choice", "choice", "choice"]);
        expect(notes.join()).toContain("no gold continuation can be told");
      }
    });

    test("one continuation alone is data, and a second filter adds nothing", async () => {
      const single = {
        arguments: { gen_args_0: { arg_0: "Q", arg_1: " a" } },
        resps: [["-1.25", "False"]],
      };
      const { likelihoods } = await reading(
        run([scored({ ...single, acc: 0 }), scored({ ...single, acc: 0, filter: "second" })].join("\n")),
      );
      expect(parts(likelihoods)).toEqual([["data", 0, -1.25]]);
    });

    test("unconditional requests of acc_mutual_info are left out", async () => {
      const both = [" a", " b"];
      const { likelihoods } = await reading(
        run(
          scored({
            arguments: [...both.map((text) => ["Q", text]), ...both.map((text) => ["", text])],
            resps: ["-2", "-1", "-4", "-5"].map((value) => [[value, "False"]]),
            metrics: ["acc", "acc_mutual_info"],
            acc_mutual_info: 1,
          }),
        ),
      );
      expect(parts(likelihoods)).toEqual([
        ["choice", 0, -2],
        ["data", 0, -1],
      ]);
    });

    test("a document scored whole for its perplexity is data", async () => {
      const { likelihoods, responses } = await reading(
        run(
          line({
            arguments: { gen_args_0: { arg_0: "Some text" } },
            resps: [["-123.5"]],
            metrics: ["word_perplexity"],
            word_perplexity: [-123.5, 2],
          }),
        ),
        { texts: true },
      );
      expect(parts(likelihoods)).toEqual([["data", 0, -123.5]]);
      expect(responses.filter(({ role }) => role === "data").map(({ text }) => text)).toEqual(["Some text"]);
    });

    test("a response that is no log-probability is rejected by its place, and the verdict stands", async () => {
      const bad = (value: unknown) => scored({ resps: [[["-1.25", "False"]], [value], [["-3", "False"]]] });
      const { likelihoods, outcomes, rejections } = await reading(
        run(
          [bad(["0.5", "True"]), bad(["NaN", "True"]), bad("x"), scored({ resps: [[["-1", "False"]]] })].join(
            "\n",
          ),
        ),
      );
      expect(likelihoods).toEqual([]);
      expect(outcomes.length).toBe(4);
      expect(rejections.map(({ line: number, field }) => [number, field])).toEqual([
        [1, "resps[1]"],
        [2, "resps[1]"],
        [3, "resps[1]"],
        [4, "resps"],
      ]);
    });
  });

  test("a metric with a value for every repeat judges every repeat", async () => {
    const { outcomes } = await reading(run(line({ resps: [["1", "2", "3"]], exact_match: [1, 0, 1] })));
    expect(verdictsOf(outcomes)).toEqual(["0 correct", "1 incorrect", "2 correct"]);
  });

  test("pass@1 over all repeats is a count; pass@2 is left out", async () => {
    const { counts, outcomes, notes } = await reading(
      run(
        line({
          resps: [["1", "2", "3", "4"]],
          filtered_resps: [["1", "2", "3", "4"]],
          metrics: ["pass@1", "pass@2"],
          "pass@1": 0.25,
          "pass@2": 0.5,
        }),
      ),
    );
    expect(outcomes).toEqual([]);
    expect(counts.map(({ n, correct, stopping }) => [n, correct, stopping.kind])).toEqual([[4, 1, "fixed"]]);
    expect(notes.join()).toContain("pass@2 speaks of all repeats at once");
  });

  test("a vote over the repeats is no verdict on a draw", async () => {
    const repeats = { resps: [["1", "2", "1"]], filtered_resps: ["1"] };
    const { outcomes, notes } = await reading(
      run([line({ ...repeats, filter: "score-first" }), line({ ...repeats, filter: "maj@3" })].join("\n")),
    );
    expect(new Set(outcomes.map((row) => row.verifier))).toEqual(new Set(["exact_match,score-first"]));
    expect(notes.join()).toContain("the filter maj@3 judges a vote");
  });

  test("NaN and values beyond [0, 1] are unscored; a fraction is incorrect with its score", async () => {
    const scores = ["NaN", "34.5", "0.25", "-Infinity"].map((score) =>
      line({ exact_match: "?" }).replace('"?"', score),
    );
    const { outcomes, notes, rejections } = await reading(run(scores.join("\n")));
    expect(rejections).toEqual([]);
    expect(outcomes.map(({ verdict, score }) => [verdict, score])).toEqual([
      ["unscored", undefined],
      ["unscored", 34.5],
      ["incorrect", 0.25],
      ["unscored", undefined],
    ]);
    expect(notes.join()).toContain("a score between 0 and 1 counts as incorrect");
  });

  test("the older list form of arguments is read too", async () => {
    const { outcomes, responses } = await reading(
      run(line({ arguments: [["The prompt", { until: ["\n"], temperature: 0.3 }]] })),
      { texts: true },
    );
    expect(outcomes[0]?.sampling.temperature).toBe(0.3);
    expect(responses[0]?.prompt).toBe("The prompt");
  });

  test("bad lines are rejected by number, wherever they stand", async () => {
    const content = [
      line({}),
      line({ doc_id: null }),
      line({}).slice(0, 50),
      "",
      line({ resps: 3 }),
      line({ exact_match: null }),
      line({}),
    ].join("\n");
    const { outcomes, rejections } = await reading(run(content));
    expect(outcomes.filter((row) => row.verdict === "correct").length).toBe(2);
    expect(rejections.map(({ line: number, field }) => [number, field]).sort()).toEqual([
      [2, "doc_id"],
      [3, undefined],
      [5, "resps"],
      [6, "exact_match"],
    ]);
  });
});
