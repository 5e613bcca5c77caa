/** `lmcov reproduce` end to end at a size for tests, and the paper's size as a plan. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { plannedConfig } from "../../src/cli/reproduce-train.ts";
import { prepareTraining } from "../../src/cli/train-setup.ts";
import { figures } from "../../src/reproduce/index.ts";
import { trainingConfig } from "../../src/train/index.ts";
import { ensureBuilt, lmcov } from "../lmcov.ts";

let folder: string;
beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "lmcov-reproduce-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (words: readonly string[]) => lmcov(["reproduce", ...words], { cwd: folder });
const textOf = (path: string) => readFile(join(folder, path), "utf8");

describe("lmcov reproduce figure-1", () => {
  const smoke = ["figure-1", "--scale", "smoke", "--seeds", "2", "--threads", "1", "--out", "smoke"];

  test("trains, scores and draws from one command, and again keeps all that is there", async () => {
    const first = await run([...smoke, "--json"]);
    expect(first.code, first.stderr).toBe(0);
    const { schema, files, claims } = JSON.parse(first.stdout);
    expect(schema).toBe("lmcov/reproduce@1");
    expect(claims.length).toBeGreaterThan(3);
    for (const name of files as string[])
      expect((await stat(join(folder, "smoke", name))).size).toBeGreaterThan(0);
    for (const panel of ["kl-over-fine-tuning", "coverage-over-fine-tuning", "pass-8-against-coverage"]) {
      expect(files).toEqual(expect.arrayContaining([`${panel}.svg`, `${panel}.png`, `${panel}.csv`]));
      expect(await textOf(`smoke/${panel}.svg`)).toMatch(/^<svg /);
    }
    const page = await textOf("smoke/index.html");
    expect(page.match(/<svg /g)?.length).toBeGreaterThan(6);
    expect(page).not.toMatch(/\b(?:NaN|undefined)\b/);
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);

    const before = await textOf("smoke/figure-1.json");
    const checkpoint = "smoke/seed-2/fine-tuning/checkpoints/step-00000006/model.safetensors";
    const written = (await stat(join(folder, checkpoint))).mtimeMs;
    const again = await run(smoke);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr).not.toContain("training seed");
    expect((await stat(join(folder, checkpoint))).mtimeMs).toBe(written);
    expect(await textOf("smoke/figure-1.json")).toBe(before);
  });

  test("its trainings are runs that report reads, with KL and coverage of every checkpoint", async () => {
    const { code, stdout } = await lmcov(["report", "smoke/seed-1/fine-tuning", "--no-html", "--json"], {
      cwd: folder,
    });
    expect(code).toBe(0);
    const [task] = JSON.parse(stdout).likelihoods;
    expect(task.drawnBy).toBe("data distribution");
    expect(task.winFrequencies.length).toBe(4);
  });

  test("the record alone gives the same numbers", async () => {
    const { code, stderr } = await run(["figure-1", "--record", "smoke", "--out", "again"]);
    expect(code, stderr).toBe(0);
    const numbers = async (name: string) => {
      const { command: _, conditions: __, ...rest } = JSON.parse(await textOf(`${name}/figure-1.json`));
      return rest;
    };
    expect(await numbers("again")).toEqual(await numbers("smoke"));
  });

  test("a finished training of another configuration is not taken for the planned one", async () => {
    const { code, stderr } = await run(["figure-1", "--scale", "laptop", "--plan", "--out", "smoke"]);
    expect(code, stderr).toBe(0);
    await rm(join(folder, "smoke", "scores"), { recursive: true });
    const path = join(folder, "smoke", "seed-1", "pre-training", "run.json");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace('"batch": 8', '"batch": 16').replace('"batch":8', '"batch":16'));
    const refused = await run(smoke);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("was trained by another configuration");
    await writeFile(path, text);
  });
});

describe("figures of several trainings a seed", () => {
  test.each([
    ["figure-2", ["kl", "coverage-4", "coverage-8", "coverage-16", "ratio"]],
    ["interventions", ["pass-8-against-kl"]],
  ] as const)(
    "%s trains, scores and draws from one command; its record alone gives the same numbers",
    async (name, panels) => {
      const words = [name, "--scale", "smoke", "--seeds", "2", "--threads", "1", "--out", name];
      const first = await run([...words, "--json"]);
      expect(first.code, first.stderr).toBe(0);
      const { files, claims } = JSON.parse(first.stdout);
      expect(claims.length).toBeGreaterThan(0);
      for (const panel of panels) {
        expect(files).toEqual(expect.arrayContaining([`${panel}.svg`, `${panel}.png`, `${panel}.csv`]));
      }
      expect(await textOf(`${name}/index.html`)).not.toMatch(/\b(?:NaN|undefined)\b/);
      const again = await run([name, "--record", name, "--out", `${name}-again`]);
      expect(again.code, again.stderr).toBe(0);
      for (const file of files as string[]) {
        if (file.endsWith(".csv"))
          expect(await textOf(`${name}-again/${file}`)).toBe(await textOf(`${name}/${file}`));
      }
    },
    120_000,
  );
});

describe("the paper's scale", () => {
  test("says what it costs and runs nothing unless asked to", async () => {
    const { code, stdout, stderr } = await run([
      "figure-1",
      "--scale",
      "paper",
      "--seeds",
      "1",
      "--out",
      "paper",
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain("nothing was run: --yes");
    expect(stdout).toContain("200,000 steps of 128 sequences of 135 tokens");
    expect(stdout).toMatch(/floating-point operations .*\nmemory about .* GB, disk about .* GB/);
    expect(await readdir(folder)).not.toContain("paper");
  });

  const atPaperScale = figures.filter(({ scales }) => scales.includes("paper"));
  test.each(atPaperScale.map((figure) => [figure.name, figure] as const))(
    "%s: its model takes steps, with a small batch here",
    async (_, figure) => {
      const [training] = figure.plan({ scale: "paper", seeds: [1] }).trainings;
      const planned = plannedConfig(training!, { out: folder, device: "cpu", threads: 1 });
      const { data } = planned;
      const small = trainingConfig(
        { ...planned, batch: 2, steps: 2, ...(data.limit !== undefined && { data: { ...data, limit: 8 } }) },
        "small batch",
      );
      const prepared = await prepareTraining(small, { folder: join(folder, "built") });
      try {
        expect(prepared.numbers.parameters).toBeGreaterThan(1e7);
        const first = await prepared.trainer.advance();
        const second = await prepared.trainer.advance();
        expect(Number.isFinite(first.loss) && Number.isFinite(second.loss)).toBe(true);
        expect(second.step).toBe(2);
      } finally {
        await prepared.release();
      }
    },
    60_000,
  );

  test("a figure that there is not is refused with those that there are", async () => {
    const { code, stderr } = await run(["figure-9"]);
    expect(code).toBe(2);
    expect(stderr).toContain("must be figure-1");
  });
});
