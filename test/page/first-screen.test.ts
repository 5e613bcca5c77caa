/** What a new user sees: `npm start` in an empty folder, its page opened once, nothing scrolled. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../../src/report/section.ts";
import { chromiumPath, startChromium } from "../chromium.ts";
import { ensureBuilt } from "../lmcov.ts";

const start = fileURLToPath(new URL("../../scripts/start.mjs", import.meta.url));

interface Box {
  readonly what: string;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

describe.skipIf(chromiumPath === undefined)("npm start (skipped where no Chromium is installed)", () => {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-start-"));
  let report: Report;
  beforeAll(async () => {
    ensureBuilt();
    await promisify(execFile)(process.execPath, [start], { env: { ...process.env, INIT_CWD: folder } });
    report = JSON.parse(readFileSync(join(folder, "lmcov-report/report.json"), "utf8"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("names the checkpoint and the N in sight at 1440 × 900, with the slider, before any scrolling", async () => {
    const browser = await startChromium();
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(pathToFileURL(join(folder, "lmcov-report/report.html")).href);
    await page.waitForSelector("main svg");
    const sentences = await page.locator(".verdict > p").allTextContents();
    expect(sentences).toEqual(report.verdict.slice(0, 3));
    expect(sentences).toHaveLength(3);
    const [checkpoint = ""] = sentences;
    const models = report.sections
      .flatMap(({ table }) => table?.rows ?? [])
      .map(({ model }) => String(model));
    expect(models.some((model) => checkpoint.includes(model))).toBe(true);
    expect(
      sentences.some((sentence) =>
        /needs .*\d+ draws a problem|does not reach .* draws each|at N = \d/.test(sentence),
      ),
    ).toBe(true);
    const boxes = await boxesOf(page);
    expect(boxes.map(({ what }) => what)).toEqual([...sentences.map(() => "P"), "INPUT"]);
    for (const { what, top, bottom, left, right } of boxes) {
      expect(bottom - top, what).toBeGreaterThan(10);
      expect(Math.min(top, left), what).toBeGreaterThanOrEqual(0);
      expect(bottom, what).toBeLessThanOrEqual(900);
      expect(right, what).toBeLessThanOrEqual(1440);
    }
    expect(await page.evaluate<number>("scrollY")).toBe(0);
    await browser.close();
  });

  test("keeps the other sentences behind a line that the keyboard opens, and puts them on paper", async () => {
    const further = report.verdict.slice(report.leading);
    expect(further.length).toBeGreaterThan(1);
    const browser = await startChromium();
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(pathToFileURL(join(folder, "lmcov-report/report.html")).href);
    const details = page.locator(".verdict details");
    const sentence = details.locator("p").first();
    expect(await details.locator("p").allTextContents()).toEqual(further);
    expect(await sentence.isVisible()).toBe(false);
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.localName")).toBe("summary");
    await page.keyboard.press("Enter");
    expect(await sentence.isVisible()).toBe(true);
    await page.keyboard.press("Enter");
    expect(await sentence.isVisible()).toBe(false);
    const isOpen = () => details.evaluate((element) => (element as unknown as { open: boolean }).open);
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await isOpen()).toBe(true);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await isOpen()).toBe(false);
    await browser.close();
  });
});

const boxesOf = (page: Page) =>
  page.evaluate<Box[]>(`[...document.querySelectorAll(".verdict > p, .slider input")].map((element) => {
    const { top, bottom, left, right } = element.getBoundingClientRect();
    return { what: element.tagName, top, bottom, left, right };
  })`);
