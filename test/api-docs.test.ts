/** docs/api is what the docstrings say now, and every public name has one. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { publicLibrary } from "../scripts/api/library.ts";
import { apiPages } from "../scripts/api/page.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "docs", "api");
const library = publicLibrary(root);
const pages = apiPages(library);

describe("docs/api", () => {
  test("has a page for each module and no other", () => {
    expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
  });

  test.each([...pages])("%s is what `npm run docs:api` writes", (name, text) => {
    const path = join(folder, name);
    const committed = existsSync(path) ? readFileSync(path, "utf8") : "";
    const stale = committed === text ? undefined : `docs/api/${name} is stale: npm run docs:api`;
    expect(stale).toBe(undefined);
  });

  test("leads to a heading with each link to a name", () => {
    const dead: string[] = [];
    for (const [name, text] of pages) {
      for (const [, page, anchor] of text.matchAll(/\]\(([\w-]*(?:\.md)?)#([^)]*)\)/g)) {
        const target = pages.get(page === "" ? name : page!) ?? "";
        if (!headingAnchors(target).has(anchor!)) dead.push(`${name}: ${page}#${anchor}`);
      }
    }
    expect(dead).toEqual([]);
  });
});

/** As a code host makes them from headings, written apart from the generator's. */
function headingAnchors(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of text.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.+)$/gm)) {
    const plain = heading!.toLowerCase().replaceAll("/", "");
    let anchor = plain;
    for (let repeat = 1; anchors.has(anchor); repeat++) anchor = `${plain}-${repeat}`;
    anchors.add(anchor);
  }
  return anchors;
}

describe("the public library", () => {
  test.each(library.map((module) => [module.name, module] as const))(
    "lmcov/%s says what it and each of its names is",
    (_, { description, entries }) => {
      expect(description).not.toBe("");
      const silent = entries.filter((entry) => entry.description === "");
      expect(silent.map(({ name, file }) => `${name} in ${file}`)).toEqual([]);
    },
  );
});
