/** Tables of every kind: which rows come out, which are rejected where, and what contradicts itself. */
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { reading, testFolder } from "./reading.ts";
import { countLines, drawsCsv, listArray, parquetOf } from "./small-inputs.ts";
import { zstdFrames } from "./zip-writer.ts";

const folder = testFolder();
afterAll(() => folder.remove());

const jsonLines = (records: readonly unknown[]) => records.map((record) => JSON.stringify(record)).join("\n");

describe("tables of counts", () => {
  test("rows that repeat a count for every k collapse, and those with k > n are counted as dropped", async () => {
    const { counts, drops, rows } = await reading(folder.write("counts.jsonl", countLines));
    expect(rows.length).toBe(3);
    expect(counts.map(({ model, problem, n, correct }) => [model, problem, n, correct])).toEqual([
      ["m1", "1", 10, 3],
      ["m1", "2", 20, 0],
      ["m2", "1", 10, 10],
    ]);
    expect(drops.map((drop) => drop.rows)).toEqual([1]);
    expect(counts[0]).toMatchObject({ task: "counts", stopping: { kind: "unknown" }, unscored: 0 });
  });

  test("counts given again without a k are counted once, and that is said", async () => {
    const records = [0, 1, 2].flatMap((problem) => [
      { seed: 0, problem, n: 4, c: 2 },
      { seed: 1, problem, n: 4, c: 2 },
    ]);
    const parquet = `${folder.path}/again.parquet`;
    const values = records.map(({ seed, problem, n, c }) => `(${seed}, ${problem}, ${n}, ${c})`);
    await parquetOf(`SELECT * FROM (VALUES ${values.join(", ")}) t(seed, problem, n, c)`, parquet);
    for (const path of [folder.write("again.jsonl", jsonLines(records)), parquet]) {
      const { counts, notes } = await reading(path);
      expect(counts.map(({ n, correct }) => [n, correct])).toEqual([1, 2, 3].map(() => [4, 2]));
      expect(notes[1]).toBe(`${path}: 3 rows repeat the counts of their problem and are counted once`);
    }
  });

  test("the same table gives the same counts as JSON lines, JSON array, CSV, TSV, Parquet, gzip and zstd", async () => {
    const records = [
      { Model: "a", "Problem Idx": 7, "Num. Samples": 12, "Num. Samples Correct": 5 },
      { Model: "a", "Problem Idx": 8, "Num. Samples": 12, "Num. Samples Correct": 0 },
      { Model: "b", "Problem Idx": 7, "Num. Samples": 100000, "Num. Samples Correct": 99999 },
    ];
    const header = Object.keys(records[0] ?? {});
    const separated = (mark: string) =>
      [header.join(mark), ...records.map((record) => Object.values(record).join(mark))].join("\r\n");
    const parquet = `${folder.path}/same.parquet`;
    const values = records.map(
      (record) =>
        `('${record.Model}', ${record["Problem Idx"]}, ${record["Num. Samples"]}, ${record["Num. Samples Correct"]}.0)`,
    );
    await parquetOf(
      `SELECT * FROM (VALUES ${values.join(", ")}) t(${header.map((name) => `"${name}"`).join(", ")})`,
      parquet,
    );
    const paths = [
      folder.write("same.jsonl", jsonLines(records)),
      folder.write("same.json", JSON.stringify(records, undefined, 2)),
      folder.write("same.csv", separated(",")),
      folder.write("same.tsv", separated("\t")),
      folder.write("same2.csv.gz", gzipSync(separated(","))),
      folder.write("same2.jsonl.zst", zstdFrames(Buffer.from(jsonLines(records)), 3)),
      parquet,
    ];
    for (const path of paths) {
      const { counts, rejections } = await reading(path, { task: "t" });
      expect(rejections).toEqual([]);
      expect(counts.map(({ model, problem, n, correct }) => [model, problem, n, correct])).toEqual([
        ["a", "7", 12, 5],
        ["a", "8", 12, 0],
        ["b", "7", 100000, 99999],
      ]);
    }
  });

  test.each([
    ["c > n", '{"problem":1,"n":5,"c":6}', "c", "more correct than drawn: 6 of 5"],
    ["NaN", '{"problem":1,"n":NaN,"c":1}', "n", "not a finite number: NaN"],
    ["Infinity", '{"problem":1,"n":Infinity,"c":1}', "n", "not a finite number: Infinity"],
    ["negative", '{"problem":1,"n":5,"c":-1}', "c", "negative: -1"],
    ["non-integer", '{"problem":1,"n":5,"c":1.5}', "c", "not an integer: 1.5"],
    ["a missing field", '{"problem":1,"n":5}', "c", "missing"],
    ["null", '{"problem":1,"n":null,"c":0}', "n", "missing"],
    ["a missing name", '{"n":5,"c":1}', "problem", "missing"],
    ["an object for a name", '{"problem":{"a":1},"n":5,"c":1}', "problem", 'not a name: {"a":1}'],
    ["a text", '{"problem":1,"n":"many","c":1}', "n", 'not a finite number: "many"'],
    [
      "an integer over 2^53",
      '{"problem":1,"n":9007199254740993,"c":1}',
      "n",
      "larger than a double can hold: 9007199254740993",
    ],
    ["an unparseable line", '{"problem":1,"n":5,', undefined, "the line is not JSON (cut short or damaged)"],
    ["another value", "[1,2]", undefined, "the line is not a JSON object"],
  ])("%s is rejected with line and field", async (_title, line, field, reason) => {
    const good = [1, 2, 3].map((problem) => `{"problem":${problem + 10},"n":4,"c":1}`);
    for (const at of [0, 1, 3]) {
      const content = [...good.slice(0, at), line, ...good.slice(at)].join("\n");
      const path = folder.write("bad.jsonl", content);
      const { counts, rejections } = await reading(path);
      expect(counts.length).toBe(3);
      expect(rejections).toEqual([
        { file: path, line: at + 1, ...(field !== undefined && { field }), reason },
      ]);
    }
  });

  test("CSV rows are rejected by the line they begin on, past quoted line ends", async () => {
    const path = folder.write("quoted.csv", 'problem,n,c\n"a\nb",3,1\nc,x,1\n\nd,3\ne,3,4\nf,3,3\n');
    const { counts, rejections } = await reading(path);
    expect(counts.map((row) => row.problem)).toEqual(["a\nb", "f"]);
    const byLine = [...rejections].sort((left, right) => (left.line ?? 0) - (right.line ?? 0));
    expect(byLine.map(({ line, field, reason }) => [line, field, reason])).toEqual([
      [4, "n", 'not a finite number: "x"'],
      [6, undefined, "the row has 2 fields and the header 3"],
      [7, "c", "more correct than drawn: 4 of 3"],
    ]);
  });

  test("Parquet rows are rejected by number, groups of equal ones once", async () => {
    const path = `${folder.path}/bad.parquet`;
    await parquetOf(
      "SELECT * FROM (VALUES ('a', 4.0, 1.0, 1), ('a', 4.0, 1.0, 10), ('b', 'NaN'::DOUBLE, 1.0, 1), ('b', 'NaN'::DOUBLE, 1.0, 2), ('c', 3.0, 3.5, 1), ('d', NULL, 1, 1)) t(problem, n, c, k)",
      path,
    );
    const { counts, rejections, drops } = await reading(path);
    expect(counts.map(({ problem, n, correct }) => [problem, n, correct])).toEqual([["a", 4, 1]]);
    expect(drops.map((drop) => drop.rows)).toEqual([1]);
    expect(rejections.map(({ line, field, reason }) => [line, field, reason])).toEqual([
      [3, "n", "not a finite number: NaN (2 rows alike)"],
      [5, "c", "not an integer: 3.5"],
      [6, "n", "missing"],
    ]);
  });

  test("one problem with two counts contradicts itself", async () => {
    const path = folder.write(
      "twice.jsonl",
      jsonLines([
        { model: "m", problem: 1, n: 10, c: 3 },
        { model: "m", problem: 1, n: 10, c: 4 },
      ]),
    );
    await expect(reading(path)).rejects.toThrow(
      /twice\.jsonl:2: problem "1" of model "m" has 4 of 10 correct here and 3 of 10 before/,
    );
  });

  test("names beyond 2^53 keep their digits", async () => {
    const path = folder.write(
      "long.jsonl",
      '{"problem":9007199254740993,"n":2,"c":1}\n{"problem":9007199254740992,"n":2,"c":0}\n',
    );
    expect((await reading(path)).counts.map((row) => row.problem)).toEqual([
      "9007199254740993",
      "9007199254740992",
    ]);
    const parquet = `${folder.path}/long.parquet`;
    await parquetOf("SELECT 9007199254740993 AS problem, 2 AS n, 1 AS c", parquet);
    expect((await reading(parquet)).counts.map((row) => row.problem)).toEqual(["9007199254740993"]);
  });

  test("a table without a valid row is refused with its first reason", async () => {
    const path = folder.write("none.jsonl", '{"problem":1,"n":2,"c":3}\n{"problem":2,"n":2,"c":3}\n');
    await expect(reading(path)).rejects.toThrow(
      /no valid row \(read as table\); 2 rejected, the first \(line 1, c\): more correct than drawn: 3 of 2/,
    );
  });
});

