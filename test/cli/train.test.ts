/** `lmcov train` from configuration to report, undisturbed, interrupted and killed. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureBuilt, lmcov } from "../lmcov.ts";
import { disturbed, filesOf, journalLines, writeSums, writeTraining } from "../training.ts";

let folder: string;
beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "lmcov-train-"));
  await writeSums(folder);
  await writeTraining(folder);
  const { code, stderr } = await lmcov(["train", "train.yaml", "--out", "whole"], { cwd: folder });
  expect(code, stderr).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}) => lmcov(words, { cwd: folder, env });

interface RunContent {
  readonly checkpoints: Map<string, Buffer>;
  readonly journal: string;
}

async function contentOf(name: string): Promise<RunContent> {
  return {
    checkpoints: await filesOf(join(folder, name, "checkpoints")),
    journal: await readFile(join(folder, name, "journal", "train.jsonl"), "utf8"),
  };
}

/** The same names with the same bytes; a plain comparison of large buffers is slow to print. */
function expectEqual(found: RunContent, wanted: RunContent) {
  expect([...found.checkpoints.keys()].sort()).toEqual([...wanted.checkpoints.keys()].sort());
  for (const [name, bytes] of wanted.checkpoints) {
    expect(found.checkpoints.get(name)?.equals(bytes), name).toBe(true);
  }
  expect(found.journal).toBe(wanted.journal);
}

async function reportOf(name: string) {
  const { tasks, likelihoods } = JSON.parse((await run(["report", name, "--json", "--no-html"])).stdout);
  return { tasks, likelihoods };
}

