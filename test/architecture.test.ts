/** The architecture as data: which folder may import which, no cycles, no overlong file without a reason. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const source = fileURLToPath(new URL("../src", import.meta.url));

const mayImport: Readonly<Record<string, readonly string[]>> = {
  optional: [],
  numeric: [],
  record: [],
  coverage: ["numeric"],
  tensor: ["numeric", "optional"],
  selection: ["numeric", "coverage"],
  store: ["record"],
  importer: ["record"],
  verifier: ["record", "optional", "task"],
  job: ["record", "numeric", "store", "optional"],
  model: ["numeric", "tensor"],
  train: ["numeric", "tensor", "model"],
  decode: ["numeric", "tensor", "model"],
  theory: ["numeric", "coverage", "selection", "model", "train"],
  // A trained model of ours is an endpoint, and a model folder of others runs on the same engine.
  endpoint: ["record", "numeric", "optional", "tensor", "model", "decode"],
  task: ["record", "numeric"],
  report: ["record", "coverage", "selection"],
  reproduce: ["numeric", "record", "coverage", "selection", "task", "report"],
  cli: [
    "optional",
    "numeric",
    "record",
    "coverage",
    "selection",
    "store",
    "importer",
    "verifier",
    "report",
    "tensor",
    "model",
    "train",
    "decode",
    "theory",
    "endpoint",
    "job",
    "task",
    "reproduce",
  ],
};

/** These run in a browser: no module of Node and no package that needs one. */
const browserFolders = ["numeric", "coverage", "selection"];

const longestFile = 400;
/** Files over the limit say why in their first lines with these words. */
const longFileReason = "This file is long because";

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path);
    return entry.name.endsWith(".ts") ? [path] : [];
  });
}

const files = filesUnder(source);
const importPattern = /(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\s+"([^"]+)"|import\("([^"]+)"\)/g;

function importsOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

const folderOf = (path: string) => relative(source, path).split("/")[0] ?? "";
const isTest = (path: string) => path.endsWith(".test.ts");

describe("architecture", () => {
  test("a folder imports only from its own row of the table", () => {
    const violations: string[] = [];
    // Tests may take seeded generators and fixtures from anywhere.
    for (const file of files.filter((name) => !isTest(name))) {
      const folder = folderOf(file);
      const allowed = mayImport[folder];
      if (allowed === undefined) {
        violations.push(`${folder}/ is not in the table`);
        continue;
      }
      for (const specifier of importsOf(file)) {
        if (!specifier.startsWith(".")) continue;
        const target = folderOf(resolve(dirname(file), specifier));
        if (target !== folder && !allowed.includes(target)) {
          violations.push(`${relative(source, file)} imports ${specifier}`);
        }
      }
    }
    expect(violations).toEqual([]);
  });

  test("numeric, coverage and selection import no module of Node", () => {
    const violations = files
      .filter((file) => browserFolders.includes(folderOf(file)) && !isTest(file))
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => name.startsWith("node:"))
          .map(() => file),
      );
    expect(violations).toEqual([]);
  });

  test("no file imports itself through others", () => {
    const graph = new Map(
      files.map((file) => [
        file,
        importsOf(file)
          .filter((name) => name.startsWith("."))
          .map((name) => resolve(dirname(file), name)),
      ]),
    );
    const finished = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) {
        cycles.push(
          [...path.slice(path.indexOf(file)), file].map((name) => relative(source, name)).join(" → "),
        );
        return;
      }
      if (finished.has(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      finished.add(file);
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });

  test("a file over 400 lines says why", () => {
    const long = files.filter((file) => {
      const text = readFileSync(file, "utf8");
      return text.split("\n").length > longestFile && !text.slice(0, 1000).includes(longFileReason);
    });
    expect(long.map((file) => relative(source, file))).toEqual([]);
  });

  test("the source folder is there", () => {
    expect(statSync(source).isDirectory()).toBe(true);
    expect(files.length).toBeGreaterThan(3);
  });
});