describe("tables of draws", () => {
  test("one row a draw: verdict, reward, answer, temperature, and the draw's own number", async () => {
    const { outcomes } = await reading(folder.write("draws.csv", drawsCsv));
    expect(
      outcomes.map(({ problem, draw, drawSet, verdict, reward, answer }) => ({
        problem,
        draw,
        drawSet,
        verdict,
        reward,
        answer,
      })),
    ).toEqual([
      { problem: "p1", draw: 0, drawSet: "", verdict: "correct", reward: 0.5, answer: "4, or so" },
      { problem: "p1", draw: 1, drawSet: "", verdict: "incorrect", reward: -1.25, answer: "5" },
      { problem: 'p "2"', draw: 0, drawSet: "", verdict: "correct", reward: 2, answer: "4" },
      { problem: 'p "2"', draw: 1, drawSet: "", verdict: "incorrect", reward: undefined, answer: undefined },
    ]);
    expect(outcomes[0]?.sampling).toEqual({ temperature: 0.8 });
  });

  test("a list of verdicts is a list of draws, and must agree with n and c", async () => {
    const { outcomes } = await reading(folder.write("lists.json", listArray));
    expect(outcomes.map(({ problem, draw, verdict }) => `${problem}${draw} ${verdict}`)).toEqual([
      "a0 correct",
      "a1 incorrect",
      "a2 correct",
      "a3 incorrect",
      "b0 incorrect",
      "b1 incorrect",
      "b2 incorrect",
    ]);
    const path = folder.write(
      "liar.jsonl",
      jsonLines([
        { task_id: "a", n: 3, c: 2, passed: [1, 0, 0] },
        { task_id: "b", n: 4, c: 1, passed: [1, 0, 0] },
        { task_id: "c", n: 3, c: 1, passed: [1, 0, 2] },
        { task_id: "d", n: 3, c: 1, passed: [1, 0, 0] },
        { task_id: "e", n: 0, c: 0, passed: [] },
        ...["f", "g", "h", "i", "j", "k"].map((name) => ({ task_id: name, n: 1, c: 1, passed: [1] })),
      ]),
    );
    const { outcomes: honest, rejections } = await reading(path);
    expect(honest.filter((row) => row.problem === "d").length).toBe(3);
    expect(rejections.map(({ line, field, reason }) => [line, field, reason])).toEqual([
      [1, "c", "says 2 and the list has 1 correct"],
      [2, "n", "says 4 and the list has 3"],
      [3, "passed", "neither correct nor incorrect: 2"],
      [5, "passed", "an empty list"],
    ]);
  });

  test("Parquet lists are draws too", async () => {
    const path = `${folder.path}/lists.parquet`;
    await parquetOf(
      "SELECT 'x' AS problem, [true, false, NULL] AS is_correct, [1.5, 2.5, 3.5] AS reward, ['4', '5', '6'] AS pred",
      path,
    );
    const { outcomes } = await reading(path);
    expect(outcomes.map(({ verdict, reward, answer }) => [verdict, reward, answer])).toEqual([
      ["correct", 1.5, "4"],
      ["incorrect", 2.5, "5"],
      ["unscored", 3.5, "6"],
    ]);
  });

  test("an empty verdict is unscored with a reason, an absent one a rejected row", async () => {
    const path = folder.write(
      "gaps.jsonl",
      jsonLines([{ id: 1, correct: true }, { id: 2, correct: null }, { id: 3 }]),
    );
    const { outcomes, rejections } = await reading(path);
    expect(outcomes.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ["correct", undefined],
      ["unscored", "no verdict in the row"],
    ]);
    expect(rejections.map(({ line, field }) => [line, field])).toEqual([[3, "correct"]]);
  });

  test("an answer column is the draw's answer only where it differs between draws of a problem", async () => {
    const constant = [0, 1].map((draw) => ({ id: 1, draw, correct: draw, answer: "7" }));
    const varying = [0, 1].map((draw) => ({ id: 1, draw, correct: draw, answer: `${draw}` }));
    expect(
      (await reading(folder.write("constant.jsonl", jsonLines(constant)))).outcomes.map((row) => row.answer),
    ).toEqual([undefined, undefined]);
    expect(
      (await reading(folder.write("varying.jsonl", jsonLines(varying)))).outcomes.map((row) => row.answer),
    ).toEqual(["0", "1"]);
  });

  test("the same file has the same draws, another file others", async () => {
    const content = jsonLines([{ id: 1, correct: true }]);
    const sets = await Promise.all(
      [
        ["one.jsonl", content],
        ["copy.jsonl", content],
        ["other.jsonl", `${content}\n`],
      ].map(async ([name = "", text = ""]) => (await reading(folder.write(name, text))).outcomes[0]?.drawSet),
    );
    expect(sets[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(sets[1]).toBe(sets[0]);
    expect(sets[2]).not.toBe(sets[0]);
  });
});

describe("columns", () => {
  test("beside a number of the draw, correct is that draw's verdict and not a count of all n", async () => {
    const path = folder.write("total.csv", "problem,sample_idx,n_samples,correct\np,0,2,1\np,1,2,0\n");
    const { outcomes, counts } = await reading(path);
    expect(counts).toEqual([]);
    expect(outcomes.map(({ draw, verdict }) => [draw, verdict])).toEqual([
      [0, "correct"],
      [1, "incorrect"],
    ]);
  });

  test("a number of the row names no problem where prompts repeat", async () => {
    const rows = ["a", "a", "b"].map((question, index) => ({ index, question, correct: index % 2 }));
    const { outcomes } = await reading(folder.write("rows.jsonl", jsonLines(rows)));
    expect(new Set(outcomes.map((row) => row.problem)).size).toBe(2);
    expect(outcomes.map((row) => row.draw)).toEqual([0, 1, 0]);
  });

  test("a mapping names columns that are not recognised", async () => {
    const path = folder.write("odd.csv", "who,what,tries,hits\nm,x,5,2\n");
    await expect(reading(path)).rejects.toThrow(
      /has no column for problems .*--map \(columns: who, what, tries, hits\)/,
    );
    const { counts } = await reading(path, { map: { model: "who", problem: "what", n: "tries", c: "hits" } });
    expect(counts[0]).toMatchObject({ model: "m", problem: "x", n: 5, correct: 2 });
  });

  test("a mapped column that does not exist is named with those that do", async () => {
    const path = folder.write("odd.csv", "who,what\nm,x\n");
    await expect(reading(path, { map: { n: "tries" } })).rejects.toThrow(
      "--map n=tries: the table has no such column; it has who, what",
    );
  });

  test("a log-probability above 0 or not the negative of its twin is rejected", async () => {
    const path = folder.write(
      "scores.csv",
      "model,problem,Log Score,Neg Log Score\nm,1,-2.5,2.5\nm,2,0.5,-0.5\nm,3,-2,3\nm,4,-inf,\nm,5,-1,1\n",
    );
    const { likelihoods, rejections } = await reading(path);
    expect(likelihoods.map((row) => row.logProbability)).toEqual([-2.5, Number.NEGATIVE_INFINITY, -1]);
    expect(rejections.map(({ line, field }) => [line, field])).toEqual([
      [3, "Log Score"],
      [4, "Neg Log Score"],
    ]);
  });

  test("a column called like a score beside counts is no log-probability", async () => {
    const path = folder.write("both.csv", "model,problem,n,c,Log Score\nm,1,4,2,-0.69\n");
    const { likelihoods, counts } = await reading(path);
    expect([likelihoods.length, counts.length]).toEqual([0, 1]);
  });

  test("names that SQL or objects hold dear are only names", async () => {
    const column = `c"; DROP TABLE x; -- '`;
    const path = `${folder.path}/it's *[odd]*?.parquet`;
    await parquetOf(`SELECT 'p' AS "constructor", 4 AS n, 1 AS "${column.replaceAll('"', '""')}"`, path);
    const { counts } = await reading(path, { map: { problem: "constructor", c: column } });
    expect(counts[0]).toMatchObject({ problem: "p", n: 4, correct: 1 });
    const lines = folder.write("proto.jsonl", '{"__proto__":"p","n":4,"c":1}\n');
    expect((await reading(lines, { map: { problem: "__proto__" } })).counts[0]?.problem).toBe("p");
  });

  test("a header that names a column twice is refused", async () => {
    await expect(reading(folder.write("twice.csv", "problem,n,c,n\n1,2,1,3\n"))).rejects.toThrow(
      'the column "n" appears twice',
    );
  });

  test("training steps and tokens are read and kept", async () => {
    const path = folder.write(
      "steps.csv",
      "model,problem,step,training_tokens,n,c\nm,1,1000,2e9,4,2\nm,1,2000,4e9,4,3\n",
    );
    expect(
      (await reading(path)).counts.map(({ step, trainingTokens, correct }) => [
        step,
        trainingTokens,
        correct,
      ]),
    ).toEqual([
      [1000, 2e9, 2],
      [2000, 4e9, 3],
    ]);
  });
});

describe("damaged files", () => {
  test.each([
    ["empty.jsonl", "", /the file is empty/],
    ["text.txt", "just some words\nand more\n", /not recognised/],
    ["cut.parquet", Buffer.from("PAR1 and no more"), /the Parquet file cannot be read/],
    [
      "cut.jsonl.gz",
      gzipSync(countLines.repeat(50)).subarray(0, 60),
      /the gzip stream is damaged or cut short/,
    ],
    ["cut.json", listArray.slice(0, 60), /cut short|not recognised/],
    ["binary.bin", Buffer.from([1, 2, 0, 3, 4, 0]), /not recognised/],
  ])("%s is refused", async (name, content, message) => {
    await expect(reading(folder.write(name, content))).rejects.toThrow(message);
  });

  test("a file that does not exist, and a folder, are refused", async () => {
    await expect(reading(`${folder.path}/absent.csv`)).rejects.toThrow(
      /cannot be read \(no such file or folder\)/,
    );
    await expect(reading(folder.path)).rejects.toThrow(/not a file/);
  });
});

describe("checkpoints in a column of their own", () => {
  const csv = (column: string, names: readonly string[]) =>
    [`model,${column},problem,correct`, ...names.flatMap((name) => [`m,${name},p,1`, `m,${name},q,0`])].join(
      "\n",
    );

  test("are steps where they are called so", async () => {
    for (const [column, names] of [
      ["step", ["100", "200.0"]],
      ["step", ["step-100", "step-200"]],
      ["checkpoint", ["global_step_100", "global_step_200"]],
      ["checkpoint", ["checkpoint-100", "Checkpoint 200"]],
      ["train_step", ["iter100", "iteration=200"]],
    ] as const) {
      const { rows, rejections } = await reading(folder.write("steps.csv", csv(column, names)));
      expect(rejections).toEqual([]);
      expect(rows.map(({ step }) => step)).toEqual([100, 100, 200, 200]);
    }
  });

  test("are refused where they are not, rather than pooled into one model", async () => {
    await expect(reading(folder.write("names.csv", csv("checkpoint", ["base", "sft"])))).rejects.toThrow(
      'no valid row (read as table); 4 rejected, the first (line 2, checkpoint): no number of a step: "base"; --map model=checkpoint makes each of its names a model',
    );
    const named = await reading(folder.write("names.csv", csv("checkpoint", ["base", "sft"])), {
      map: { model: "checkpoint" },
    });
    expect(named.rows.map(({ model }) => model)).toEqual(["base", "base", "sft", "sft"]);
    const one = await reading(folder.write("one.csv", csv("checkpoint", ["/models/base"])));
    expect(one.rows.map(({ model, step }) => [model, step])).toEqual([
      ["m", undefined],
      ["m", undefined],
    ]);
  });
});
