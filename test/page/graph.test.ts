/** A problem whose prompt is a graph, opened in a real browser: the graph, and the paths of its responses on it. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomGenerator } from "../../src/numeric/index.ts";
import { figureOneTask, paperGraphSettings } from "../../src/task/index.ts";
import { chromiumPath, startChromium } from "../chromium.ts";
import { hostileTexts } from "../hostile-text.ts";
import { ensureBuilt, lmcov } from "../lmcov.ts";
import { excessWidth, seriousFaults } from "./accessibility.ts";

interface Problem {
  readonly prompt: string;
  readonly response: string;
  readonly paths: readonly string[];
}

describe.skipIf(chromiumPath === undefined)("graphs (skipped where no Chromium is installed)", () => {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-graph-"));
  let browser: Browser;
  let problem: Problem;
  let page: Page;
  const troubles: string[] = [];

  /** Two valid paths, one that leaves the graph, one that is hostile text; and prompts that are no graphs. */
  beforeAll(async () => {
    ensureBuilt();
    const inFolder = async (words: readonly string[]) => {
      const { code, stderr } = await lmcov(words, { cwd: folder });
      expect(code, stderr).toBe(0);
    };
    const task = figureOneTask({ ...paperGraphSettings, padded: true });
    const drawn = task.problem("G3", randomGenerator("page"));
    problem = { ...drawn, paths: task.paths(drawn) };
    const path = problem.response.split(" ");
    const other = problem.paths.find((one) => one !== problem.response)!;
    const strange = [...path.slice(0, 4), "999", hostileTexts[0]!.replaceAll(" ", ""), ...path.slice(6)].join(
      " ",
    );
    const graphs = [problem.response, other, strange, path.slice(0, 3).join(" ")];
    const others = [...hostileTexts.slice(0, 6), "7 4 | ".repeat(100_000), "7 4 | 4 7 / 7 4 ="];
    const rows = [
      ...graphs.map((response) => ({ problem: "graph", prompt: problem.prompt, response })),
      ...others.map((prompt, at) => ({ problem: `other-${at}`, prompt, response: "7 4" })),
      { problem: "hostile", prompt: "7 4 | 7 9 | 4 2 / 7 2 =", response: hostileTexts.join(" ") },
    ];
    const lines = rows.map((row) =>
      JSON.stringify({ model: "step-100", correct: row.response === problem.response, ...row }),
    );
    writeFileSync(join(folder, "draws.jsonl"), lines.join("\n"));
    await inFolder(["import", "draws.jsonl", "--out", "run"]);
    await inFolder(["report", "run", "--out", "report"]);
    browser = await startChromium();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("console", (message) => troubles.push(message.text()));
  }, 240_000);
  afterAll(() => browser?.close());

  async function opened(name: string, width = 1440): Promise<Locator> {
    await page.setViewportSize({ width, height: 900 });
    await page.goto("about:blank");
    await page.goto(`${pathToFileURL(join(folder, "report", "report.html")).href}#problem=${name}`);
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    return dialog;
  }
  const drawnSteps = (dialog: Locator, kind: string) =>
    dialog.locator(`.step.${kind}`).evaluateAll((all) => all.map((one) => one.getAttribute("data-step")));
  const stepsOf = (words: readonly string[]) =>
    words.slice(1).map((word, index) => `${words[index]} ${word}`);

  test("stand under the prompt with the first response's path, and another's once it is chosen", async () => {
    const dialog = await opened("graph");
    expect(await dialog.locator(".edge").count()).toBe(problem.prompt.split("|").length);
    const select = dialog.getByLabel("path of");
    expect(await select.locator("option").count()).toBe(4);
    expect(await drawnSteps(dialog, "valid")).toEqual(stepsOf(problem.response.split(" ")));
    expect(await drawnSteps(dialog, "invalid")).toEqual([]);
    const picture = dialog.getByRole("img");
    expect(await picture.getAttribute("aria-label")).toContain(
      `The response goes ${problem.response.replaceAll(" ", ", ")}.`,
    );
    const edges = new Set(
      problem.prompt
        .replace(/^[_ ]+/, "")
        .split(/ [|/] /)
        .slice(0, -1),
    );
    const texts = await dialog.locator("article pre").allTextContents();
    expect(texts).toHaveLength(4);
    for (const [index, text] of texts.entries()) {
      await select.selectOption({ index });
      const words = text.split(/\s+/);
      const steps = stepsOf(words.map((word) => (/^\d+$/.test(word) ? word : "?")));
      expect(await drawnSteps(dialog, "valid")).toEqual(steps.filter((step) => edges.has(step)));
      expect(await drawnSteps(dialog, "invalid")).toEqual(steps.filter((step) => !edges.has(step)));
      const said = (await dialog.locator("figcaption").textContent()) ?? "";
      expect(said.includes("The response is a valid path.")).toBe(problem.paths.includes(text));
    }
    // By keyboard.
    await select.focus();
    await page.keyboard.press("Home");
    await expect.poll(() => drawnSteps(dialog, "valid")).toEqual(stepsOf(problem.response.split(" ")));
    expect(troubles).toEqual([]);
  });

  test.each([
    [1440, "light"],
    [390, "dark"],
  ] as const)(
    "have no fault of accessibility, and cut no name, at %i pixels in %s",
    async (width, colorScheme) => {
      await page.emulateMedia({ colorScheme });
      const dialog = await opened("graph", width);
      await dialog.getByLabel("path of").selectOption({ index: 3 });
      expect(await seriousFaults(page)).toEqual([]);
      expect(await excessWidth(page)).toBe(0);
      const cut = await dialog.locator("svg").evaluate((svg) => {
        const { left, right, top, bottom } = svg.getBoundingClientRect();
        return [...svg.querySelectorAll("text")].filter((text) => {
          const box = text.getBoundingClientRect();
          return box.left < left || box.right > right || box.top < top || box.bottom > bottom;
        }).length;
      });
      expect(cut).toBe(0);
      const names = await dialog.locator("rect.node + text").evaluateAll((all) =>
        all
          .filter((text) => {
            const [box, node] = [text, text.previousElementSibling!].map((one) =>
              one.getBoundingClientRect(),
            );
            return box!.left < node!.left || box!.right > node!.right;
          })
          .map((text) => text.textContent),
      );
      expect(names).toEqual([]);
      expect(troubles).toEqual([]);
    },
  );

  test("fit on paper", async () => {
    const dialog = await opened("graph", 390);
    const excess = () => dialog.locator(".graph").evaluate((box) => box.scrollWidth - box.clientWidth);
    expect(await excess()).toBeGreaterThan(0);
    await page.emulateMedia({ media: "print" });
    expect(await excess()).toBe(0);
    await page.emulateMedia({ media: "screen" });
    expect(troubles).toEqual([]);
  });

  test("are not drawn for prompts that are none, and hold nothing of a hostile response", async () => {
    const dialog = await opened("graph");
    const next = dialog.getByRole("button", { name: "next" });
    const drawn: string[] = [];
    for (let at = 0; at < 10; at += 1) {
      if (at > 0) await next.click();
      expect(await dialog.locator("article").count()).toBeGreaterThan(0);
      const name = (await dialog.locator("h2").textContent()) ?? "";
      if ((await dialog.locator("svg").count()) > 0) drawn.push(name);
    }
    expect(drawn.sort()).toEqual(["graph", "hostile"]);
    await opened("hostile");
    expect(await dialog.locator("svg .edge").count()).toBe(3);
    const texts = await dialog.locator("svg text").allTextContents();
    expect(texts.filter((text) => !/^(\d+|\?|source|target)$/.test(text))).toEqual([]);
    expect(await page.evaluate("globalThis.hacked")).toBeUndefined();
    expect(troubles).toEqual([]);
  });
});
