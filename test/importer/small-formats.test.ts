/** human-eval, large_language_monkeys and files of systems; what a folder holds; splitting a log in two. */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { discoverInputs, formats, importers } from "../../src/importer/index.ts";
import { reading, tallies, testFolder } from "./reading.ts";
import { countLines, humanEvalLines, lmEvalLines, monkeysDocument, systemsLines } from "./small-inputs.ts";

const folder = testFolder();
afterAll(() => folder.remove());

describe("human-eval", () => {
  test("passed is the verdict, and a timed-out program has failed", async () => {
    const { importer, outcomes } = await reading(folder.write("samples_results.jsonl", humanEvalLines));
    expect(importer).toBe("human-eval");
    expect(outcomes.map(({ problem, draw, verdict }) => `${problem} ${draw} ${verdict}`)).toEqual([
      "HumanEval/0 0 correct",
      "HumanEval/0 1 incorrect",
      "HumanEval/1 0 incorrect",
      "HumanEval/1 1 correct",
    ]);
    expect(outcomes[0]).toMatchObject({ task: "HumanEval", model: "samples_results", verifier: "passed" });
  });

  test("a sample without a verdict among others with one is an unscored draw of theirs", async () => {
    const content = [
      '{"task_id":"HumanEval/0","completion":"x"}',
      '{"task_id":"HumanEval/0","completion":"y","passed":true}',
    ].join("\n");
    const { outcomes } = await reading(folder.write("partly.jsonl", content));
    expect(outcomes.map(({ draw, verdict, verifier, reason }) => [draw, verdict, verifier, reason])).toEqual([
      [0, "unscored", "passed", "no verdict in the row"],
      [1, "correct", "passed", undefined],
    ]);
  });

  test("bad rows are rejected by line and field", async () => {
    const content = [
      '{"task_id":"HumanEval/0","completion":"x","passed":true}',
      '{"task_id":"HumanEval/0","completion":5,"passed":true}',
      '{"completion":"x","passed":true}',
      '{"task_id":"HumanEval/0","completion":"x","passed":"maybe"}',
      '{"task_id":"HumanEval/0","completion":"x","passed":NaN}',
      '{"task_id":"Human',
    ].join("\n");
    const { outcomes, rejections } = await reading(folder.write("bad.jsonl", content));
    expect(outcomes.length).toBe(1);
    expect(rejections.map(({ line, field }) => [line, field])).toEqual([
      [2, "completion"],
      [3, "task_id"],
      [4, "passed"],
      [5, "passed"],
      [6, undefined],
    ]);
  });
});