describe("a training", () => {
  test("gives a run whose checkpoints every command shows by step", async () => {
    const report = JSON.parse((await run(["report", "whole", "--json", "--no-html"])).stdout);
    const labels = [0, 20, 40, 60].map((step) => `whole, step ${step}`);
    expect(report.tasks[0].models.map(({ model }: { model: string }) => model)).toEqual(labels);
    expect(report.tasks[0].models.map(({ step }: { step: number }) => step)).toEqual([0, 20, 40, 60]);
    const select = JSON.parse((await run(["select", "whole", "--json"])).stdout);
    expect(select.tournament.scores.map(({ model }: { model: string }) => model)).toEqual(labels);
    expect(select.crossEntropy.winner).toBe(labels[3]);
    const profile = JSON.parse((await run(["profile", "whole", "--json"])).stdout);
    expect(profile.models.map(({ model }: { model: string }) => model)).toEqual(labels);
    const passk = JSON.parse((await run(["passk", "whole", "--k", "1,4", "--json"])).stdout);
    expect(passk.models).toHaveLength(4);
  });

  test("records what it depends on, and lowers the loss", async () => {
    const { training, software } = JSON.parse(await readFile(join(folder, "whole", "run.json"), "utf8"));
    expect(software.node).toBe(process.versions.node);
    expect(training.engine).toMatch(/^onnxruntime .* cpu, 1 thread$/);
    expect(training.config).toMatchObject({ seed: "1", steps: 60, threads: 1 });
    expect(Object.keys(training.files).some((path) => path.endsWith("train.jsonl"))).toBe(true);
    const lines = (await readFile(join(folder, "whole", "journal", "train.jsonl"), "utf8"))
      .trim()
      .split("\n");
    const probes = lines.map((line) => JSON.parse(line)).filter((line) => "probe" in line);
    expect(probes.map(({ step }) => step)).toEqual([0, 20, 40, 60]);
    expect(probes[3].probe.crossEntropy).toBeLessThan(probes[0].probe.crossEntropy - 5);
    expect(probes[3].probe.coverageKind).toBe("upper-bound");
    expect(probes[3].probe.passAtK.map(({ k }: { k: number }) => k)).toEqual([1, 2, 4]);
  });

  test("killed three times and run again is the undisturbed one byte for byte, in checkpoints, journal and report", async () => {
    for (const lines of [9, 33, 52]) {
      const { ended } = await disturbed(["train", "train.yaml", "--out", "killed/whole"], {
        cwd: folder,
        signal: "SIGKILL",
        moment: async () => (await journalLines(join(folder, "killed", "whole"))) >= lines,
      });
      expect(ended).toBe("SIGKILL");
    }
    const last = await run(["train", "--resume", "killed/whole", "--json"]);
    expect(last.code, last.stderr).toBe(0);
    expect(JSON.parse(last.stdout)).toMatchObject({ finished: true, step: 60 });
    expect(JSON.parse(last.stdout).from).toBeGreaterThan(0);
    expectEqual(await contentOf("killed/whole"), await contentOf("whole"));
    expect(await reportOf("killed/whole")).toEqual(await reportOf("whole"));
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "stopped by %s finishes its step, saves, and says how to go on",
    async (signal) => {
      const name = `${signal}/whole`;
      const { ended, stderr } = await disturbed(["train", "train.yaml", "--out", name], {
        cwd: folder,
        signal,
        moment: async () => (await journalLines(join(folder, name))) >= 12,
      });
      expect(ended, stderr).toBe(130);
      expect(stderr).toMatch(
        new RegExp(`stopped after step \\d+ of 60; continue with: lmcov train --resume ${name}`),
      );
      const again = await run(["train", "train.yaml", "--out", name, "--json"]);
      expect(again.code, again.stderr).toBe(0);
      const stoppedAt = Number(/step (\d+) of/.exec(stderr)?.[1]);
      expect(JSON.parse(again.stdout).from).toBe(stoppedAt);
      expectEqual(await contentOf(name), await contentOf("whole"));
    },
  );

  test("is alone in its run folder while it runs; killed, it gives the folder free at once", async () => {
    const long = { steps: 100_000, probes: undefined, checkpoints: undefined, evaluation: undefined };
    await writeTraining(folder, long, "long.yaml");
    const refusals: { code: number | null; stderr: string }[] = [];
    await disturbed(["train", "long.yaml", "--out", "busy"], {
      cwd: folder,
      signal: "SIGKILL",
      moment: async () => {
        if ((await journalLines(join(folder, "busy"))) < 3) return false;
        refusals.push(
          await run(["train", "--resume", "busy"]),
          await run(["score-with", "whole", "--step", "last", "--input", "held-out.jsonl", "--out", "busy"]),
        );
        return true;
      },
    });
    expect(refusals).toHaveLength(2);
    for (const { code, stderr } of refusals) {
      expect(stderr).toMatch(/busy: process \d+ on .* is working in this run folder; wait until it ends/);
      expect(code).toBe(2);
    }
    const after = ["score-with", "whole", "--step", "last", "--input", "held-out.jsonl", "--out", "busy"];
    expect(await run(after)).toMatchObject({ code: 0 });
  });

  test("run again when it is finished says so and changes nothing", async () => {
    const before = await contentOf("whole");
    const { code, stdout } = await run(["train", "train.yaml", "--out", "whole"]);
    expect([code, stdout]).toEqual([0, "whole: its 60 steps are done already\n"]);
    expectEqual(await contentOf("whole"), before);
  });

  test("does not continue with another configuration, data or number of threads unless told to", async () => {
    await writeTraining(folder, { steps: 63, threads: 2 }, "longer.yaml");
    const refused = await run(["train", "longer.yaml", "--out", "whole"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/config\.steps was 60 and is 63/);
    expect(refused.stderr).toMatch(/1 thread" and is "onnxruntime .* 2 threads"/);
    await run(["train", "train.yaml", "--out", "extended"]);
    const allowed = await run(["train", "longer.yaml", "--out", "extended", "--allow-different", "--json"]);
    expect(JSON.parse(allowed.stdout)).toMatchObject({ from: 60, step: 63, checkpoints: [20, 40, 60, 63] });
    const { journal } = await contentOf("extended");
    const different = journal.split("\n").find((line) => line.includes("different"));
    expect(JSON.parse(different ?? "{}").different).toContain("config.steps was 60 and is 63");
  });

  test("of known log-probabilities of the data shows Cov_N and KL themselves", async () => {
    const lines = (await readFile(join(folder, "held-out.jsonl"), "utf8")).trim().split("\n");
    const known = lines.map((line, index) => JSON.stringify({ ...JSON.parse(line), lp: -0.1 * index }));
    await writeFile(join(folder, "known.jsonl"), `${known.join("\n")}\n`);
    const evaluation = { file: "known.jsonl", logProbability: "lp", task: "sums" };
    await writeTraining(folder, { evaluation, steps: 20, probes: { every: 10 } }, "known.yaml");
    const trained = await run(["train", "known.yaml", "--out", "known", "--json"]);
    expect(trained.code, trained.stderr).toBe(0);
    const { lastProbe } = JSON.parse(trained.stdout);
    // KL = E[log π_D] + cross-entropy, as each prompt has one response.
    expect(lastProbe.kl).toBeCloseTo(lastProbe.crossEntropy - 0.95, 9);
    expect(lastProbe.coverageKind).toBe("reference");
    const profile = JSON.parse((await run(["profile", "known", "--json"])).stdout);
    const last = profile.models.find(({ model }: { model: string }) => model === "known, step 20");
    expect(last.profile[0]).toMatchObject({ n: 2, kind: "reference" });
    expect(last.profile.map(({ coverage }: { coverage: number }) => coverage)).toEqual(
      lastProbe.coverage.map(({ coverage }: { coverage: number }) => coverage),
    );
  });

  test("by the float64 interpreter needs no onnxruntime, and without either says how to get it", async () => {
    await writeTraining(
      folder,
      { steps: 2, probes: undefined, evaluation: undefined, checkpoints: {} },
      "short.yaml",
    );
    const hook = `export async function resolve(name, context, next) {
      if (name === "onnxruntime-node") throw Object.assign(new Error("Cannot find package '" + name + "'"), { code: "ERR_MODULE_NOT_FOUND" });
      return next(name, context);
    }`;
    const register = `import { register } from "node:module"; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});`;
    const env = {
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(register)}`,
      LMCOV_PACKAGES: "",
    };
    const without = await run(["train", "short.yaml", "--out", "without"], env);
    expect(without.code).toBe(2);
    expect(without.stderr).toMatch(/needs the package onnxruntime-node, .*npm install onnxruntime-node@/);
    expect(existsSync(join(folder, "without"))).toBe(false);
    const slow = await run(["train", "short.yaml", "--out", "slow", "--device", "float64", "--json"], env);
    expect(slow.code, slow.stderr).toBe(0);
    expect(JSON.parse(slow.stdout)).toMatchObject({
      finished: true,
      engine: expect.stringMatching(/float64/),
    });
  });
});
