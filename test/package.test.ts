/** The packed tarball installs in an empty folder and works there: command, library, types, size. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureBuilt } from "./lmcov.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
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
    await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", join(folder, filename)], {
      cwd: folder,
    });
  }, 240_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

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
});
