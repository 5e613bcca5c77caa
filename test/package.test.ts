/**
 * The packed tarball installs in an empty folder by the commands of the documentation and works there: command, library,
 * types, size. Skipped where no package registry answers.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Block, blocksFor, blocksOf, commandsOf } from "./docs-blocks.ts";
import { ensureBuilt } from "./lmcov.ts";
import { writeSums, writeTraining } from "./training.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const installs = blocksFor("package.test.ts");
const largestInstall = 120e6;

async function bytesUnder(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await bytesUnder(path);
    else if (entry.isFile()) bytes += (await stat(path)).size;
  }
  return bytes;
}

describe("the package", () => {
  let folder: string;
  let tarball: string;
  let missing: string | undefined;
  /** Runs a page's block with the tarball in the place of the package's name. */
  async function installed(page: string): Promise<void> {
    const block = installs.find((one) => one.page === page)!;
    const [[npm = "", ...words] = [], ...others] = commandsOf(block.text);
    expect([npm, words[0], others.length]).toEqual(["npm", "install", 0]);
    const own = words.map((word) => (word === "lmcov" ? tarball : word));
    expect(own).toContain(tarball);
    const flags = ["--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries", "1"];
    try {
      await run(npm, [...own, ...flags], { cwd: folder });
    } catch (error) {
      const said = (error as { stderr?: string }).stderr ?? String(error);
      const [code] =
        /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)\b/.exec(said) ?? [];
      if (code === undefined) throw error;
      missing = `no package registry answers (${code})`;
    }
  }
  /** Runs a page's commands in the project, as npx finds them there. */
  async function runCommands({ text }: Block): Promise<void> {
    for (const words of commandsOf(text)) await run("npx", ["--no-install", ...words], { cwd: folder });
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lmcov-package-"));
    ensureBuilt();
    const { stdout } = await run(
      "npm",
      ["pack", "--json", "--ignore-scripts", "--pack-destination", folder],
      { cwd: root },
    );
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    await writeFile(
      join(folder, "package.json"),
      JSON.stringify({ name: "user", private: true, type: "module" }),
    );
    tarball = join(folder, filename);
    await installed("getting-started.md");
  }, 240_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing);
  });

  test("installs in at most 120 MB", async () => {
    expect(await bytesUnder(join(folder, "node_modules"))).toBeLessThanOrEqual(largestInstall);
  });

  test("runs by npx on a log", async () => {
    await writeFile(join(folder, "log.csv"), "model,problem,n,c\na,p,10,5\na,q,10,0\n");
    const { stdout } = await run(
      "npx",
      ["--no-install", "lmcov", "passk", "log.csv", "--k", "1,10", "--json"],
      { cwd: folder },
    );
    const result = JSON.parse(stdout);
    expect(result.models[0].passAtK.map(({ estimate }: { estimate: number }) => estimate)).toEqual([
      0.25, 0.5,
    ]);
    await run("npx", ["--no-install", "lmcov", "report", "log.csv"], { cwd: folder });
    expect(await readFile(join(folder, "lmcov-report/report.html"), "utf8")).toContain(
      "Not informative: 2 problems",
    );
  });

  test("reports on the log that getting started shows", async () => {
    const [log, command] = blocksOf("getting-started.md").filter(({ mark }) => mark === "");
    await writeFile(join(folder, "log.jsonl"), log!.text);
    await runCommands(command!);
    const html = await readFile(join(folder, "lmcov-report/report.html"), "utf8");
    expect(html.includes("Not informative: 1 problem and 2 draws")).toBe(true);
  });

  test("is imported with types", async () => {
    await writeFile(
      join(folder, "use.ts"),
      `import { passAtK } from "lmcov/coverage";
       import { parseRow } from "lmcov/record";
       const value: number = passAtK({ draws: 4, correct: 1, k: 2 });
       if (Math.abs(value - 0.5) > 1e-15) throw new Error(String(value));
       // @ts-expect-error: a count is a number
       passAtK({ draws: "4", correct: 1, k: 2 });
       console.log(typeof parseRow);`,
    );
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    await run(
      process.execPath,
      [
        tsc,
        "--strict",
        "--module",
        "nodenext",
        "--target",
        "es2022",
        "--outDir",
        "out",
        "--types",
        "",
        "--lib",
        "es2022,dom",
        "use.ts",
      ],
      { cwd: folder },
    );
    await writeFile(
      join(folder, "run.mjs"),
      'import { passAtK } from "lmcov/coverage"; console.log(passAtK({ draws: 4, correct: 1, k: 2 }));',
    );
    const { stdout } = await run(process.execPath, ["run.mjs"], { cwd: folder });
    expect(Number(stdout)).toBeCloseTo(0.5, 15);
  });

  test("trains once onnxruntime is installed beside it, as the page on training says", async () => {
    await installed("training.md");
    if (missing !== undefined) return;
    await writeSums(folder);
    await writeTraining(folder);
    const [command] = blocksOf("training.md").filter(
      ({ language, mark }) => language === "sh" && mark === "",
    );
    await runCommands(command!);
    expect(await readdir(join(folder, "runs", "train", "checkpoints"))).not.toEqual([]);
  }, 240_000);

  test("these are all pages that install", () => {
    expect(installs.map(({ page }) => page)).toEqual(["getting-started.md", "training.md"]);
  });
});
