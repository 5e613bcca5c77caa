/** The problems of a report in a real browser: the table, what a problem opens, and a file with very many. */
import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomGenerator } from "../../src/numeric/index.ts";
import { htmlReport, type ProblemView, problemView, type Report } from "../../src/report/index.ts";
import { chromiumPath, startChromium } from "../chromium.ts";
import { hostileTexts } from "../hostile-text.ts";
import { ensureBuilt, lmcov } from "../lmcov.ts";
import { sharedData } from "../shared-data.ts";
import { seriousFaults } from "./accessibility.ts";
import { reportOnMany } from "./many-checkpoints.ts";
import { type Opened, openedReport } from "./opened-report.ts";

describe.skipIf(chromiumPath === undefined)("problems (skipped where no Chromium is installed)", () => {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), "lmcov-problems-"));
  beforeAll(async () => {
    ensureBuilt();
    browser = await startChromium();
  });
  afterAll(() => browser?.close());

  async function opened(path: string, hash = "", width = 1440): Promise<Opened> {
    const report = await openedReport(browser, path, { hash, width });
    await report.page.waitForSelector("#problems tbody tr");
    return report;
  }

  async function written(name: string, report: Report): Promise<string> {
    const path = join(folder, name);
    writeFileSync(path, await htmlReport(report));
    return path;
  }

  const solutions = sharedData("gsm8k/example_model_solutions.jsonl");
  describe.skipIf(solutions === undefined)(
    "on 5,276 solutions of GSM8K (skipped where ../shared/data is absent)",
    () => {
      let path: string;
      beforeAll(async () => {
        const words = ["report", solutions ?? "", "--verify", "numeric", "--out", join(folder, "gsm8k")];
        const result = await lmcov(words);
        expect(result.code, result.stderr).toBe(0);
        path = join(folder, "gsm8k", "report.html");
      });

      test("are sorted, searched, filtered and shown for another model, which the address keeps", async () => {
        const { page, troubles } = await opened(path, "#N=4");
        const section = page.locator("#problems");
        expect(await section.textContent()).toContain("rate under 1/N at N = 4");
        await section.getByRole("button", { name: "solved by, of 4" }).click();
        expect(await section.locator("tbody tr").first().textContent()).toMatch(/4$/);
        await section.getByLabel("Shown problems").selectOption({ label: "never solved by any model" });
        const never = await section.locator("tbody tr.none td:last-child").allTextContents();
        expect(new Set(never)).toEqual(new Set(["by none"]));
        const rows = Number(
          (await section.getByRole("searchbox").getAttribute("placeholder"))?.split(" ")[1],
        );
        expect(rows).toBeGreaterThan(100);
        expect(rows).toBeLessThan(577);
        await section.getByLabel("Shown problems").selectOption({ label: "all problems" });
        await section.getByLabel("Highlighted model").selectOption("6b_finetuning");
        await expect.poll(() => hashOf(page), { timeout: 5000 }).toBe("#N=4&model=6b_finetuning");
        expect(await section.locator("th").nth(1).textContent()).toBe("6b_finetuning");
        await section.getByRole("searchbox").fill("2b2e3f9639f6fa28");
        expect(await section.locator("tbody tr").count()).toBe(1);
        expect(await section.locator("tbody tr").getAttribute("class")).toBe("none");
        expect(troubles).toEqual([]);
        await page.close();
      });

      test("open by keyboard with prompt, reference answer and responses, and close with Escape", async () => {
        const { page, troubles } = await opened(path);
        await page.locator("#problems tbody a").first().focus();
        await page.keyboard.press("Enter");
        const dialog = page.getByRole("dialog");
        await dialog.waitFor();
        await expect.poll(() => hashOf(page), { timeout: 5000 }).toBe("#problem=2b2e3f9639f6fa28");
        const shown = (await dialog.textContent()) ?? "";
        expect(shown).toContain("Janet’s ducks lay 16 eggs per day.");
        expect(shown).toContain("solved by 1 of the 4 models");
        expect(await dialog.locator("tbody tr").count()).toBe(4);
        const verdicts = await dialog.locator("article strong").allTextContents();
        expect(verdicts).toEqual(["correct", "incorrect", "incorrect", "incorrect"]);
        await dialog.getByRole("button", { name: "next" }).click();
        expect(await dialog.locator("h2").textContent()).toBe("de563650cee0d9af");
        await page.keyboard.press("Escape");
        await dialog.waitFor({ state: "hidden" });
        await expect.poll(() => hashOf(page), { timeout: 5000 }).not.toContain("problem");
        expect(troubles).toEqual([]);
        await page.close();
      });

      test("open from a link", async () => {
        const { page, troubles } = await opened(path, "#problem=de563650cee0d9af", 390);
        expect(await page.getByRole("dialog").locator("h2").textContent()).toBe("de563650cee0d9af");
        const root = "document.documentElement";
        const [shown, needed] = await page.evaluate<number[]>(`[${root}.clientWidth, ${root}.scrollWidth]`);
        expect(needed).toBeLessThanOrEqual(shown ?? 0);
        expect(troubles).toEqual([]);
        await page.close();
      });

      test("are without texts where these are not wanted", async () => {
        const out = join(folder, "bare");
        const result = await lmcov([
          "report",
          solutions ?? "",
          "--verify",
          "numeric",
          "--no-texts",
          "--out",
          out,
        ]);
        expect(result.code, result.stderr).toBe(0);
        expect(statSync(join(out, "report.html")).size).toBeLessThan(statSync(path).size - 200_000);
        const { page } = await opened(join(out, "report.html"), "#problem=2b2e3f9639f6fa28");
        expect(await page.getByRole("dialog").textContent()).toContain("No responses in this file");
        await page.close();
      });
    },
  );

  test("say each token's log-probability, by pointer and by keyboard", async () => {
    const shown = [
      {
        problem: 0,
        responses: [
          {
            model: 0,
            draw: 3,
            verdict: "correct" as const,
            text: "four",
            reward: 0.25,
            answer: "4",
            logProbability: -7.75,
            tokenLogProbabilities: [-0.25, -7.5, 0],
          },
        ],
      },
    ];
    const path = await written("tokens.html", reportOf({ ...view(["p"], 1), shown }));
    const { page, troubles } = await opened(path, "#problem=p");
    const response = page.getByRole("dialog").locator("article");
    expect(await response.locator("p").first().textContent()).toBe(
      "correct draw 3 · reward 0.25 · answer 4 · log-probability −7.75 nats",
    );
    const strip = response.getByRole("slider");
    // The least probable one to begin with: its colour is the strongest.
    expect(await strip.getAttribute("aria-valuetext")).toBe("token 2 of 3: −7.50 nats, probability 0.00055");
    expect(await strip.locator("span").nth(1).getAttribute("class")).toBe("p4 current");
    await strip.locator("span").nth(0).hover();
    expect(await strip.getAttribute("aria-valuetext")).toBe("token 1 of 3: −0.25 nats, probability 0.779");
    await strip.press("ArrowRight");
    await strip.press("ArrowRight");
    expect(await response.locator(".tokens p").textContent()).toBe("token 3 of 3: 0.00 nats, probability 1");
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("shade the tokens in the response's own text where their texts are known, in light and dark", async () => {
    const text = "the <b>cat\u202e\u001b sat";
    const response = {
      model: 0,
      draw: 0,
      verdict: "correct" as const,
      text,
      logProbability: -9,
      tokenLogProbabilities: [-0.1, -1.5, -7, -0.4, 0],
      // The first token, then "<b>", the rest of the word with its controls, " sat", and the end of the sequence.
      tokenLengths: [4, 3, 5, 4, 0],
    };
    const shown = [{ problem: 0, responses: [response, { ...response, draw: 1, text: "" }] }];
    const path = await written("spelt.html", reportOf({ ...view(["p"], 1), shown }));
    const { page, troubles } = await opened(path, "#problem=p");
    const [article, empty] = await page.getByRole("dialog").locator("article").all();
    const marked = article!.locator("pre.marked");
    expect(await marked.textContent()).toBe("the <b>cat\\u{202e}\\u{1b} sat");
    const spans = marked.locator("span");
    expect(await spans.allTextContents()).toEqual(["the ", "<b>", "cat\\u{202e}\\u{1b}", " sat"]);
    expect(await spans.evaluateAll((all) => all.map((one) => one.className))).toEqual([
      "p0",
      "p1",
      "p4 current",
      "p0",
    ]);
    await spans.nth(1).hover();
    const strip = article!.getByRole("slider");
    expect(await strip.getAttribute("aria-valuetext")).toBe(
      "token 2 of 5 “<b>”: −1.50 nats, probability 0.223",
    );
    await strip.press("ArrowRight");
    expect(await spans.nth(2).getAttribute("class")).toBe("p4 current");
    // Nothing of an empty response can be shaded.
    expect(await empty!.locator("pre").textContent()).toBe("(empty)");
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousFaults(page)).toEqual([]);
    }
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("show hostile names, prompts and responses as text", async () => {
    const cuts = hostileTexts.map((hostile) => hostile.slice(0, 4000));
    const shown = cuts.map((text, problem) => ({
      problem,
      prompt: text,
      target: text,
      responses: [{ model: 0, draw: 0, verdict: "incorrect" as const, text, answer: text, reason: text }],
    }));
    const models = [hostileTexts.join("")];
    const path = await written("hostile.html", reportOf({ ...view(hostileTexts, 1), models, shown }));
    const { page, troubles } = await opened(path);
    await page.locator("#problems tbody a").first().click();
    const dialog = page.getByRole("dialog");
    for (const [at, text] of cuts.entries()) {
      const kept = await dialog.locator("pre").allTextContents();
      expect(kept).toHaveLength(3);
      expect(new Set(kept).size).toBe(1);
      expect(kept[0]).not.toMatch(
        /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069\ufeff]/,
      );
      if (/^[ -~]*$/.test(text)) expect(kept[0]).toBe(text);
      if (at < cuts.length - 1) await dialog.getByRole("button", { name: "next" }).click();
    }
    const state = await page.evaluate<{ hacked: unknown; foreign: number }>(`({
      hacked: globalThis.hacked,
      foreign: document.querySelectorAll("img, iframe, object, dialog script").length,
    })`);
    expect(state).toEqual({ foreign: 0 });
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("of 100 checkpoints and 10,000 each stay in a file under 1.3 MB, whole, and 100,000 rows scroll", async () => {
    const many = view(
      Array.from({ length: 10_000 }, (_, at) => `problem-${at}`),
      100,
    );
    // The other sections' size goes with the checkpoints, not with the problems.
    const others = reportOnMany({ checkpoints: 100, problems: 200, draws: 64 });
    const path = await written("many.html", { ...others, problems: [many] });
    expect(statSync(path).size).toBeLessThan(1_300_000);
    const { page, troubles } = await opened(path);
    expect(await page.getByLabel("Highlighted model").locator("option").count()).toBe(100);
    const last = many.problems.length - 1;
    await page.locator("#problems .scroll").evaluate((element) => element.scrollTo(0, element.scrollHeight));
    const row = page.locator("#problems tbody tr", { hasText: `problem-${last}` });
    await row.waitFor({ timeout: 5000 });
    const cells = await row.locator("td").allTextContents();
    expect(cells.slice(2, 4)).toEqual([String(many.draws[0]![last]), String(many.correct[0]![last])]);
    expect(Number(cells[4])).toBe(many.solvedBy[last]);
    expect(troubles).toEqual([]);
    await page.close();

    const long = view(
      Array.from({ length: 100_000 }, (_, at) => `problem-${at}`),
      2,
    );
    const second = await opened(await written("long.html", reportOf(long)));
    const section = second.page.locator("#problems");
    expect(await section.locator("tbody tr").count()).toBeLessThan(120);
    await section.getByRole("searchbox").fill("problem-77777");
    await section.getByText("problem-77777", { exact: true }).waitFor({ timeout: 5000 });
    expect(second.troubles).toEqual([]);
    await second.page.close();
  }, 180_000);
});

const hashOf = (page: Page) => page.evaluate<string>("location.hash");

/** Counts of 100 draws a problem under models that get better. */
function view(problems: readonly string[], models: number): ProblemView {
  const generator = randomGenerator(`problems ${problems.length} ${models}`);
  const rates = problems.map(() => generator.uniform() ** 3);
  const analyses = Array.from({ length: models }, (_, model) => {
    const skill = 1 - (0.5 * model) / models;
    const counts = problems.map((problem, at) => {
      const rate = rates[at]! * skill;
      const noise =
        Math.sqrt(100 * rate * (1 - rate)) * (generator.uniform() + generator.uniform() - 1) * 2.4;
      const correct = Math.min(100, Math.max(0, Math.round(100 * rate + noise)));
      return { problem, draws: 100, correct, unscored: 0, stopping: { kind: "fixed" as const } };
    });
    return { counts: { label: `checkpoint-${model}`, problems: counts }, measured: [] };
  });
  const task = { task: "task", level: 0.95, models: analyses, chosen: 0, decidingK: 1 };
  return problemView(task as unknown as Parameters<typeof problemView>[0]);
}

/** A report with these problems alone. */
function reportOf(problems: ProblemView): Report {
  return {
    schema: "lmcov/report@1",
    title: "report",
    verdict: ["sentence"],
    leading: 1,
    sections: [],
    problems: [problems],
    unknowable: [],
    next: [],
    inputs: { files: [], rejected: 0, rejections: [], dropped: [], notes: [] },
  };
}
