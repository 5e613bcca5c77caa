/** What the page does while the slider of N is dragged: work is counted, not time. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bandAtN, pickAtN } from "../../src/report/chart-plot-training.ts";
import { htmlReport, type Report } from "../../src/report/index.ts";
import { chromiumPath, startChromium } from "../chromium.ts";
import { ensureBuilt } from "../lmcov.ts";
import { reportOnMany } from "./many-checkpoints.ts";

/** For each chart: plots put in, and marks moved. */
type Work = Record<string, { plots: number; marks: number }>;

describe.skipIf(chromiumPath === undefined)("a drag (skipped where no Chromium is installed)", () => {
  const path = join(mkdtempSync(join(tmpdir(), "lmcov-drag-")), "report.html");
  const report = reportOnMany({ checkpoints: 8, problems: 120, draws: 32 });
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    ensureBuilt();
    writeFileSync(path, await htmlReport(report));
    browser = await startChromium();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.clock.install({ time: 0 });
    await page.goto(pathToFileURL(path).href);
    await page.waitForSelector("#pass-at-k svg");
    // From here on time passes only where the test says so.
    await page.clock.pauseAt(3_600_000);
    await drawAll();
  });
  afterAll(() => browser?.close());

  async function drawAll(): Promise<void> {
    for (let round = 0; round < 3; round += 1) await page.clock.runFor(3000);
  }

  async function show(section: string): Promise<void> {
    // Observers of what is in sight are told in the order in which they began: the page's before this one.
    await page.evaluate(`new Promise((done) => {
      const section = document.getElementById("${section}");
      section.scrollIntoView();
      new IntersectionObserver(([entry]) => entry.isIntersecting && done()).observe(section);
    })`);
    await drawAll();
  }

  async function drag(values: readonly number[]): Promise<void> {
    for (const value of values) {
      await page.evaluate(`{
        const slider = document.getElementById("n-slider");
        slider.value = "${value}";
        slider.dispatchEvent(new Event("input", { bubbles: true }));
      }`);
      await page.clock.runFor(20);
    }
  }

  async function counted(work: () => Promise<void>): Promise<Work> {
    await page.evaluate(`{
      globalThis.counted = {};
      globalThis.observers = [...document.querySelectorAll(".chart")].map((chart) => {
        const counts = (globalThis.counted[chart.closest("section").id] = { plots: 0, marks: 0 });
        const observer = new MutationObserver((records) => {
          for (const { type, addedNodes } of records) {
            if (type === "attributes") counts.marks += 1;
            counts.plots += [...addedNodes].filter((node) => node.localName === "svg").length;
          }
        });
        observer.observe(chart, { childList: true, attributes: true, subtree: true });
        return observer;
      });
    }`);
    await work();
    return page.evaluate<Work>(`new Promise((done) => queueMicrotask(() => {
      globalThis.observers.forEach((observer) => observer.disconnect());
      done(globalThis.counted);
    }))`);
  }

  test("moves marks in sight and draws nothing anew there; what is out of sight stays as it is until N rests", async () => {
    await show("profile");
    const during = await counted(() => drag([4, 5, 6, 7, 8]));
    const { profile, ...others } = during;
    expect(profile).toEqual({ plots: 0, marks: 5 });
    expect(Object.keys(others)).toEqual(expect.arrayContaining(["pass-at-k", "matrix", "winner"]));
    for (const section of ["pass-at-k", "matrix", "winner", "pass-against-coverage"]) {
      expect(others[section], section).toEqual({ plots: 0, marks: 0 });
    }
    const after = await counted(drawAll);
    expect(after["pass-at-k"]).toEqual({ plots: 0, marks: 1 });
    expect(after.matrix?.plots).toBe(2);
    expect(after.winner).toEqual({ plots: 0, marks: 1 });
  });

  test("changes the rows of the trajectory in place, and draws those that changed anew once N rests", async () => {
    await show("likelihood-trajectory-1");
    const section = "likelihood-trajectory-1";
    // Five quantities, and the picks behind them.
    expect(await page.locator(`#${section} .chart > svg > svg`).count()).toBe(6);
    const [first, second] = samePicks(report);
    await drag([first]);
    await drawAll();
    // Cov at N, pass@N, and the picks, whose names have N: without numbers at the pointer from here on.
    expect((await counted(() => drag([second])))[section]?.plots).toBe(3);
    const further = await counted(() => drag([first, second]));
    expect(further[section]?.plots).toBe(0);
    expect(further[section]?.marks).toBeGreaterThan(10);
    const moved = await lines(section);
    const after = await counted(drawAll);
    expect(after[section]?.plots).toBe(3);
    expect(await lines(section)).toEqual(moved);
    expect(moved.length).toBeGreaterThan(40);
  });

  /** Lines and names of a chart, but those at the pointer. */
  const lines = (section: string) =>
    page.evaluate<string[]>(`[...document.querySelectorAll("#${section} .chart :is(path, line, text)")].map(
      (part) => [part.localName, part.textContent, ...["x", "y", "dy", "d", "x1", "y1", "x2", "y2"].map((name) => part.getAttribute(name))].join(" "),
    )`);

  test("lets several steps within a frame be one", async () => {
    await show("profile");
    const work = await counted(async () => {
      await page.evaluate(`{
        const slider = document.getElementById("n-slider");
        for (let value = 1; value < 30; value += 1) {
          slider.value = String(value);
          slider.dispatchEvent(new Event("input", { bubbles: true }));
        }
      }`);
      await page.clock.runFor(20);
    });
    expect(work.profile).toEqual({ plots: 0, marks: 1 });
    expect(await page.locator(".slider output").textContent()).toBe(String(report.slider?.ns[29]));
  });
});

/** Two neighbours on the slider at which the same checkpoints are picked, and the trajectory's rows differ. */
function samePicks({ sections, slider }: Report): [number, number] {
  const chart = sections.find(({ id }) => id === "likelihood-trajectory-1")?.chart;
  if (chart?.kind !== "training") throw new Error("the trajectory has a chart");
  const picksAt = (n: number) => chart.picks.map((pick) => pickAtN(pick, n)).join();
  const ns = slider?.ns ?? [];
  const changed = (from: number, to: number) =>
    chart.rows.filter((row) => bandAtN(row, from).n !== bandAtN(row, to).n).length;
  const place = ns.findIndex((n, index) => {
    const after = ns[index + 1];
    return after !== undefined && picksAt(n) === picksAt(after) && changed(n, after) === 2;
  });
  expect(place).toBeGreaterThanOrEqual(0);
  return [place, place + 1];
}
