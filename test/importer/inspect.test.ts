/** Inspect logs: every way a .eval archive is written, unfinished ones, score values, and hostile archives. */
import { deflateRawSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import type { Row } from "../../src/record/index.ts";
import { reading, testFolder } from "./reading.ts";
import { inspectDocument, inspectMembers } from "./small-inputs.ts";
import { type ZipMember, zipOf, zstdBomb } from "./zip-writer.ts";

const folder = testFolder();
afterAll(() => folder.remove());

const evalFile = (members: readonly ZipMember[], name = "log.eval") => folder.write(name, zipOf(members));
const plainRows = (rows: readonly Row[]) =>
  rows.map((row) => JSON.stringify({ ...row, source: undefined })).sort();

/** A document whose samples have the given scores or other changes. */
function documentOf(
  samples: readonly Readonly<Record<string, unknown>>[],
  evaluation: Readonly<Record<string, unknown>> = {},
): string {
  const document = JSON.parse(inspectDocument);
  return folder.write(
    "log.json",
    JSON.stringify({
      ...document,
      eval: { ...document.eval, ...evaluation },
      samples: samples.map((sample, index) => ({ id: index, epoch: 1, input: "Q", target: "A", ...sample })),
    }),
  );
}

describe("Inspect archives", () => {
  test("deflate, zstd, stored, and the JSON document of the same run give the same rows", async () => {
    const expected = await reading(folder.write("log.json", inspectDocument), { texts: true });
    expect(expected.outcomes.length).toBe(4 * 3);
    expect(expected.responses.length).toBe(4);
    for (const method of ["deflate", "zstd", "stored"] as const) {
      const { rows } = await reading(evalFile(inspectMembers(method)), { texts: true });
      expect(plainRows(rows)).toEqual(plainRows(expected.rows));
    }
  });

  test("epochs are draws of a run named by its eval_id, under its settings", async () => {
    const { outcomes } = await reading(evalFile(inspectMembers()));
    const match = outcomes.filter((row) => row.verifier === "match" && row.problem === "1");
    expect(match.map(({ draw, drawSet, verdict, answer }) => [draw, drawSet, verdict, answer])).toEqual([
      [0, "eval1", "incorrect", "2"],
      [1, "eval1", "correct", "2"],
    ]);
    expect(match[0]?.sampling).toEqual({ temperature: 0.7, topP: 0.9 });
    expect(new Set(outcomes.map((row) => row.verifier))).toEqual(
      new Set(["match", "grade.style", "grade.truth"]),
    );
  });

  test("really compressed zstd, in one frame and in two, is read", async () => {
    // `[{"id":1,"epoch":1,"scores":{"match":{"value":"C"}}},{"id":2,"epoch":1,"scores":{"match":{"value":"I"}}}]`
    // through zstd 1.5.4, the second time cut into two frames after 51 bytes.
    const content =
      '[{"id":1,"epoch":1,"scores":{"match":{"value":"C"}}},{"id":2,"epoch":1,"scores":{"match":{"value":"I"}}}]';
    for (const base64 of zstdFixtures) {
      const members = inspectMembers().filter(({ name }) => name === "header.json");
      const path = evalFile([
        ...members,
        { name: "summaries.json", content, method: "zstd", compressed: Buffer.from(base64, "base64") },
      ]);
      const { outcomes } = await reading(path);
      expect(outcomes.map((row) => row.verdict)).toEqual(["correct", "incorrect"]);
    }
  });

  test("of duplicate members the last wins", async () => {
    const old = inspectMembers().map((member) =>
      member.name === "summaries.json"
        ? { ...member, content: String(member.content).replaceAll('"C"', '"I"') }
        : member,
    );
    const { outcomes } = await reading(evalFile([...old, ...inspectMembers()]));
    const { outcomes: reversed } = await reading(evalFile([...inspectMembers(), ...old]));
    const correct = (rows: typeof outcomes) =>
      rows.filter((row) => row.verifier === "match" && row.verdict === "correct").length;
    expect([correct(outcomes), correct(reversed)]).toEqual([2, 0]);
  });

  test("an unfinished log is read from its journal, later summaries over earlier ones", async () => {
    const start = inspectMembers().filter(({ name }) => name === "_journal/start.json");
    const summary = (id: number, value: string) => ({
      id,
      epoch: 1,
      input: "Q",
      target: "A",
      scores: { match: { value } },
    });
    const path = evalFile([
      ...start,
      { name: "_journal/summaries/1.json", content: JSON.stringify([summary(1, "C"), summary(2, "I")]) },
      { name: "_journal/summaries/2.json", content: JSON.stringify([summary(3, "C")]) },
      { name: "_journal/summaries/10.json", content: JSON.stringify([summary(2, "C")]) },
    ]);
    const { outcomes, notes } = await reading(path);
    expect(notes.join()).toContain("an unfinished log");
    expect(outcomes.map((row) => `${row.problem} ${row.verdict}`).sort()).toEqual([
      "1 correct",
      "2 correct",
      "3 correct",
    ]);
  });

  test("samples that no summary speaks of are read themselves, also in the chunked shape", async () => {
    const members = inspectMembers();
    const withoutSummaries = members.filter(({ name }) => !name.includes("summaries"));
    const chunked = withoutSummaries.map((member) => ({
      ...member,
      name: member.name.replace(/^(samples\/.*)\.json$/, "$1/sample.json"),
    }));
    const expected = plainRows((await reading(evalFile(members))).rows);
    expect(plainRows((await reading(evalFile(withoutSummaries))).rows)).toEqual(expected);
    expect(plainRows((await reading(evalFile(chunked))).rows)).toEqual(expected);
  });

  test("a checksum that differs, a method that is unknown and a lie about the length are refused", async () => {
    const change = (name: string, lie: Partial<ZipMember>) =>
      evalFile(
        inspectMembers("zstd").map((member) => (member.name === name ? { ...member, ...lie } : member)),
      );
    await expect(reading(change("summaries.json", { crc: 1 }))).rejects.toThrow(
      /"summaries.json" is damaged \(its checksum differs\)/,
    );
    await expect(reading(change("summaries.json", { claimedSize: 5 }))).rejects.toThrow(
      /another length than the archive says/,
    );
    const archive = zipOf(inspectMembers("stored"));
    await expect(reading(folder.write("cut.eval", archive.subarray(0, archive.length - 30)))).rejects.toThrow(
      /cut short or damaged/,
    );
    await expect(reading(folder.write("cut.eval", archive.subarray(0, 200)))).rejects.toThrow(
      /cut short or damaged/,
    );
  });

  test("names that leave the archive are refused", async () => {
    for (const name of [
      "../escape.json",
      "/etc/escape.json",
      "samples/../../escape.json",
      "C:/escape.json",
    ]) {
      const path = evalFile([...inspectMembers(), { name, content: "{}" }]);
      await expect(reading(path)).rejects.toThrow(/leaves the archive .*refused/);
    }
  });

  test("zip bombs are refused, whatever they claim to hold", async () => {
    const others = inspectMembers().filter(({ name }) => name !== "summaries.json");
    const spaces = Buffer.alloc(200 << 20, 0x20);
    const deflated = deflateRawSync(spaces);
    for (const claimedSize of [spaces.length, 1000]) {
      const member: ZipMember = { name: "summaries.json", content: "", compressed: deflated, claimedSize };
      await expect(reading(evalFile([...others, member]))).rejects.toThrow(/zip bomb|is damaged/);
    }
    const bomb: ZipMember = {
      name: "summaries.json",
      content: "",
      method: "zstd",
      compressed: zstdBomb(20_000),
      claimedSize: 1000,
    };
    await expect(reading(evalFile([...others, bomb]))).rejects.toThrow(/zip bomb|not one JSON document/);
  });

  test("another zip archive is no Inspect log", async () => {
    await expect(reading(evalFile([{ name: "word/document.xml", content: "<x/>" }]))).rejects.toThrow(
      /is no Inspect log/,
    );
  });

  test("a sample that appears twice with different scores contradicts itself; a repetition counts once", async () => {
    const sample = (value: string) => ({ id: 1, scores: { match: { value } } });
    expect((await reading(documentOf([sample("C"), sample("C")]))).outcomes.length).toBe(1);
    await expect(reading(documentOf([sample("C"), sample("I")]))).rejects.toThrow(
      /the sample "1", epoch 1, appears twice with different scores/,
    );
  });
});

describe("Inspect scores", () => {
  test.each([
    ["C", "correct", undefined],
    ["I", "incorrect", undefined],
    ["N", "incorrect", undefined],
    ["P", "incorrect", 0.5],
    [1, "correct", undefined],
    [0, "incorrect", undefined],
    [true, "correct", undefined],
    [0.25, "incorrect", 0.25],
    ["0.75", "incorrect", 0.75],
    [7, "unscored", 7],
    ["excellent", "unscored", undefined],
    [null, "unscored", undefined],
  ])("the value %j is %s", async (value, verdict, score) => {
    const { outcomes } = await reading(documentOf([{ scores: { match: { value } } }]));
    expect(outcomes.map((row) => [row.verdict, row.score])).toEqual([[verdict, score]]);
    expect(outcomes[0]?.reason === undefined).toBe(verdict !== "unscored");
  });

  test("NaN is unscored", async () => {
    const path = documentOf([{ scores: { match: { value: "NaN" } } }]);
    const text = (await import("node:fs")).readFileSync(path, "utf8").replace('"NaN"', "NaN");
    const { outcomes } = await reading(folder.write("nan.json", text));
    expect(outcomes.map((row) => [row.verdict, row.reason])).toEqual([["unscored", "the score is NaN"]]);
  });

  test("lists and objects give a verifier an entry", async () => {
    const { outcomes } = await reading(
      documentOf([{ scores: { a: { value: ["C", "I"] }, b: { value: { x: 1 } } } }]),
    );
    expect(outcomes.map((row) => `${row.verifier} ${row.verdict}`)).toEqual([
      "a[0] correct",
      "a[1] incorrect",
      "b.x correct",
    ]);
  });

  test("a failed sample is unscored by every scorer, a limited one keeps its score", async () => {
    const { outcomes } = await reading(
      documentOf([
        { error: { message: "connection lost" }, scores: {} },
        { limit: { type: "token", limit: 5 }, scores: { match: { value: "C" }, other: { value: "I" } } },
        { scores: null },
      ]),
    );
    expect(
      outcomes
        .map((row) => `${row.problem} ${row.verifier} ${row.verdict} ${row.reason ?? ""}`.trim())
        .sort(),
    ).toEqual([
      "0 match unscored the sample failed: connection lost",
      "0 other unscored the sample failed: connection lost",
      "1 match correct",
      "1 other incorrect",
      "2 match unscored no score in the log",
      "2 other unscored no score in the log",
    ]);
  });

  test("a bad sample is rejected by its place", async () => {
    const { rejections, outcomes } = await reading(
      documentOf([{ epoch: 0, scores: {} }, { id: null }, { scores: { match: { value: "C" } } }]),
    );
    expect(outcomes.length).toBe(1);
    expect(rejections.map(({ member, field }) => [member, field])).toEqual([
      ["samples[0]", "epoch"],
      ["samples[1]", "id"],
    ]);
  });

  test("samples may stand before the head of the document", async () => {
    const { samples, ...head } = JSON.parse(inspectDocument);
    const path = folder.write("late.json", JSON.stringify({ version: 2, samples, ...head }));
    expect((await reading(path)).outcomes.length).toBe(12);
  });
});

const zstdFixtures = [
  "KLUv/SRp9QEAckMMEaDtU83DTvqucHAnsvoa/98QprtPBOjuj+/TZIe+7hXL0173MUHHUbF76SDs0XotAQMAQBG5Cp+2pQ5eTU+U",
  "KLUv/SQzmQEAW3siaWQiOjEsImVwb2NoIjoxLCJzY29yZXMiOnsibWF0Y2giOnsidmFsdWUiOiJDIn19ffcVCCi1L/0kNrEBAH0seyJpZCI6MiwiZXBvY2giOjEsInNjb3JlcyI6eyJtYXRjaCI6eyJ2YWx1ZSI6IkkifX19XdJ2Ov8=",
];
