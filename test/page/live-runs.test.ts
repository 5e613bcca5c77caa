/** Several runs side by side on the page of `lmcov serve`, and two of them compared. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shortHash } from "../../src/record/index.ts";
import { UnitStore } from "../../src/store/index.ts";
import { chromiumPath, startChromium } from "../chromium.ts";
import { ensureBuilt } from "../lmcov.ts";
import { outcomeRow, responseRow } from "../rows.ts";
import { excessWidth, seriousFaults } from "./accessibility.ts";
import { endAll, opened, promised, served } from "./live-server.ts";

const folder = mkdtempSync(join(tmpdir(), "lmcov-runs-"));
const steps = [10, 20, 30];
/** Of eight draws for each of twelve problems so many are right, at each of the steps. */
const runs = { first: [1, 2, 3], second: [1, 3, 5], third: [2, 4, 6] };
let url: string;

const stepLine = (step: number, loss: number) =>
  `${JSON.stringify({ step, loss, lossPerToken: loss, gradientNorm: 2, updateNorm: 0.5 })}\n`;

/** A training with three checkpoints, as `lmcov train` leaves it. */
async function writeRun(name: string, correct: readonly number[]): Promise<void> {
  const run = join(folder, name);
  const store = await UnitStore.open({
    folder: run,
    description: { software: {}, command: ["train"] },
    writer: { kind: "sole" },
  });
  for (const [index, step] of steps.entries()) {
    const rows = Array.from({ length: 12 * 8 }, (_, number) => {
      const [position, draw] = [Math.floor(number / 8), number % 8];
      const problem = `p${position}`;
      const verdict = (draw + position) % 8 < correct[index]! ? "correct" : "incorrect";
      return [
        responseRow({ problem, draw, step, text: `${name} at ${step}, draw ${draw}` }),
        outcomeRow({ problem, draw, step, verdict }),
      ];
    });
    await store.add({ key: shortHash(`${step}`), rows: rows.flat() });
  }
  await store.close();
  mkdirSync(join(run, "journal"), { recursive: true });
  const lines = steps.map((step, index) => {
    const coverage = [2, 8, 64].map((n) => ({ n, coverage: 0.5 / (index + 1) }));
    const passAtK = [{ k: 8, estimate: 1 }];
    return `${stepLine(step, 3 - index)}${JSON.stringify({ step, probe: { crossEntropy: 4 - index, coverage, passAtK } })}\n`;
  });
  writeFileSync(join(run, "journal", "train.jsonl"), lines.join(""));
}

