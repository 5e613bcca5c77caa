/** What the README shows works: its commands, its worked example on the real log, its library example. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksFor, commandsOf } from "./docs-blocks.ts";
import { writeLogs } from "./docs-inputs.ts";
import { ensureBuilt, lmcov } from "./lmcov.ts";
import { sharedData } from "./shared-data.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = await readFile(join(root, "README.md"), "utf8");

const blocks = (language: string) =>
  blocksFor("readme.test.ts").flatMap((block) => (block.language === language ? [block.text] : []));

const shown = blocks("sh").flatMap(commandsOf);
const commands = shown.filter(([program]) => program === "lmcov").map((words) => words.slice(1));

describe("the README", () => {
  let folder: string;
  beforeAll(async () => {
    ensureBuilt();
    folder = await mkdtemp(join(tmpdir(), "lmcov-readme-"));
    writeLogs(folder);
    await mkdir(join(folder, "logs"));
    await cp(join(folder, "log.jsonl"), join(folder, "logs", "log.jsonl"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("shows at least six commands, beside the start that the machine is set up by", () => {
    expect(commands.length).toBeGreaterThanOrEqual(6);
    const others = shown.filter(([program]) => program !== "lmcov");
    expect(others.map((words) => words.join(" "))).toEqual(["npm start", "npm start -- my-log.jsonl"]);
  });

  test.each(commands.map((words) => [words.join(" "), words] as const))("lmcov %s", async (_, words) => {
    const { code, stderr } = await lmcov(words, { cwd: folder });
    expect(code, stderr).toBe(0);
  });

  const realRun = sharedData("every-eval-ever/lm_eval");
  test.skipIf(realRun === undefined)(
    "its worked example is what comes out (skipped where ../shared/data is absent)",
    async () => {
      const shown = /\$ lmcov report every-eval-ever\/lm_eval\n([\s\S]*?)\n```/.exec(readme)?.[1] ?? "";
      expect(shown).not.toBe("");
      const { stdout } = await lmcov(["report", realRun ?? "", "--no-html"], { cwd: folder });
      expect(stdout).toContain(shown);
    },
  );

  test("its library example runs", async () => {
    const source = blocks("ts")[0] ?? "";
    const bundled = await build({
      stdin: {
        contents: `${source.replaceAll('"lmcov/', `"${root}src/`).replace(/src\/(\w+)"/g, 'src/$1/index.ts"')}\nexport const result = passAtKEstimates(counts, [1, 10]);`,
        resolveDir: root,
        loader: "ts",
      },
      bundle: true,
      platform: "node",
      format: "esm",
      write: false,
    });
    const file = join(folder, "example.mjs");
    await writeFile(file, bundled.outputFiles[0]?.text ?? "");
    const { result } = (await import(pathToFileURL(file).href)) as {
      result: { k: number; estimate: number }[];
    };
    expect(result.map(({ k }) => k)).toEqual([1, 10]);
    expect(result[0]?.estimate).toBeCloseTo((3 + 41) / 300, 12);
  });
});
