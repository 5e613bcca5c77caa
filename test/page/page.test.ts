/** The report's page in a real browser: it shows what it should, asks for nothing, and takes text from logs for text. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { htmlReport } from "../../src/report/index.ts";
import type { Report } from "../../src/report/section.ts";
import { chromiumPath, startChromium } from "../chromium.ts";
import { hostileTexts } from "../hostile-text.ts";
import { ensureBuilt, lmcov } from "../lmcov.ts";
import { sharedData } from "../shared-data.ts";
import { excessWidth, seriousFaults } from "./accessibility.ts";
import { openedReport } from "./opened-report.ts";

describe.skipIf(chromiumPath === undefined)("the page (skipped where no Chromium is installed)", () => {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), "lmcov-page-"));
  beforeAll(async () => {
    ensureBuilt();
    browser = await startChromium();
  });
  afterAll(() => browser?.close());

  async function reportOf(words: readonly string[], name: string): Promise<string> {
    const out = join(folder, name);
    const result = await lmcov(["report", ...words, "--out", out]);
    expect(result.code, result.stderr).toBe(0);
    return join(out, "report.html");
  }

  const pythia = sharedData("pythia-gsm8k/gsm8k_pass_at_k.parquet");
  describe.skipIf(pythia === undefined)(
    "on 81 Pythia checkpoints (skipped where ../shared/data is absent)",
    () => {
      let path: string;
      beforeAll(async () => {
        path = await reportOf([pythia ?? ""], "pythia");
      });

      test("opens from disk with the answer in sight, the chart under it, and no trouble", async () => {
        const { page, troubles } = await openedReport(browser, path);
        const sentences = await page.locator(".verdict p").allTextContents();
        expect(sentences).toHaveLength(3);
        expect(sentences[0]).toContain(
          "Pythia_6.9B_200B solves the most problems (pass@100 0.545 [0.455, 0.633]",
        );
        expect(sentences[2]).toContain("needs at least 182 draws a problem");
        const verdict = await page.locator(".verdict").boundingBox();
        expect((verdict?.y ?? 0) + (verdict?.height ?? 0)).toBeLessThan(900);
        const chart = page.locator("#pass-at-k svg").first();
        expect(await chart.getAttribute("aria-label")).toBe("pass@k against k");
        expect((await chart.boundingBox())?.y).toBeLessThan(600);
        expect(await page.locator("#pass-at-k svg path").count()).toBeGreaterThan(80);
        expect(troubles).toEqual([]);
        await page.close();
      });

      test("says what a line is, at the pointer, with its interval", async () => {
        const { page } = await openedReport(browser, path);
        const chart = page.locator("#pass-at-k svg").first();
        const tipAtPointer = async () => {
          const box = await chart.boundingBox();
          const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 3, (box?.y ?? 0) + (box?.height ?? 0) / 2];
          await page.mouse.move(x - 2, y);
          await page.mouse.move(x, y);
          return chart.locator("[aria-label=tip]").textContent();
        };
        await expect.poll(tipAtPointer).toMatch(/Pythia_.*pass@\d+ [\d.]+ \[[\d.]+, [\d.]+\]/);
        await page.close();
      });

      test("sorts and filters its table", async () => {
        const { page } = await openedReport(browser, path);
        const table = page.locator("#pass-at-k table");
        await table.getByRole("button", { name: "pass@1", exact: true }).click();
        expect(await table.locator("tbody tr").first().textContent()).toContain("Pythia_2.8B_300B");
        expect(await table.locator("th").nth(1).getAttribute("aria-sort")).toBe("descending");
        await page.locator("#pass-at-k input[type=search]").fill("14M");
        const names = await table.locator("tbody tr td:first-child").allTextContents();
        expect(names.length).toBeGreaterThan(3);
        expect(names.every((name) => name.includes("14M"))).toBe(true);
        await page.close();
      });

      test("hands out chart and table as SVG, PNG and CSV", async () => {
        const { page } = await openedReport(browser, path);
        const saved = async (button: string) => {
          const download = page.waitForEvent("download");
          await page.locator("#pass-at-k").getByRole("button", { name: button, exact: true }).click();
          const file = await download;
          const target = join(folder, file.suggestedFilename());
          await file.saveAs(target);
          return readFileSync(target);
        };
        expect((await saved("SVG")).toString()).toMatch(/^<svg .*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
        expect([...(await saved("PNG")).subarray(1, 4)]).toEqual([...Buffer.from("PNG")]);
        const csv = (await saved("CSV")).toString().split("\r\n");
        expect(csv[0]).toBe("model,k,what,estimate,lower,upper");
        expect(csv.some((line) => line.startsWith("Pythia_6.9B_200B,1,measured,"))).toBe(true);
        expect((await saved("table as CSV")).toString()).toMatch(/^model,pass@1,pass@1 lower,pass@1 upper/);
        await page.close();
      });

      test.each([
        ["light", 1440],
        ["dark", 1440],
        ["light", 390],
      ])(
        "has no serious fault of accessibility, %s at %d pixels, and does not scroll sideways",
        async (scheme, width) => {
          const { page, troubles } = await openedReport(browser, path, { dark: scheme === "dark", width });
          expect(await seriousFaults(page)).toEqual([]);
          expect(await excessWidth(page)).toBe(0);
          expect(troubles).toEqual([]);
          await page.close();
        },
      );

      test("prints whole tables without controls", async () => {
        const { page } = await openedReport(browser, path);
        await page.emulateMedia({ media: "print" });
        expect(await page.locator(".downloads").first().isVisible()).toBe(false);
        const [shown, whole] = await page
          .locator("#pass-at-k .scroll")
          .evaluate((element) => [element.clientHeight, element.scrollHeight]);
        expect(shown).toBe(whole);
        await page.setViewportSize({ width: 720, height: 1000 });
        await expect.poll(() => excessWidth(page)).toBe(0);
        await page.close();
      });
    },
  );

  test("shows hostile text as text", async () => {
    for (const hostile of hostileTexts) {
      const path = join(folder, "hostile.html");
      writeFileSync(path, await htmlReport(reportWith(hostile)));
      const { page, troubles } = await openedReport(browser, path);
      const state = await page.evaluate<{ hacked: unknown; shown: string }>(`({
        hacked: globalThis.hacked,
        images: document.querySelectorAll("img, iframe, object").length,
        scripts: document.scripts.length,
        shown: document.querySelector("h1").textContent,
      })`);
      expect(state).toMatchObject({ images: 0, scripts: 2 });
      expect(state.hacked).toBeUndefined();
      expect(state.shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069\ufeff]/);
      expect(troubles).toEqual([]);
      await page.close();
    }
  });

  test("draws only the rows in sight of a long table, and finds the last", async () => {
    const report = reportWith("model");
    const rows = Array.from({ length: 100_000 }, (_, index) => ({
      model: `problem ${index}`,
      rate: index / 1e5,
    }));
    const [section] = report.sections;
    const table = { columns: section!.table!.columns.slice(0, 2), rows };
    const path = join(folder, "long.html");
    writeFileSync(path, await htmlReport({ ...report, sections: [{ ...section!, table }] }));
    const { page, troubles } = await openedReport(browser, path);
    await page.locator("tbody tr").first().waitFor();
    expect(await page.locator("tbody tr").count()).toBeLessThan(120);
    await page.locator(".scroll").evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.getByText("problem 99999", { exact: true }).waitFor({ timeout: 5000 });
    await page.locator("input[type=search]").fill("problem 4242");
    await expect.poll(() => page.locator("tbody tr").first().textContent()).toContain("problem 4242");
    expect(troubles).toEqual([]);
    await page.close();
  });
});

function reportWith(text: string): Report {
  const point = { k: 1, estimate: 0.5, lower: 0.4, upper: 0.6 };
  const measured = [point, { ...point, k: 10 }];
  return {
    schema: "lmcov/report@1",
    title: text,
    verdict: [text],
    leading: 1,
    sections: [
      {
        id: "pass-at-k",
        title: text,
        explanation: text,
        chart: { kind: "pass-at-k", series: [{ label: text, emphasised: true, measured, forecast: [] }] },
        table: {
          columns: [
            { key: "model", title: text, kind: "text" },
            { key: "rate", title: "pass@1", kind: "rate" },
          ],
          rows: [{ model: text, rate: { estimate: 0.5, lower: 0.4, upper: 0.6 } }],
        },
        remarks: [text],
      },
    ],
    unknowable: [text],
    next: [{ command: text, gain: text }],
    inputs: {
      files: [{ path: text, importer: "table", rows: 3 }],
      rejected: 1,
      rejections: [text],
      dropped: [{ reason: text, rows: 2 }],
      notes: [text],
    },
  };
}
