/** The mathematics runs in a browser and gives the numbers that Node gives. Skipped where no Chromium is installed. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forecastPassAtK, passAtKEstimates } from "../src/coverage/index.ts";
import { randomGenerator } from "../src/numeric/index.ts";
import { passAtKComparison } from "../src/selection/index.ts";
import { chromiumPath, startChromium } from "./chromium.ts";

const counts = Array.from({ length: 40 }, (_, index) => ({
  problem: `p${index}`,
  draws: 50,
  correct: Math.floor(50 * (index / 40) ** 4),
}));
const other = counts.map((count) => ({
  ...count,
  correct: Math.min(50, count.correct + (count.correct % 3)),
}));

describe.skipIf(chromiumPath === undefined)("numeric, coverage and selection in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser?.close());

  test("estimates, forecast and comparison equal those of Node", async () => {
    const source = fileURLToPath(new URL("../src", import.meta.url));
    const bundled = await build({
      stdin: {
        contents: `export * as coverage from "${source}/coverage/index.ts";
          export * as selection from "${source}/selection/index.ts";
          export * as numeric from "${source}/numeric/index.ts";`,
        resolveDir: source,
      },
      bundle: true,
      format: "iife",
      globalName: "lmcov",
      platform: "browser",
      write: false,
      logLevel: "error",
    });
    const page = await browser.newPage();
    const failures: string[] = [];
    page.on("pageerror", (error) => failures.push(error.message));
    await page.addScriptTag({ content: bundled.outputFiles[0]?.text ?? "" });
    const found = await page.evaluate(
      ({ first, second }) => {
        const { coverage, selection, numeric } = (globalThis as unknown as { lmcov: unknown }).lmcov as {
          coverage: typeof import("../src/coverage/index.ts");
          selection: typeof import("../src/selection/index.ts");
          numeric: typeof import("../src/numeric/index.ts");
        };
        const models = [
          { model: "a", problems: first },
          { model: "b", problems: second },
        ];
        return {
          estimates: coverage.passAtKEstimates(first, [1, 10, 50]),
          forecast: coverage.forecastPassAtK(first, [1000]),
          comparison: selection.passAtKComparison(models, [1, 10], {
            generator: numeric.randomGenerator("browser"),
          }),
        };
      },
      { first: counts, second: other },
    );
    expect(failures).toEqual([]);
    const models = [
      { model: "a", problems: counts },
      { model: "b", problems: other },
    ];
    expect(found.estimates).toEqual(passAtKEstimates(counts, [1, 10, 50]));
    // Engines differ in the last bits of log and exp, so a solver's result agrees to rounding only.
    const [ours] = forecastPassAtK(counts, [1000]);
    expect(found.forecast[0]?.lower).toBeCloseTo(ours?.lower ?? -1, 9);
    expect(found.forecast[0]?.upper).toBeCloseTo(ours?.upper ?? -1, 9);
    expect(found.comparison).toEqual(
      passAtKComparison(models, [1, 10], { generator: randomGenerator("browser") }),
    );
  });
});