describe("large_language_monkeys", () => {
  test("one file is one problem; the folder names task and model", async () => {
    const path = folder.write("Llama-3-8B/12.yaml", monkeysDocument);
    const { importer, outcomes, responses } = await reading(path, { texts: true });
    expect(importer).toBe("monkeys");
    expect(outcomes.map(({ draw, verdict }) => `${draw} ${verdict}`)).toEqual([
      "0 correct",
      "1 incorrect",
      "2 correct",
    ]);
    expect(outcomes[0]).toMatchObject({ problem: "12", task: "Llama-3-8B", model: "Llama-3-8B" });
    expect(responses.map((row) => row.text)).toEqual(["The answer is 72", "Perhaps\n71\n", "It's 72"]);
    expect(responses[0]).toMatchObject({ target: "72", prompt: "Q: How many?\nA:" });
    const named = await reading(path, { model: "m", task: "t" });
    expect(named.outcomes[0]).toMatchObject({ model: "m", task: "t" });
  });

  test("a file that was not evaluated has unscored draws; samples keep their text whatever it looks like", async () => {
    const content = "prompt: p\nsamples:\n- 12\n- 1.0\n- true\n- 0x1F\n";
    const { outcomes, responses } = await reading(folder.write("raw.yaml", content), { texts: true });
    expect(new Set(outcomes.map((row) => row.verdict))).toEqual(new Set(["unscored"]));
    expect(responses.map((row) => row.text)).toEqual(["12", "1.0", "true", "0x1F"]);
  });

  test("as many verdicts as samples, or the file is refused", async () => {
    const content = "prompt: p\nsamples:\n- a\n- b\nis_correct:\n- true\n";
    await expect(reading(folder.write("uneven.yaml", content))).rejects.toThrow(/2 samples and 1 verdicts/);
  });

  test("an alias bomb and a broken document are refused", async () => {
    const bomb = ["prompt: p", "a0: &a0 [x,x,x,x,x,x,x,x,x,x]"];
    for (let level = 1; level < 12; level += 1) {
      bomb.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(",")}]`,
      );
    }
    bomb.push("samples: *a11");
    await expect(reading(folder.write("bomb.yaml", bomb.join("\n")))).rejects.toThrow(
      /the YAML is damaged \(Excessive alias count/,
    );
    await expect(reading(folder.write("broken.yaml", 'prompt: "p\nsamples:\n- a'))).rejects.toThrow(
      /the YAML is damaged/,
    );
  });
});

describe("files of systems", () => {
  test("every system is a model; the question identifies the problem; the final answer is the target", async () => {
    const { importer, outcomes, responses } = await reading(folder.write("solutions.jsonl", systemsLines), {
      texts: true,
    });
    expect(importer).toBe("systems");
    expect(outcomes.map(({ model, verdict }) => `${model} ${verdict}`)).toEqual([
      "small correct",
      "large correct",
      "small incorrect",
      "large correct",
      "small incorrect",
      "large correct",
    ]);
    expect(responses[0]).toMatchObject({ model: "small", target: "2", text: "A: 1" });
    expect(new Set(outcomes.map((row) => row.problem)).size).toBe(3);
  });
});

describe("formats and folders", () => {
  test("every importer is listed", () => {
    expect(formats().map(({ name }) => name)).toEqual([
      "lm-eval",
      "inspect",
      "human-eval",
      "monkeys",
      "systems",
      "server-dump",
      "verl",
      "trl",
      "lighteval",
      "table",
    ]);
    expect(importers.map(({ name }) => name)).toEqual(formats().map(({ name }) => name));
    for (const { summary } of formats()) expect(summary.length).toBeGreaterThan(20);
  });

  test("an unknown format name is refused with those there are", async () => {
    const path = folder.write("counts.jsonl", countLines);
    await expect(reading(path, { format: "csv" })).rejects.toThrow(
      "--format csv: the formats are lm-eval, inspect",
    );
  });

  test("a folder gives its logs in sorted order and says what it skipped", async () => {
    folder.write("logs/b/samples_x.jsonl", humanEvalLines);
    folder.write("logs/a.jsonl", countLines);
    folder.write("logs/.hidden.jsonl", countLines);
    folder.write("logs/LICENSE", "words");
    folder.write("logs/results_1.json", "{}");
    folder.write("logs/notes.json", '{"nothing": "here"}');
    const notes: string[] = [];
    const files = await discoverInputs(`${folder.path}/logs`, (message) => notes.push(message));
    expect(files.map((file) => file.slice(folder.path.length))).toEqual([
      "/logs/a.jsonl",
      "/logs/b/samples_x.jsonl",
    ]);
    expect(notes.length).toBe(2);
    expect(notes.join("\n")).toMatch(/notes\.json: the format is not recognised/);
    expect(notes.join("\n")).toMatch(/skipped LICENSE, results_1\.json: not logs/);
  });

  test("of results files beside lm-eval's samples those are skipped that no samples are read with", async () => {
    const date = "2025-01-31T10-00-00.000000";
    folder.write(`run/m/samples_sums_${date}.jsonl`, lmEvalLines);
    folder.write(`run/m/results_${date}.json`, '{"model_name": "m"}');
    folder.write("run/m/results_2024-01-31T10-00-00.000000.json", '{"model_name": "other"}');
    folder.write("run/n/results_2025-01-31T10-00-00.000000.json", '{"model_name": "n"}');
    const notes: string[] = [];
    const [path, ...others] = await discoverInputs(`${folder.path}/run`, (message) => notes.push(message));
    expect(others).toEqual([]);
    expect(notes).toEqual([
      `${folder.path}/run: skipped results_2024-01-31T10-00-00.000000.json, results_2025-01-31T10-00-00.000000.json: not logs`,
    ]);
    const { rows } = await reading(path ?? "");
    expect(new Set(rows.map(({ model }) => model))).toEqual(new Set(["m"]));
  });

  test("a folder without a log is refused", async () => {
    folder.write("empty/README.md", "words");
    await expect(discoverInputs(`${folder.path}/empty`)).rejects.toThrow(/holds no log/);
  });
});

describe("a log split in two", () => {
  const logs = [
    ["samples_sums_2026-01-01T00-00-00.000001.jsonl", lmEvalLines],
    ["results.jsonl", humanEvalLines],
    ["solutions.jsonl", systemsLines],
    [
      "draws.jsonl",
      Array.from({ length: 12 }, (_, row) =>
        JSON.stringify({ id: row % 4, correct: row % 3 === 0, text: `${row}` }),
      ).join("\n"),
    ],
    [
      "counts.jsonl",
      Array.from({ length: 6 }, (_, row) => JSON.stringify({ id: row, n: 9, c: row })).join("\n"),
    ],
  ] as const;

  test.each(logs)(
    "%s: the two parts give the counts of the whole, and never the same draw",
    async (name, content) => {
      const lines = content.trimEnd().split("\n");
      const options = { model: "m", task: "t" };
      const whole = await reading(folder.write(`whole/${name}`, content), options);
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: lines.length - 1 }), async (at) => {
          const first = await reading(folder.write(`first/${name}`, lines.slice(0, at).join("\n")), options);
          const second = await reading(folder.write(`second/${name}`, lines.slice(at).join("\n")), options);
          expect(tallies([...first.rows, ...second.rows])).toEqual(tallies(whole.rows));
          const keys = [...first.rows, ...second.rows].map((row) =>
            [
              row.kind,
              row.model,
              row.problem,
              row.samplingHash,
              "verifier" in row && row.verifier,
              row.drawSet,
              "draw" in row && row.draw,
            ].join(),
          );
          expect(new Set(keys).size).toBe(keys.length);
        }),
        { numRuns: 10, seed: 7 },
      );
    },
  );
});
