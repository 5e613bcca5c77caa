import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { optionalPackage } from "./optional-package.ts";

afterEach(() => {
  delete process.env.LMCOV_PACKAGES;
});

const wanted = { purpose: "this test", version: "1.0.0" };

test("a package that is not installed is named with the command that installs it", async () => {
  await expect(optionalPackage("lmcov-no-such-package", wanted)).rejects.toThrow(
    /this test needs the package lmcov-no-such-package, .*npm install lmcov-no-such-package@1\.0\.0/,
  );
});

test("a package is found in the folder that LMCOV_PACKAGES names, also one that can only be imported", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-"));
  const home = join(folder, "node_modules", "lmcov-only-import");
  mkdirSync(home, { recursive: true });
  writeFileSync(
    join(home, "package.json"),
    JSON.stringify({
      name: "lmcov-only-import",
      type: "module",
      exports: { ".": { import: "./entry.js" }, "./package.json": "./package.json" },
    }),
  );
  writeFileSync(join(home, "entry.js"), "export const answer = 42;\n");
  process.env.LMCOV_PACKAGES = folder;
  expect(await optionalPackage<{ answer: number }>("lmcov-only-import", wanted)).toMatchObject({
    answer: 42,
  });
});

test("an installed package is imported", async () => {
  expect(await optionalPackage("yaml", wanted)).toHaveProperty("parse");
});
