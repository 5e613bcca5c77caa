import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { pathsOfPrompt } from "../src/task/index.ts";
import { trainingConfig } from "../src/train/index.ts";
import {
  blocks,
  blocksFor,
  blocksOf,
  commandsOf,
  docs,
  pages,
  placed,
  runnerOf,
  textOf,
} from "./docs-blocks.ts";
import { writeHarnessLogs, writeLogs, writeRuns } from "./docs-inputs.ts";
import { compilerFaults, writeExampleProject } from "./example-project.ts";
import { lmcov } from "./lmcov.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const own = (language: string) => blocksFor("docs.test.ts").filter((block) => block.language === language);
const resultOf = (page: string) => own("").find((block) => block.page === page)?.text ?? "";
describe("the documentation", () => {
  test("has no block that runs nowhere", () => {
    const unknown = blocks.filter((block) => runnerOf(block) === undefined);
    expect(unknown.map(({ page, line, language, mark }) => `${page}:${line} ${language} ${mark}`)).toEqual(
      [],
    );
    // Each runner takes the blocks that are its own; what remains after these are examples of docstrings.
    for (const runner of new Set(blocks.map((block) => runnerOf(block)!))) {
      const source = readFileSync(join(root, "test", runner), "utf8");
      const takes = runner === "docstring-examples.test.ts" ? "describe" : `blocksFor("${runner}")`;
      expect(source.includes(takes), runner).toBe(true);
    }
    // A command in a block that shows a result would escape.
    const escaped = blocks
      .filter(({ language, text }) => language === "" && /^lmcov /m.test(text))
      .map(({ page, line }) => `${page}:${line}`);
    expect(escaped).toEqual([]);
  });

  test("shows results on these pages only, each compared below", () => {
    expect(own("").map(({ page }) => page)).toEqual([
      "graph-reasoning.md",
      "reading-a-coverage-profile.md",
      "training.md",
    ]);
  });

  test("leads somewhere with each link, and to each page from its index", () => {
    const linked = new Set<string>();
    const readmes = ["", "experiments/", "examples/", "examples/training/"].map(
      (place) => `../${place}README.md`,
    );
    for (const page of [...pages, ...readmes, "../CONTRIBUTING.md"]) {
      const prose = textOf(page).replaceAll(/^```[\s\S]*?^```$/gm, "");
      for (const [, target = ""] of prose.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
        const path = join(docs, dirname(page), target);
        expect(existsSync(path), `${page}: ${target}`).toBe(true);
        if (page.endsWith("README.md")) linked.add(relative(docs, path));
      }
    }
    expect(pages.filter((page) => page !== "README.md" && !linked.has(page))).toEqual([]);
  });

  test("has in the example's own page the commands of its walk-through", () => {
    const commandsIn = (page: string) =>
      blocksOf(page)
        .filter(({ language }) => language === "sh")
        .flatMap(({ text }) => commandsOf(text).map((words) => words.join(" ")));
    const shown = commandsIn("../examples/training/README.md");
    expect(shown.length).toBeGreaterThan(3);
    expect(commandsIn("does-my-training-lose-coverage.md")).toEqual(expect.arrayContaining(shown));
  });

  test.each(placed(own("yaml")))("the configuration in %s is accepted", (place, { text }) => {
    expect(trainingConfig(parse(text), place).steps).toBeGreaterThan(0);
  });

  test("shows a graph's prompt and a path through it", () => {
    const [prompt = "", path = ""] = resultOf("graph-reasoning.md")
      .split("\n")
      .map((line) => line.split(/ {2,}/)[0]!);
    const names = path.split(" ");
    // In the place of the edges that the page leaves out: those of the path.
    const edges = names.slice(1).map((name, index) => `${names[index]} ${name}`);
    const whole = prompt.replace("…", edges.filter((edge) => !prompt.includes(`${edge} |`)).join(" | "));
    expect(whole).not.toBe(prompt);
    expect(pathsOfPrompt(whole)).toContain(path);
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

  test.each(placed(own("sh")))(
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

  test.each(placed(own("jsonl")))("%s is a log: each line a row", async (_, { text }) => {
    writeFileSync(join(folder, "shown.jsonl"), text);
    const { code, stdout, stderr } = await lmcov(["passk", "shown.jsonl", "--k", "1,2", "--json"], {
      cwd: folder,
    });
    expect(code, stderr).toBe(0);
    const lines = text.trimEnd().split("\n");
    const correct = lines.filter((line) => JSON.parse(line).correct === true).length;
    const [model] = JSON.parse(stdout).models;
    expect(model.passAtK[0]).toMatchObject({ k: 1, estimate: correct / lines.length });
    expect(stderr).not.toMatch(/reject/);
  });

  test("give the result that is shown after them", async () => {
    const page = "reading-a-coverage-profile.md";
    const [command] = own("sh").filter((block) => block.page === page);
    const [words = []] = commandsOf(command?.text ?? "");
    const { stdout } = await lmcov(words.slice(1), { cwd: folder });
    expect(resultOf(page)).not.toBe("");
    expect(stdout).toContain(resultOf(page).trimEnd());
  });

  test("train into a run with the files that the page lists", () => {
    const [top = "", ...entries] = resultOf("training.md").trimEnd().split("\n");
    expect(top).toBe("runs/train/");
    const names = entries.flatMap((entry) => entry.trim().split(/ {2,}/)[0]!.split(/,? /));
    expect(names.length).toBeGreaterThan(5);
    // The run of this page's commands, whose checkpoints have steps of their own.
    const run = join(folder, top);
    const [step = ""] = readdirSync(join(run, "checkpoints"));
    for (const name of names) {
      expect(existsSync(join(run, name.replace(/step-\d+/, step))), name).toBe(true);
    }
  });
});

describe("TypeScript in the documentation", () => {
  const folder = join(root, "test", ".examples-docs");
  const code = own("ts");
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
