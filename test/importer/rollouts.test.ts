/** Rollouts of trainers: groups at each step, verdicts and rewards, runs and tasks from folders. */
import { afterAll, describe, expect, test } from "vitest";
import { reading, testFolder } from "./reading.ts";
import { parquetOf, verlLines } from "./small-inputs.ts";

const folder = testFolder();
afterAll(() => folder.remove());
let runs = 0;

const verlFile = (records: readonly Readonly<Record<string, unknown>>[], name = "7.jsonl") => {
  runs += 1;
  const content = records.map((record) =>
    JSON.stringify({ input: "Q", output: "A", gts: "1", score: 1, ...record }),
  );
  return folder.write(`run${runs}/rollout_data/${name}`, content.join("\n"));
};
const trlFile = async (columns: string, name = "completions_00005.parquet") => {
  runs += 1;
  const path = folder.write(`run${runs}/completions/${name}`, "");
  await parquetOf(`SELECT ${columns}, 0.5 AS advantage FROM range(4) t(i)`, path);
  return path;
};
const plain = "'5' AS step, 'Q' || (i // 2) AS prompt, 'answer ' || i AS completion";

describe("verl", () => {
  test("accuracy judges, the score is the reward, groups share a prompt", async () => {
    const path = folder.write("my-run/rollout_data/10.jsonl", verlLines);
    const { importer, outcomes, responses, notes } = await reading(path, { texts: true });
    expect(importer).toBe("verl");
    expect(outcomes.map(({ verdict, reward, draw }) => [verdict, reward, draw])).toEqual([
      ["correct", 1, 0],
      ["incorrect", -0.5, 1],
      ["correct", 0.5, 0],
      ["incorrect", -1, 1],
    ]);
    expect(outcomes[0]).toMatchObject({ model: "my-run", task: "training", step: 10, verifier: "acc" });
    expect(new Set(outcomes.map(({ problem }) => problem)).size).toBe(2);
    expect(responses[3]).toMatchObject({
      text: "It is 3.",
      target: "2",
      prompt: "user\nWhat is 1 + 1?\nassistant\n",
    });
    expect(notes.join()).toContain('verdict = "acc", reward = "score"');
  });

  test("a score of 0 and 1 is the verdict, and no reward beside it", async () => {
    const { outcomes } = await reading(verlFile([{ score: 1 }, { score: 0 }, { score: 0 }]));
    expect(outcomes.map(({ verdict, reward }) => [verdict, reward])).toEqual([
      ["correct", undefined],
      ["incorrect", undefined],
      ["incorrect", undefined],
    ]);
  });

  test.each([
    ["−1 and 1", [1, -1]],
    ["a real number", [0.3, 0.8, 1]],
  ])("a score of %s is a reward and no verdict", async (_, scores) => {
    const { outcomes } = await reading(verlFile(scores.map((score) => ({ score }))));
    expect(outcomes.map(({ verdict, reward }) => [verdict, reward])).toEqual(
      scores.map((score) => ["unscored", score]),
    );
  });

  test("the step is the field's, else the file name's; validation is a task of its own", async () => {
    expect((await reading(verlFile([{}], "12.jsonl"))).outcomes[0]?.step).toBe(12);
    expect((await reading(verlFile([{ step: 3 }], "12.jsonl"))).outcomes[0]?.step).toBe(3);
    const path = folder.write("run-x/validation_data/4.jsonl", verlLines);
    expect((await reading(path)).outcomes[0]).toMatchObject({ model: "run-x", task: "validation", step: 10 });
    expect((await reading(path, { model: "m", task: "t" })).outcomes[0]).toMatchObject({
      model: "m",
      task: "t",
    });
  });

  test("bad lines are rejected by line and field; a missing verdict is unscored", async () => {
    const { rejections, outcomes } = await reading(
      verlFile([
        { acc: 1 },
        { acc: 1, output: 3 },
        { acc: 1, input: null },
        { acc: 1, score: null },
        { acc: 1, step: -1 },
        { acc: null },
        { acc: 0 },
        { acc: 2 },
      ]),
    );
    expect(rejections.map(({ line, field }) => [line, field])).toEqual([
      [2, "output"],
      [3, "input"],
      [4, "score"],
      [5, "step"],
    ]);
    // A 2 among the first values: the column is no verdict.
    expect(outcomes.map(({ verdict }) => verdict)).toEqual(Array(4).fill("correct"));
    expect(new Set(outcomes.map(({ verifier }) => verifier))).toEqual(new Set(["score"]));
    const { outcomes: judged } = await reading(verlFile([{ acc: 1 }, { acc: null }, { acc: 0 }]));
    expect(judged.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ["correct", undefined],
      ["unscored", "acc is null"],
      ["incorrect", undefined],
    ]);
  });
});

describe("trl", () => {
  test("the accuracy reward judges, and all reward functions are summed", async () => {
    const path = await trlFile(`${plain}, (i % 2)::DOUBLE AS accuracy_reward, 0.25 AS format_reward`);
    const { importer, outcomes, responses, notes } = await reading(path, { texts: true });
    expect(importer).toBe("trl");
    expect(outcomes.map(({ verdict, reward, draw, step }) => [verdict, reward, draw, step])).toEqual([
      ["incorrect", 0.25, 0, 5],
      ["correct", 1.25, 1, 5],
      ["incorrect", 0.25, 0, 5],
      ["correct", 1.25, 1, 5],
    ]);
    expect(outcomes[0]).toMatchObject({ model: `run${runs}`, task: "training", verifier: "accuracy_reward" });
    expect(responses[1]).toMatchObject({ prompt: "Q0", text: "answer 1" });
    expect(notes.join()).toContain("summed with equal weights");
  });

  test("a real-valued reward is no verdict; a reward that does not apply is left out", async () => {
    const { outcomes } = await reading(
      await trlFile(`${plain}, CASE i WHEN 3 THEN 'nan'::DOUBLE ELSE i * 0.3 END AS my_reward`),
    );
    expect(outcomes.map(({ verdict, reward }) => [verdict, reward])).toEqual([
      ["unscored", 0],
      ["unscored", 0.3],
      ["unscored", 0.6],
      ["unscored", undefined],
    ]);
  });

  test("messages are texts with their roles", async () => {
    const { responses } = await reading(
      await trlFile(
        "5 AS step, [{'role': 'system', 'content': 'S'}, {'role': 'user', 'content': 'Q'}] AS prompt, [{'role': 'assistant', 'content': 'A' || i}] AS completion, 1.0 AS r",
      ),
      { texts: true },
    );
    expect(responses[2]).toMatchObject({ prompt: "system: S\nuser: Q", text: "A2" });
  });

  test("rows without text or step are rejected by row and column", async () => {
    const { rejections, outcomes } = await reading(
      await trlFile(
        "CASE i WHEN 0 THEN 'x' ELSE '5' END AS step, CASE i WHEN 1 THEN NULL ELSE 'Q' END AS prompt, CASE i WHEN 2 THEN NULL ELSE 'A' END AS completion, 1.0 AS r",
      ),
    );
    expect(rejections.map(({ line, field }) => [line, field])).toEqual([
      [1, "step"],
      [2, "prompt"],
      [3, "completion"],
    ]);
    expect(outcomes.length).toBe(1);
  });
});
