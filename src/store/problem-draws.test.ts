import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hostileTexts } from "../../test/hostile-text.ts";
import { likelihoodRow, outcomeRow, responseRow } from "../../test/rows.ts";
import { type Outcome, type Response, type Row, shortHash } from "../record/index.ts";
import { type ProblemDrawsRequest, problemDraws } from "./problem-draws.ts";
import { UnitStore } from "./unit-store.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-draws-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A run with these rows, the first ones in Parquet parts and the rest in segments of units. */
async function written(name: string, compacted: readonly Row[], pending: readonly Row[]): Promise<string> {
  const run = join(folder, name);
  const given = {
    folder: run,
    description: { software: {}, command: ["test"] },
    writer: { kind: "sole" },
  } as const;
  for (const [index, rows] of [compacted, pending].entries()) {
    const store = await UnitStore.open(given);
    for (const [number, row] of rows.entries()) {
      await store.add({ key: shortHash(`${index}/${number}`), rows: [row] });
    }
    // Closing moves the rows into parts.
    await (index === 0 ? store.close() : store.abandon());
  }
  return run;
}

const draw = (
  at: number,
  fields: { problem?: string; text?: string; right?: boolean } = {},
): [Response, Outcome] => {
  const { problem = "p", text = `text ${at}`, right = at % 3 === 0 } = fields;
  const promptHash = shortHash(problem);
  return [
    responseRow({ problem, promptHash, draw: at, text, prompt: `prompt of ${problem}`, target: "42" }),
    outcomeRow({ problem, promptHash, draw: at, verdict: right ? "correct" : "incorrect" }),
  ];
};

const { model, task, samplingHash, verifier } = outcomeRow({ problem: "p", draw: 0, verdict: "correct" });
const group = { position: 0, model, samplingHash, verifier };
const asking = (run: string, change: Partial<ProblemDrawsRequest> = {}): ProblemDrawsRequest => ({
  runs: [{ folder: run, groups: [group] }],
  task,
  problem: "p",
  from: 0,
  limit: 100,
  longestText: 1000,
  mostTokens: 10,
  ...change,
});
const drawsOf = async (request: ProblemDrawsRequest) =>
  (await problemDraws(request))?.draws.map((found) => found.draw);

