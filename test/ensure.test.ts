/** `npm start` and `npm test` install once: again only where node_modules is not what the lock file says. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const script = new URL("../scripts/ensure.mjs", import.meta.url).href;
const { isInstalled } = (await import(script)) as { isInstalled(folder: string): boolean };

type Packages = Record<string, object>;

const wanted: Packages = {
  "": { name: "own", dependencies: { a: "1.0.0" } },
  "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
  "node_modules/elsewhere": { version: "1.0.0", integrity: "sha512-e", optional: true, os: ["nowhere"] },
};
const { "node_modules/a": a } = wanted;

describe("an installation", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lmcov-ensure-"));
    mkdirSync(join(folder, "node_modules"));
    writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages: wanted }));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test.each<[string, Packages | undefined, boolean]>([
    [
      "stands where it is what the lock file says, without another platform's packages",
      { "node_modules/a": a! },
      true,
    ],
    [
      "stands where more is installed",
      { "node_modules/a": a!, "node_modules/more": { version: "1.0.0" } },
      true,
    ],
    ["is made anew where it was never finished", undefined, false],
    ["is made anew where a package is missing", {}, false],
    ["is made anew where a version differs", { "node_modules/a": { ...a, version: "1.0.1" } }, false],
    ["is made anew where contents differ", { "node_modules/a": { ...a, integrity: "sha512-b" } }, false],
    ["is made anew where it is of another platform", { "node_modules/a": { ...a, os: ["nowhere"] } }, false],
  ])("%s", (_, installed, stands) => {
    if (installed !== undefined) {
      const noted = join(folder, "node_modules", ".package-lock.json");
      writeFileSync(noted, JSON.stringify({ packages: installed }));
    }
    expect(isInstalled(folder)).toBe(stands);
  });
});
