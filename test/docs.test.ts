import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { trainingConfig } from "../src/train/index.ts";
import { blocksOf, commandsOf, docs, pages, textOf } from "./docs-blocks.ts";
import { writeHarnessLogs, writeLogs, writeRuns } from "./docs-inputs.ts";
import { compilerFaults, writeExampleProject } from "./example-project.ts";
import { lmcov } from "./lmcov.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const blocks = pages.flatMap(blocksOf);

/** Why a block of commands does not run in this file. */
const unrun: Readonly<Record<string, string>> = {
  server: "runs against scripted servers in test/docs-servers.test.ts",
  sandbox: "runs there too, where namespaces can be made",
  cluster: "needs a cluster; test/job/fleet-command.test.ts runs the like",
  install: "changes the machine; test/package.test.ts installs into a folder of its own",
  minutes: "runs in the long tier, test/long/docs-minutes.test.ts",
  program: "belongs to another program",
};
/** Pages whose commands another test runs, with inputs and results of their own. */
const runElsewhere: Readonly<Record<string, string>> = { "decoding.md": "test/cli/generate.test.ts" };
/** Languages that are not run: results, data, other programs' configurations and code. */
const shown = ["", "jsonl", "python"];
/** Generated pages, whose examples test/docstring-examples.test.ts runs; what else they show are declarations. */
const isGenerated = (page: string) => page.startsWith("api/");
/** Pages whose YAML is another program's. */
const foreignYaml = ["fleet.md"];

const runBlocks = blocks.filter(
  ({ language, mark, page }) => language === "sh" && mark === "" && !(page in runElsewhere),
);

describe("the documentation", () => {
  test("marks each block by a known language, and a known reason where it is not run", () => {
    const unknown = blocks
      .filter(({ language, mark }) => {
        if (language === "sh") return mark !== "" && !(mark in unrun);
        return mark !== "" || ![...shown, "ts", "yaml"].includes(language);
      })
      .map(({ page, line, language, mark }) => `${page}:${line} ${language} ${mark}`);
    expect(unknown).toEqual([]);
    // A command in a block that is shown and not run would escape.
    const escaped = blocks
      .filter(({ language, text }) => language === "" && /^lmcov /m.test(text))
      .map(({ page, line }) => `${page}:${line}`);
    expect(escaped).toEqual([]);
  });

  test("leads somewhere with each link, and to each page from its index", () => {
    const linked = new Set<string>();
    for (const page of [...pages, "../README.md"]) {
      const prose = textOf(page).replaceAll(/^```[\s\S]*?^```$/gm, "");
      for (const [, target = ""] of prose.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
        const path = join(docs, dirname(page), target);
        expect(existsSync(path), `${page}: ${target}`).toBe(true);
        if (page.endsWith("README.md")) linked.add(relative(docs, path));
      }
    }
    expect(pages.filter((page) => page !== "README.md" && !linked.has(page))).toEqual([]);
  });

  test.each(
    blocks
      .filter(({ language, page }) => language === "yaml" && !foreignYaml.includes(page))
      .map((block) => [`${block.page}:${block.line}`, block] as const),
  )("the configuration in %s is accepted", (place, { text }) => {
    expect(trainingConfig(parse(text), place).steps).toBeGreaterThan(0);
  });
});

describe("commands in the documentation", () => {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-docs-"));
  beforeAll(async () => {
    writeLogs(folder);
    await writeHarnessLogs(folder);
    await writeRuns(folder);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("are there", () => {
    expect(runBlocks.length).toBeGreaterThanOrEqual(10);
  });

  test.each(runBlocks.map((block) => [`${block.page}:${block.line}`, block] as const))(
    "%s",
    async (_, { text }) => {
      for (const [program, ...words] of commandsOf(text)) {
        expect(program).toBe("lmcov");
        const { code, stderr } = await lmcov(words, { cwd: folder });
        expect(code, `${words.join(" ")}\n${stderr}`).toBe(0);
      }
    },
    120_000,
  );

  test("give the result that is shown after them", async () => {
    const page = blocksOf("reading-a-coverage-profile.md");
    const [command, result] = page;
    const [words = []] = commandsOf(command?.text ?? "");
    const { stdout } = await lmcov(words.slice(1), { cwd: folder });
    expect(result?.language).toBe("");
    expect(stdout).toContain(result?.text.trimEnd());
  });
});

describe("TypeScript in the documentation", () => {
  const folder = join(root, "test", ".examples-docs");
  const code = blocks.filter(({ language, page }) => language === "ts" && !isGenerated(page));
  beforeAll(() => {
    const files = code.map(({ text }, index) => {
      const own = text.replaceAll(/from "lmcov\/(\w+)"/g, 'from "../../src/$1/index.ts"');
      return [`block-${index}.ts`, `${own}\nexport {};\n`] as const;
    });
    writeExampleProject(folder, Object.fromEntries(files));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("compiles", () => {
    const faults = compilerFaults(folder).replaceAll(/block-(\d+)\.ts/g, (_, index: string) => {
      const block = code[Number(index)];
      return `${block?.page}:${block?.line}`;
    });
    expect(faults).toBe("");
  });

  test.each(code.map(({ page, line }, index) => [`${page}:${line}`, index] as const))(
    "%s runs",
    async (_, index) => {
      const imported: unknown = await import(/* @vite-ignore */ join(folder, `block-${index}.ts`));
      expect(imported).toBeTypeOf("object");
    },
  );
});