beforeAll(async () => {
  ensureBuilt();
  for (const [name, correct] of Object.entries(runs)) await writeRun(name, correct);
  url = await served(folder, ...Object.keys(runs));
});
afterAll(() => {
  endAll();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(chromiumPath === undefined)("three runs (skipped where no Chromium is installed)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser?.close());

  const cellsOf = (page: Page, row: string) => page.locator(`${row} td`).allTextContents();
  const keysOf = (page: Page, chart: string) =>
    page.locator(`[data-chart=${chart}] .live-key li`).allTextContents();

  test("are rows of a table, lines of each chart in colours of their own, and one report", async () => {
    const { page, troubles } = await opened(browser, url);
    await page.getByRole("heading", { name: "Runs side by side" }).waitFor();
    await expect
      .poll(() => cellsOf(page, ".runs [data-row='1']"))
      .toEqual(["there", "30", "1.000", "2.000", "0.167 (N = 64)", "1 (k = 8)", "3"]);
    await expect.poll(() => keysOf(page, "loss")).toEqual(["first", "second", "third"]);
    await expect
      .poll(() => keysOf(page, "coverage"))
      .toEqual(
        ["N = 2", "N = 64"].flatMap((n) => ["first", "second", "third"].map((name) => `${name}, ${n}`)),
      );
    await page.locator("[data-chart=loss] .live-plot [stroke^='#']").nth(2).waitFor({ state: "attached" });
    const strokes = await page.evaluate<string[]>(
      `[...document.querySelectorAll("[data-chart=loss] .live-plot [stroke^='#']")].map((line) => line.getAttribute("stroke"))`,
    );
    expect(new Set(strokes).size).toBe(3);
    // The report comes after the runs.
    await page.locator("#runs tbody tr").nth(2).waitFor();
    const rows = await page.locator("#runs tbody tr").allTextContents();
    expect(rows).toHaveLength(3);
    for (const [index, correct] of [3, 5, 6].entries()) {
      expect(rows[index]).toContain(`${Object.keys(runs)[index]}`);
      expect(rows[index]).toContain((correct / 8).toFixed(3));
    }
    // Out of sight a chart is drawn where there is time for it.
    await page.locator("#runs-over-training svg").first().waitFor({ state: "attached" });
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("are shown as chosen, and two of them compared with the interval of the differences", async () => {
    const { page, troubles } = await opened(browser, url);
    await page.getByLabel("Run before").selectOption("first");
    await page.getByLabel("Run after").selectOption("third");
    expect(new URL(page.url()).search).toBe("?runs=0-1-2&compare=0-2");
    const gain = (6 - 3) / 8;
    await page.getByText(`pass@k rises at k = 1 by ${gain.toFixed(3)}`).waitFor();
    const cells = await page.locator("#comparison tbody tr").first().locator("td").allTextContents();
    expect(cells.slice(0, 3)).toEqual(["1", (3 / 8).toFixed(3), (6 / 8).toFixed(3)]);
    expect(cells[3]).toContain(`${gain.toFixed(3)} [`);
    // Whatever is compared, the charts hold every run that is shown.
    await expect.poll(() => keysOf(page, "loss")).toEqual(["first", "second", "third"]);
    await page.reload();
    await page.locator("#comparison svg").first().waitFor();
    await page.getByRole("checkbox", { name: "second" }).uncheck();
    expect(new URL(page.url()).search).toBe("?runs=0-2");
    await page.locator("#comparison svg").first().waitFor();
    await expect.poll(() => keysOf(page, "loss")).toEqual(["first", "third"]);
    await page.getByRole("checkbox", { name: "third" }).uncheck();
    await page.getByRole("heading", { name: "3 models on task" }).waitFor();
    expect(await page.getByRole("checkbox", { name: "first" }).isDisabled()).toBe(true);
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("give a problem's responses of each of them", async () => {
    const { page, troubles } = await opened(browser, url, "/?compare=0-2#problem=p3");
    const dialog = page.locator("dialog.problem");
    await dialog.getByText("all 48").waitFor();
    const texts = await dialog.locator(".response pre").allTextContents();
    expect(texts.filter((text) => text.startsWith("first at 30"))).toHaveLength(8);
    expect(texts.filter((text) => text.startsWith("third at 10"))).toHaveLength(8);
    await dialog.getByLabel("Model of the responses").selectOption("model-a (third), step 20");
    await dialog.getByText("all 8").waitFor();
    expect(await dialog.locator(".response pre").first().textContent()).toBe("third at 20, draw 0");
    expect(troubles).toEqual([]);
    await page.close();
  });

  test.each(["light", "dark"] as const)(
    "have no serious fault of accessibility in %s, and fit a phone",
    async (colorScheme) => {
      const { page, troubles } = await opened(browser, url);
      await page.emulateMedia({ colorScheme });
      await page.locator("#runs svg").first().waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await excessWidth(page)).toBe(0);
      await page.goto(`${url}/#problem=p3`);
      await page.locator("dialog.problem .response").first().waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      expect(troubles).toEqual([]);
      await page.close();
    },
  );

  test("show a step of any of them within two seconds, and one whose folder is gone", async () => {
    const { page, troubles } = await opened(browser, url);
    await page.locator("[data-chart=loss] svg").first().waitFor();
    appendFileSync(join(folder, "third", "journal", "train.jsonl"), stepLine(40, 0.125));
    const row = page.locator(".runs [data-row='2']");
    await row.getByText("0.1250").waitFor({ timeout: promised });
    rmSync(join(folder, "third"), { recursive: true });
    await row.getByText("gone").waitFor({ timeout: promised });
    await page.getByText("third: The folder was deleted or moved").waitFor();
    await expect.poll(() => keysOf(page, "loss")).toEqual(["first", "second", "third"]);
    expect(troubles).toEqual([]);
    await page.close();
  });
});
