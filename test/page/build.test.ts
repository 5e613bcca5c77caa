/** The page as it is built: for production, whatever environment the build is started in. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ensureBuilt } from "../lmcov.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("the page holds no path and no name of its sources", () => {
  ensureBuilt();
  const page = readFileSync(`${root}dist/report/page.html`, "utf8");
  expect(page).toContain("</script>");
  expect(page).not.toContain(root);
  expect(page).not.toMatch(/\.tsx\b/);
});
