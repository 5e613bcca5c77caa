/** The blocks of code in docs/ and the README, and the commands in them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** The folder of the pages. */
export const docs = join(root, "docs");

export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  /** What stands after the language: what the block needs. */
  readonly mark: string;
  readonly text: string;
}

/** All pages, relative to docs/. */
export const pages: readonly string[] = readdirSync(docs, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
  .map((entry) => relative(docs, join(entry.parentPath, entry.name)))
  .sort();

export const textOf = (page: string): string => readFileSync(join(docs, page), "utf8");

/** A page's blocks in their order; the README is a page too, `../README.md`. */
export function blocksOf(page: string): Block[] {
  const text = textOf(page);
  return [...text.matchAll(/^```(\S*)[ ]*(.*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length,
    language: match[1] ?? "",
    mark: match[2] ?? "",
    text: match[3] ?? "",
  }));
}

const byMark: Readonly<Record<string, string>> = {
  server: "docs-servers.test.ts",
  sandbox: "docs-servers.test.ts",
  cluster: "docs-fleet.test.ts",
  install: "package.test.ts",
  program: "docs-programs.test.ts",
  minutes: "long/docs-minutes.test.ts",
};
const languages = ["sh", "ts", "yaml", "jsonl", ""];

/** The test file that runs a block, or for a result that is shown compares it; none where the block is of no known kind. */
export function runnerOf({ page, language, mark }: Block): string | undefined {
  if (mark !== "") return language === "sh" ? byMark[mark] : undefined;
  if (page === "../README.md") return "readme.test.ts";
  if (page === "../experiments/README.md") return language === "sh" ? "experiments.test.ts" : undefined;
  if (page.startsWith("api/")) return "docstring-examples.test.ts";
  if (page === "decoding.md" && language === "sh") return "cli/generate.test.ts";
  if (page === "fleet.md" && language === "yaml") return "docs-fleet.test.ts";
  if (page === "how-to/vllm.md" && language === "jsonl") return "docs-servers.test.ts";
  if (page === "does-my-training-lose-coverage.md" && language === "") return "long/docs-minutes.test.ts";
  if (language === "python") return "docs-programs.test.ts";
  return languages.includes(language) ? "docs.test.ts" : undefined;
}

/** All blocks, those of pages beside docs/ last. */
export const blocks: readonly Block[] = [...pages, "../README.md", "../experiments/README.md"].flatMap(
  blocksOf,
);

/** The blocks that a test file runs: with these a file begins, so that it leaves none out. */
export const blocksFor = (file: string): Block[] => blocks.filter((block) => runnerOf(block) === file);

/** For test.each: a block after its place. */
export const placed = (chosen: readonly Block[]): (readonly [place: string, block: Block])[] =>
  chosen.map((block) => [`${block.page}:${block.line}`, block]);

/** The words of each command in a block; quotes keep words together, and a backslash joins lines. */
export function commandsOf(text: string): string[][] {
  return text
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .map((line) => line.replace(/(?:^|\s)#.*$/, "").trim())
    .filter((line) => line !== "")
    .map((line) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? ""));
}