describe("the draws of a problem", () => {
  test("are those of parts and of segments in order, with verdict, prompt and reference answer", async () => {
    const compacted = [3, 1, 0].flatMap((at) => [...draw(at), ...draw(at, { problem: "q" })]);
    const run = await written(
      "run",
      compacted,
      [4, 2].flatMap((at) => draw(at)),
    );
    expect(await problemDraws(asking(run))).toEqual({
      prompt: "prompt of p",
      promptCut: 0,
      target: "42",
      total: 5,
      draws: [0, 1, 2, 3, 4].map((at) => ({
        position: 0,
        draw: at,
        verdict: at % 3 === 0 ? "correct" : "incorrect",
        text: `text ${at}`,
        cut: 0,
      })),
    });
  });

  test("come a window at a time, of one verdict or of one model", async () => {
    const run = await written(
      "run",
      [0, 1, 2, 3].flatMap((at) => draw(at)),
      [4, 5, 6].flatMap((at) => draw(at)),
    );
    expect(await drawsOf(asking(run, { from: 2, limit: 3 }))).toEqual([2, 3, 4]);
    expect(await drawsOf(asking(run, { verdict: "correct" }))).toEqual([0, 3, 6]);
    expect((await problemDraws(asking(run, { verdict: "correct", limit: 1 })))?.total).toBe(3);
    expect(await drawsOf(asking(run, { position: 1 }))).toEqual([]);
  });

  test("of several runs and models come by their groups' positions; another model, scorer or sampling is not theirs", async () => {
    const at = (step: number) => draw(0, { text: `step ${step}` }).map((row) => ({ ...row, step }));
    const first = await written("first", [...at(10), ...at(20)], []);
    const second = await written("second", [], draw(1));
    const groups = [20, 10].map((step, index) => ({ ...group, step, position: index + 1 }));
    const runs = [
      { folder: first, groups },
      { folder: second, groups: [group] },
    ];
    const found = await problemDraws(asking(first, { runs }));
    expect(found?.draws.map(({ position, text }) => [position, text])).toEqual([
      [0, "text 1"],
      [1, "step 20"],
      [2, "step 10"],
    ]);
    const others = [
      { model: "other" },
      { verifier: "other" },
      { samplingHash: shortHash("other") },
      { step: 1 },
    ];
    for (const change of others) {
      const given = [{ folder: second, groups: [{ ...group, ...change }] }];
      expect(await problemDraws(asking(second, { runs: given }))).toBeUndefined();
    }
  });

  test("have the log-probabilities of the model that drew them, a token at a time", async () => {
    const scored = likelihoodRow({
      problem: "p",
      promptHash: shortHash("p"),
      role: "draw",
      draw: 0,
      logProbability: Number.NEGATIVE_INFINITY,
      tokenLogProbabilities: [-0.5, Number.NEGATIVE_INFINITY, -2],
      tokens: ["te", "xt", " 0"],
    });
    const rows = [...draw(0), scored, { ...scored, model: "another" }];
    const expected = {
      logProbability: Number.NEGATIVE_INFINITY,
      tokenLogProbabilities: [-0.5, Number.NEGATIVE_INFINITY, -2],
      tokens: ["te", "xt", " 0"],
    };
    for (const [compacted, pending] of [
      [rows, []],
      [[], rows],
    ] as const) {
      const run = await written(`run ${compacted.length}`, compacted, pending);
      expect((await problemDraws(asking(run)))?.draws).toMatchObject([expected]);
      const cut = (await problemDraws(asking(run, { mostTokens: 2 })))?.draws[0];
      expect(cut?.tokenLogProbabilities).toEqual([-0.5, Number.NEGATIVE_INFINITY]);
      expect(cut?.tokens).toBeUndefined();
    }
  });

  test("have no scores of another model's draw of the same number, told by its text or by who drew it", async () => {
    const [response, outcome] = draw(0);
    const own = likelihoodRow({
      problem: "p",
      promptHash: shortHash("p"),
      role: "draw",
      draw: 0,
      drawnBy: outcome.model,
      logProbability: -1.5,
      fingerprint: crc32(response.text),
    });
    const other = { ...own, drawnBy: "another", logProbability: -9, fingerprint: crc32("of another model") };
    for (const judged of [outcome, { ...outcome, fingerprint: crc32(response.text) }]) {
      const drawn = [response, judged];
      for (const [at, rows] of [[own, other], [other, own], [other]].entries()) {
        const run = await written(`run ${judged.fingerprint} ${at}`, [...drawn, ...rows], []);
        const found = (await problemDraws(asking(run)))?.draws;
        expect(found).toHaveLength(1);
        expect(found?.[0]?.logProbability).toBe(rows.includes(own) ? -1.5 : undefined);
      }
    }
  });

  test("are cut to the length asked for, by characters and not by halves of them", async () => {
    const run = await written("run", draw(0, { text: "𝔘".repeat(12) }), []);
    const found = await problemDraws(asking(run, { longestText: 5 }));
    expect(found).toMatchObject({ prompt: "promp", promptCut: 6, draws: [{ text: "𝔘".repeat(5), cut: 7 }] });
  });

  test("of an unknown problem or task are undefined, and those without a text are not among them", async () => {
    const [, outcome] = draw(0, { problem: "silent" });
    const run = await written("run", draw(0), [outcome]);
    expect(await problemDraws(asking(run, { problem: "unknown" }))).toBeUndefined();
    expect(await problemDraws(asking(run, { task: "unknown" }))).toBeUndefined();
    expect(await problemDraws(asking(run, { problem: "silent" }))).toMatchObject({ total: 0, draws: [] });
  });

  test("of a name that stands for several prompts are told apart by the prompt's hash", async () => {
    const rows = ["a", "b"].flatMap((prompt) =>
      draw(0, { text: prompt }).map((row) => ({ ...row, promptHash: shortHash(prompt) })),
    );
    const run = await written("run", rows.slice(0, 2), rows.slice(2));
    const texts = async (name: string) =>
      (await problemDraws(asking(run, { problem: `p (prompt ${shortHash(name)})` })))?.draws.map(
        ({ text }) => text,
      );
    expect(await texts("a")).toEqual(["a"]);
    expect(await texts("b")).toEqual(["b"]);
    expect(await texts("c")).toBeUndefined();
  });

  test("are found by a hostile name, and by the beginning of an endless one", async () => {
    const rows = hostileTexts.flatMap((name) => draw(0, { problem: name, text: name }));
    const some = hostileTexts.filter((_, index) => index % 3 === 2);
    for (const [run, names] of [
      [await written("parts", rows, []), hostileTexts],
      [await written("segments", [], rows), some],
    ] as const) {
      for (const name of names) {
        const found = await problemDraws(asking(run, { problem: name, longestText: 2_000_000 }));
        expect(found?.draws).toMatchObject([{ text: Buffer.from(name, "utf8").toString("utf8") }]);
        if (name.length < 300) continue;
        expect(await drawsOf(asking(run, { problem: name.slice(0, 300), begins: true }))).toEqual([0]);
      }
    }
  });
});
