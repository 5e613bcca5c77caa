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

/** A page's blocks in their order. */
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

/** The words of each command in a block; quotes keep words together, and a backslash joins lines. */
export function commandsOf(text: string): string[][] {
  return text
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .map((line) => line.replace(/(?:^|\s)#.*$/, "").trim())
    .filter((line) => line !== "")
    .map((line) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? ""));
}
