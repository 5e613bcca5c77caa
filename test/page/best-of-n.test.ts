/** The Best-of-N panel in a real browser, on real rewards: what it shows is what `lmcov reward` computes. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { intervalText, realText } from "../../src/report/index.ts";
import { chromiumPath, startChromium } from "../chromium.ts";
import { ensureBuilt, lmcov } from "../lmcov.ts";
import { sharedData } from "../shared-data.ts";
import { excessWidth, seriousFaults } from "./accessibility.ts";
import { openedReport } from "./opened-report.ts";

const real = sharedData("rlvr-math/eval_rm_maj_example__math_cot_100.jsonl");
const canRun = chromiumPath !== undefined && real !== undefined;

describe.skipIf(!canRun)("Best-of-N on the page (skipped without Chromium or ../shared/data)", () => {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-best-of-n-"));
  const path = join(folder, "report.html");
  let browser: Browser;
  let bestOfN: { n: number; gold: Interval; proxy: Interval }[];

  beforeAll(async () => {
    ensureBuilt();
    const made = await lmcov(["report", real ?? "", "--out", folder]);
    expect(made.code, made.stderr).toBe(0);
    bestOfN = JSON.parse(readFileSync(join(folder, "report.json"), "utf8")).tasks[0].bestOfN[0].bestOfN;
    browser = await startChromium();
  }, 180_000);
  afterAll(() => browser?.close());

  async function opened(hash: string, options: { dark?: boolean; width?: number } = {}) {
    const { page, troubles } = await openedReport(browser, path, { ...options, hash });
    await page.locator("#best-of-n").scrollIntoViewIfNeeded();
    await page.waitForSelector("#best-of-n svg");
    return { page, panel: page.locator("#best-of-n"), troubles };
  }

  test("reads off at the slider's N what reward computes, marks N in both plots, and says what it is", async () => {
    const { page, panel, troubles } = await opened("#N=4");
    const { gold, proxy } = bestOfN[2] ?? {};
    if (gold === undefined || proxy === undefined) throw new Error("no estimate at N = 4");
    const readout = panel.locator(".readout");
    expect(await readout.textContent()).toContain("accuracy of the pick and its reward, best of N = 4");
    expect(await readout.textContent()).toContain(
      `${intervalText(gold)}, ${realText(proxy.estimate)} [${realText(proxy.lower)}`,
    );
    expect(await panel.locator(".chart > svg > svg").count()).toBe(2);
    expect(await panel.locator(".chart svg").first().getAttribute("aria-label")).toBe("Best-of-N against N");
    const mark = panel.locator(".n-mark");
    await mark.waitFor();
    const [chart, line] = [await panel.locator(".chart").boundingBox(), await mark.boundingBox()];
    expect(line?.height).toBeGreaterThan(0.8 * (chart?.height ?? Number.NaN));
    await page.locator(".slider input").focus();
    await page.keyboard.press("ArrowLeft");
    await expect.poll(async () => (await mark.boundingBox())?.x ?? 1e9).toBeLessThan(line?.x ?? 0);
    expect(await panel.locator("details").textContent()).toMatch(/BoN\(N\).*arXiv 2112\.09332/s);
    expect(await panel.textContent()).toContain(
      "is highest at N = 8, the largest measured: 0.940 from 0.910 at N = 1",
    );
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("an N that was not measured has no mark and no width, and the largest measured is read off", async () => {
    const { page, panel } = await opened("#N=1024");
    await expect.poll(() => panel.locator(".readout").textContent()).toContain("best of N = 8");
    expect(await panel.locator(".n-mark").count()).toBe(0);
    expect(await excessWidth(page)).toBe(0);
    await page.close();
  });

  test("says at the pointer all that is known of an N", async () => {
    const { page, panel } = await opened("#N=2");
    const chart = panel.locator(".chart > svg > svg").first();
    // The line ends where its name begins. The page may still settle under the pointer: sections above get their height once they are drawn.
    let tip = "";
    const tipAtPointer = async () => {
      await chart.scrollIntoViewIfNeeded();
      const name = await chart.getByText("best by reward", { exact: true }).boundingBox();
      const [x, y] = [(name?.x ?? 0) - 7, (name?.y ?? 0) + (name?.height ?? 0) / 2];
      await page.mouse.move(x - 2, y);
      await page.mouse.move(x, y);
      tip = await page.evaluate<string>(
        "(document.querySelector('#best-of-n [aria-label=tip]')?.textContent ?? '').replaceAll('\u200b', ' ')",
      );
      return tip;
    };
    await expect.poll(tipAtPointer).toMatch(/best of N = 8/);
    for (const part of [
      /accuracy of the pick: 0\.940\s*\[/,
      /its reward: 3\.346\s*\[/,
      /majority vote: 0\.925\s*\[/,
      /pass@8: 0\.960\s*\[/,
      /800 rewarded draws/,
    ]) {
      expect(tip).toMatch(part);
    }
    await page.close();
  });

  test("is handed out as SVG, PNG and CSV with the numbers of reward", async () => {
    const { page, panel } = await opened("#N=2");
    const saved = async (button: string) => {
      const download = page.waitForEvent("download");
      await panel.getByRole("button", { name: button, exact: true }).click();
      const file = await download;
      const target = join(folder, file.suggestedFilename());
      await file.saveAs(target);
      return readFileSync(target);
    };
    expect((await saved("SVG")).toString()).toMatch(/^<svg .*majority vote/s);
    expect([...(await saved("PNG")).subarray(1, 4)]).toEqual([...Buffer.from("PNG")]);
    const csv = (await saved("CSV")).toString();
    // The page holds six digits.
    const short = (value: number) => Number(value.toPrecision(6));
    for (const { n, gold } of bestOfN) {
      expect(csv).toContain(
        `,${n},accuracy of the pick,${short(gold.estimate)},${short(gold.lower)},${short(gold.upper)}\r\n`,
      );
    }
    expect((await saved("table as CSV")).toString()).toMatch(/^model,N,accuracy of the pick,/);
    await page.close();
  });

  test.each([
    ["light", 1440],
    ["dark", 390],
  ])("no serious fault of accessibility, %s at %d pixels", async (scheme, width) => {
    const { page, troubles } = await opened("#N=4", { dark: scheme === "dark", width });
    expect(await seriousFaults(page)).toEqual([]);
    expect(await excessWidth(page)).toBe(0);
    expect(troubles).toEqual([]);
    await page.close();
  });
});

interface Interval {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}
