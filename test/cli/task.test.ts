/** `lmcov task` as users run it, and what trains on its problems. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { pathsOfPrompt } from "../../src/task/index.ts";
import { ensureBuilt, lmcov } from "../lmcov.ts";

let folder: string;
beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "lmcov-task-"));
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...words: string[]) => lmcov(words, { cwd: folder });
const small = ["--middle-layers", "4", "--width", "3", "--names", "24"];

interface Line {
  readonly prompt: string;
  readonly response: string;
  readonly logProbability: number;
  readonly class: string;
  readonly passable: readonly (readonly number[])[];
  readonly pathCount: number;
  readonly paths?: readonly string[];
}
const linesOf = (text: string): Line[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("lmcov task", () => {
  test("prints problems with their paths, which a search over the prompt's edges finds too", async () => {
    const { code, stdout, stderr } = await run(
      "task",
      "graph-figure-1",
      "--count",
      "20",
      "--weights",
      "G3=1",
      ...small,
    );
    expect(code, stderr).toBe(0);
    const lines = linesOf(stdout);
    expect(lines).toHaveLength(20);
    for (const line of lines) {
      expect(line.class).toBe("G3");
      expect(line.logProbability).toBeCloseTo(-Math.log(4), 14);
      expect([...pathsOfPrompt(line.prompt)].sort()).toEqual([...line.paths!].sort());
      expect(line.paths).toContain(line.response);
      expect(line.passable.reduce((product, nodes) => product * nodes.length, 1)).toBe(4);
    }
  });

  test("writes a file, says what is in it, and begins a longer set with the shorter one", async () => {
    const { code, stdout, stderr } = await run(
      "task",
      "graph-figure-2",
      "--count",
      "300",
      "--out",
      "sets/two.jsonl",
      "--json",
    );
    expect(code, stderr).toBe(0);
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({
      schema: "lmcov/task@1",
      task: "graph-figure-2",
      problems: 300,
      promptTokens: 150,
    });
    const text = await readFile(join(folder, "sets", "two.jsonl"), "utf8");
    const classes: Record<string, number> = {};
    for (const line of linesOf(text)) classes[line.class] = (classes[line.class] ?? 0) + 1;
    expect(said.classes).toEqual(classes);
    expect(await readdir(join(folder, "sets"))).toEqual(["two.jsonl"]);
    const shorter = await run("task", "graph-figure-2", "--count", "5");
    expect(text.startsWith(shorter.stdout)).toBe(true);
    const other = await run("task", "graph-figure-2", "--count", "5", "--seed", "2");
    expect(other.stdout).not.toBe(shorter.stdout);
  });

  test("leaves the list of paths out where there are more than asked for", async () => {
    const words = ["task", "graph-figure-2", "--count", "1", "--weights", "G_H2=1", "--middle-layers", "24"];
    const [plain] = linesOf((await run(...words)).stdout);
    expect(plain).toMatchObject({ pathCount: 4096 });
    expect(plain).not.toHaveProperty("paths");
    const [all] = linesOf((await run(...words, "--paths", "4096")).stdout);
    expect(new Set(all!.paths).size).toBe(4096);
  });

  test.each([
    [["graph-figure-3", "--count", "1"], /Allowed choices are graph-figure-1, graph-figure-2/],
    [["graph-figure-1"], /required option '--count/],
    [["graph-figure-1", "--count", "1", "--names", "20"], /names is 20: must be an integer between 34/],
    [
      ["graph-figure-1", "--count", "1", "--weights", "G_H1=1"],
      /no class is called "G_H1" \(known: G1, G2, G3\)/,
    ],
    [["graph-figure-1", "--count", "1", "--weights", "G1"], /a comma-separated list such as G1=0.9,G2=0.1/],
    [["graph-figure-1", "--count", "1", "--json"], /--json: needs --out/],
    [["graph-figure-1", "--count", "1", "--out", "."], /is a folder; --out names the file/],
  ])("refuses %j in one sentence, and writes nothing", async (words, reason) => {
    const before = await readdir(folder);
    const { code, stdout, stderr } = await run("task", ...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toMatch(/\n\s+at |defect/);
    expect(stdout).toBe("");
    expect(await readdir(folder)).toEqual(before);
  });
});

describe("responses to a task's problems", () => {
  test("are judged by the prompt alone as a search over its edges does, and exactly by π_D's draw", async () => {
    const drawn = await run(
      "task",
      "graph-figure-1",
      "--count",
      "6",
      "--weights",
      "G3=1",
      "--padded",
      ...small,
    );
    const rows = linesOf(drawn.stdout).flatMap(({ prompt, response, paths = [] }, index) => {
      const path = response.split(" ");
      const other = paths.find((one) => one !== response) ?? "";
      const responses = [
        response,
        other,
        `  ${other.replaceAll(" ", "\t")}\n`,
        path.toSpliced(2, 1).join(" "),
        path.slice(0, -1).join(" "),
        `The path is ${response}`,
        "",
      ];
      return responses.map((text) => ({ problem: `p${index}`, prompt, target: response, response: text }));
    });
    await writeFile(join(folder, "draws.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
    const isPath = ({ prompt, response }: (typeof rows)[number]) =>
      pathsOfPrompt(prompt).includes(response.trim().split(/\s+/).join(" "));
    const correct = rows.filter(isPath).length;
    expect(correct).toBe(18);

    const judged = await run("verify", "draws.jsonl", "--verify", "path", "--out", "judged", "--json");
    expect(judged.code, judged.stderr).toBe(0);
    expect(JSON.parse(judged.stdout)).toMatchObject({
      ...{ schema: "lmcov/verify@1", verifier: "path" },
      ...{ correct, incorrect: rows.length - correct, unscored: 0, failed: 0 },
    });
    const passAtOne = async (...words: string[]) => {
      const { code, stdout, stderr } = await run("passk", "judged", "--k", "1", "--json", ...words);
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout).models[0].passAtK[0].estimate;
    };
    expect(await passAtOne()).toBeCloseTo(3 / 7, 14);
    expect(await passAtOne("--verify", "exact")).toBeCloseTo(1 / 7, 14);
    const shown = await run("problems", "judged", "--show", "p3", "--json");
    const found: { text: string; verdict: string; reason?: string }[] = JSON.parse(shown.stdout).responses;
    const reasons = found.filter(({ verdict }) => verdict === "incorrect").map(({ reason }) => reason);
    expect(reasons.sort()).toEqual([
      "does not end at the target",
      "does not start at the source",
      "does not start at the source",
      expect.stringMatching(/^no edge from \d+ to \d+$/),
    ]);
  }, 120_000);
});

describe("a training on a task", () => {
  const options = { middleLayers: 2, width: 2, names: 8, edgeOrder: "layered", padded: true, seed: 7 };
  const config = {
    model: { layers: 1, heads: 2, width: 16, context: 40 },
    tokenizer: "numerals:8",
    data: { generator: "graph-figure-1", options },
    evaluation: { file: "held-out.jsonl", logProbability: "logProbability" },
    rule: { name: "adam", learningRate: 0.003 },
    steps: 6,
    batch: 8,
    threads: 1,
    probes: { every: 3, passAt: { verifier: "path", draws: 4, problems: 10, maxTokens: 4 } },
  };

  beforeAll(async () => {
    const settings = [
      "--middle-layers",
      "2",
      "--width",
      "2",
      "--names",
      "8",
      "--edge-order",
      "layered",
      "--padded",
    ];
    const { code, stderr } = await run(
      "task",
      "graph-figure-1",
      "--count",
      "30",
      "--task-seed",
      "7",
      "--out",
      "held-out.jsonl",
      ...settings,
    );
    expect(code, stderr).toBe(0);
    await writeFile(join(folder, "graph.yaml"), stringify(config));
  });

  test("measures KL and pass@N by paths, and a report can judge by π_D's own path instead", async () => {
    const trained = await run("train", "graph.yaml", "--out", "graph");
    expect(trained.code, trained.stderr).toBe(0);
    const journal = (await readFile(join(folder, "graph", "journal", "train.jsonl"), "utf8"))
      .trim()
      .split("\n");
    const [first] = journal.map((line) => JSON.parse(line)).filter((line) => "probe" in line);
    expect(first.probe.coverageKind).toBe("reference");
    expect(first.probe.kl).toBeGreaterThan(0);
    expect(first.probe.passAtK.map(({ k }: { k: number }) => k)).toEqual([1, 2, 4]);
    const judged = async (...words: string[]) => {
      const { code, stdout, stderr } = await run("passk", "graph", "--k", "1,4", "--json", ...words);
      expect(code, stderr).toBe(0);
      const [model] = JSON.parse(stdout).models;
      return { scorer: model.scorer, passAtK: model.passAtK };
    };
    const own = await judged();
    expect(own.scorer).toBe("path");
    // Judged again by the verifier that the run has, and by π_D's own path.
    expect(await judged("--verify", "path")).toEqual(own);
    expect((await judged("--verify", "exact")).scorer).toBe("exact");
  }, 60_000);
});
