/** The page's panels over N in a real browser: one slider moves them all, and what they say is what the commands print. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomGenerator } from "../../src/numeric/index.ts";
import { intervalText, rateText, realText } from "../../src/report/index.ts";
import { chromiumPath, startChromium } from "../chromium.ts";
import { ensureBuilt, lmcov } from "../lmcov.ts";
import { excessWidth, seriousFaults } from "./accessibility.ts";
import { openedReport } from "./opened-report.ts";

const checkpoints = 6;
const prompts = 60;
const each = 3;

interface Interval {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

describe.skipIf(chromiumPath === undefined)("panels over N (skipped where no Chromium is installed)", () => {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-panels-"));
  const logs = ["scores.jsonl", "counts.jsonl"];
  const path = join(folder, "out", "report.html");
  let browser: Browser;

  async function json(words: readonly string[]) {
    const { code, stdout, stderr } = await lmcov([...words, "--json"], { cwd: folder });
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  }

  beforeAll(async () => {
    ensureBuilt();
    writeLogs(folder);
    const { code, stderr } = await lmcov(["report", ...logs, "--out", "out"], { cwd: folder });
    expect(code, stderr).toBe(0);
    browser = await startChromium();
  }, 120_000);
  afterAll(() => browser?.close());

  async function opened(hash = "", options: { dark?: boolean; width?: number } = {}) {
    const report = await openedReport(browser, path, { ...options, hash });
    await report.page.waitForSelector("#profile svg");
    return report;
  }

  const readout = async (page: Page, section: string) =>
    (await page.locator(`#${section} .readout`).textContent()) ?? "";
  const sliderN = (page: Page) => page.locator(".slider output").textContent();

  test("at N = 16 they say what profile, select and passk print", async () => {
    const [profile, select, passk] = [
      await json(["profile", "scores.jsonl", "--n", "16"]),
      await json(["select", "scores.jsonl", "--n", "16"]),
      await json(["passk", "counts.jsonl", "--k", "16"]),
    ];
    const { page, troubles } = await opened("#N=16");
    expect(await sliderN(page)).toBe("16");

    const profiles = await readout(page, "profile");
    expect(profile.models).toHaveLength(checkpoints);
    for (const { model, profile: points } of profile.models) {
      const [{ coverage, lower, upper }] = points;
      expect(profiles).toContain(`${model} ${intervalText({ estimate: coverage, lower, upper })}`);
    }
    const scores = await readout(page, "tournament");
    for (const { model, score } of select.tournament.scores) {
      expect(scores).toContain(`${model} ${rateText(score)}`);
    }
    expect(await readout(page, "winner")).toBe(
      `Winner at N = 16: ${select.tournament.winner} score ${rateText(select.tournament.score)}`,
    );
    const measured = await readout(page, "pass-at-k");
    for (const { name, step, passAtK } of passk.models) {
      expect(measured).toContain(`${name}, step ${step} ${intervalText(passAtK[0] as Interval)}`);
    }
    const training = await readout(page, "likelihood-trajectory-1");
    const picked = profile.models.find(({ model }: { model: string }) => model === select.tournament.winner);
    const [{ coverage, lower, upper }] = picked.profile;
    expect(training).toContain(`Cov at N = 16 ${intervalText({ estimate: coverage, lower, upper })}`);
    expect(training).toContain(`KL ${realText(picked.kl.estimate)}`);
    expect(await page.locator("#pass-against-coverage svg").textContent()).toMatch(
      /rank correlation [−-]?[\d.]+ at N = 16/,
    );
    expect(await page.locator("#matrix svg").first().textContent()).toContain("row finds N = 16 times");
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("the slider and the arrow keys move every panel and the link", async () => {
    const { page, troubles } = await opened("#N=16");
    const sections = ["profile", "tournament", "winner", "pass-at-k", "reach"];
    const marks = () =>
      page.evaluate<number[]>(
        `${JSON.stringify(sections)}.map((id) => new DOMMatrix(document.querySelector("#" + id + " .n-mark").style.transform).e)`,
      );
    await expect
      .poll(() =>
        page.evaluate<boolean>(
          `${JSON.stringify(sections)}.every((id) => document.querySelector("#" + id + " .n-mark"))`,
        ),
      )
      .toBe(true);
    const before = await marks();
    await page.locator(".slider input").focus();
    await page.keyboard.press("ArrowRight");
    await page.locator("h1").click();
    await page.keyboard.press("ArrowRight");
    expect(await sliderN(page)).toBe("23");
    // Panels out of sight follow once N has come to rest.
    await expect.poll(async () => (await marks()).every((x, index) => x > (before[index] ?? 0))).toBe(true);
    await expect.poll(() => readout(page, "profile")).toContain("Cov_N at N = 23");
    await page.locator("#likelihood-trajectory-1").scrollIntoViewIfNeeded();
    await expect
      .poll(() =>
        page.evaluate<boolean>(
          "document.querySelector('#likelihood-trajectory-1 svg').textContent.includes('Cov at N = 23')",
        ),
      )
      .toBe(true);
    await expect.poll(() => page.evaluate<boolean>("location.hash === '#N=23'")).toBe(true);
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("a link restores N, model and section; a section's name alone is a link too", async () => {
    const { page } = await opened("#N=8&model=student%2C+step+3&section=matrix");
    expect(await sliderN(page)).toBe("8");
    await page.getByRole("button", { name: "Deselect student, step 3" }).waitFor();
    expect(await page.locator(".readout .selected").first().textContent()).toContain("student, step 3");
    const top = async (shown: Page) => (await shown.locator("#matrix").boundingBox())?.y ?? Number.NaN;
    // Sections above get their height once they are drawn.
    await expect.poll(() => top(page)).toBeLessThan(450);
    const other = await opened("#matrix");
    await expect.poll(() => top(other.page)).toBeLessThan(450);
    await page.evaluate("location.hash = '#N=32'");
    await expect
      .poll(() => page.evaluate<boolean>("document.querySelector('.slider output').textContent === '32'"))
      .toBe(true);
    await page.close();
    await other.page.close();
  });

  test("a click on a line or on a name in a table selects the model in all charts", async () => {
    const { page, troubles } = await opened();
    await page.locator("#pass-at-k table").getByRole("button", { name: "student, step 2" }).click();
    await expect
      .poll(() => page.evaluate<boolean>("location.hash.includes('model=student%2C+step+2')"))
      .toBe(true);
    expect(await page.locator("#profile .readout .selected").textContent()).toContain("student, step 2");
    await expect
      .poll(() => readout(page, "likelihood-trajectory-1"))
      .toMatch(/^At N = [\d.]+: student, step 2 KL/);
    await page.getByRole("button", { name: "Deselect student, step 2" }).click();
    await expect.poll(() => page.evaluate<boolean>("!location.hash.includes('model')")).toBe(true);

    await page.locator("#profile").scrollIntoViewIfNeeded();
    const chart = page.locator("#profile svg").first();
    let [x, y, tip] = [0, 0, ""];
    // The page may still settle under the pointer: sections above get their height once they are drawn.
    const tipAtPointer = async () => {
      const box = await chart.boundingBox();
      [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 4, (box?.y ?? 0) + (box?.height ?? 0) / 3];
      await page.mouse.move(x - 2, y);
      await page.mouse.move(x, y);
      tip = await page.evaluate<string>(
        "document.querySelector('#profile [aria-label=tip]')?.textContent ?? ''",
      );
      return tip;
    };
    await expect.poll(tipAtPointer).toMatch(/student, step \d/);
    expect(tip).toMatch(/Cov_N at N = [\d.]+: [\d.]+ \[[\d.]+, [\d.]+\]\D*60 prompts/);
    await page.mouse.click(x, y);
    const selected = /student, step \d/.exec(tip)?.[0] ?? "";
    await page.getByRole("button", { name: `Deselect ${selected}` }).waitFor();
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("every chart says what it is, with formula and source, and is handed out as SVG and CSV", async () => {
    const { page, troubles } = await opened("#N=4");
    const sections = await page
      .locator("main section:has(> figure)")
      .evaluateAll((elements) => elements.map(({ id }) => id));
    expect(sections).toEqual(expect.arrayContaining(["profile", "winner", "matrix", "mixture", "reach"]));
    for (const id of sections) {
      const explained = await page.locator(`#${id} details`).textContent();
      expect(explained, id).toMatch(/\(.*(equation|section|convex hull|arXiv).*\)$/);
    }
    // Browsers ask before a page hands out many files at once.
    for (const id of ["profile", "likelihood-trajectory-1", "matrix"]) {
      for (const [button, start] of [
        ["SVG", "<svg"],
        ["CSV", ""],
      ] as const) {
        const download = page.waitForEvent("download");
        await page.locator(`#${id} .downloads`).getByRole("button", { name: button, exact: true }).click();
        const file = await download;
        const target = join(folder, file.suggestedFilename());
        await file.saveAs(target);
        const content = readFileSync(target, "utf8");
        expect(content.startsWith(start), id).toBe(true);
        expect(content.length, id).toBeGreaterThan(100);
      }
    }
    expect(troubles).toEqual([]);
    await page.close();
  });

  test.each([
    ["light", 1440],
    ["dark", 390],
  ])("no serious fault of accessibility, %s at %d pixels", async (scheme, width) => {
    const { page, troubles } = await opened("#N=16&model=student%2C+step+3", {
      dark: scheme === "dark",
      width,
    });
    expect(await seriousFaults(page)).toEqual([]);
    expect(await excessWidth(page)).toBe(0);
    expect(troubles).toEqual([]);
    await page.close();
  });
});

/** A teacher's responses scored by itself and by checkpoints that lose some of them more and more, with verdicts. */
function writeLogs(folder: string): void {
  const generator = randomGenerator("panels");
  const scores: unknown[] = [];
  const counts: unknown[] = [];
  for (let prompt = 0; prompt < prompts; prompt++) {
    const problem = `p${prompt}`;
    for (let draw = 0; draw < each; draw++) {
      const teacher = -5 - 10 * generator.uniform();
      const response = `${problem} ${draw}`;
      const row = { task: "t", problem, response, sampler: "teacher" };
      scores.push({ ...row, model: "teacher", logprob: teacher });
      for (let step = 1; step <= checkpoints; step++) {
        const lost = prompt % 10 < step ? 1 : 0;
        const ratio = lost * 0.6 * step * generator.uniform() * 2 + (1.5 / step) * generator.uniform();
        scores.push({ ...row, model: "student", step, logprob: teacher - ratio });
      }
    }
    for (let step = 1; step <= checkpoints; step++) {
      const correct = Math.round(32 * Math.min(1, generator.uniform() * (0.1 + 0.1 * step)));
      counts.push({ model: "student", step, task: "t", problem, n: 32, correct });
    }
  }
  const text = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  writeFileSync(join(folder, "scores.jsonl"), text(scores));
  writeFileSync(join(folder, "counts.jsonl"), text(counts));
}
