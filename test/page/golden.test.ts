/**
 * Pictures of a small report at the widths of a phone, a tablet and a desk, against those in `golden/`. After a change of
 * the page that is meant to be seen: `UPDATE_GOLDEN=1 npx vitest run test/page/golden.test.ts`, and look at what changed.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { htmlReport } from "../../src/report/index.ts";
import { chromiumPath, startChromium } from "../chromium.ts";
import { ensureBuilt } from "../lmcov.ts";
import { reportOnMany } from "./many-checkpoints.ts";
import { fontWidths, shareDiffering } from "./picture.ts";

/** Of the pixels; a line of a chart that is not there takes more. */
const tolerance = 0.001;
const widths = { phone: [390, 700], tablet: [820, 800], desk: [1440, 800] } as const;
type Width = keyof typeof widths;

const golden = (name: string) => fileURLToPath(new URL(`./golden/${name}`, import.meta.url));

describe.skipIf(chromiumPath === undefined)("pictures (skipped where no Chromium is installed)", () => {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-golden-"));
  const path = join(folder, "report.html");
  let browser: Browser;
  let blank: Page;
  beforeAll(async () => {
    ensureBuilt();
    writeFileSync(path, await htmlReport(reportOnMany({ checkpoints: 4, problems: 60, draws: 16 })));
    browser = await startChromium();
    blank = await browser.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The page, or a skipped test where its text would not look the same. */
  async function opened(width: Width, context: TestContext): Promise<Page> {
    const [wide, high] = widths[width];
    const page = await browser.newPage({ viewport: { width: wide, height: high }, colorScheme: "light" });
    await page.goto(pathToFileURL(path).href);
    await page.waitForSelector("#pass-at-k svg");
    const fonts = await fontWidths(page);
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(golden("fonts.txt"), fonts);
    else if (existsSync(golden("fonts.txt")) && readFileSync(golden("fonts.txt"), "utf8") !== fonts) {
      context.skip("the system's fonts are not those of the kept pictures");
    }
    return page;
  }

  const top = (page: Page) => page.screenshot({ animations: "disabled" });
  async function profile(page: Page): Promise<Buffer> {
    await page.locator("#profile").scrollIntoViewIfNeeded();
    await page.waitForSelector("#profile svg");
    return page.locator("#profile").screenshot({ animations: "disabled" });
  }

  test.for(Object.keys(widths) as Width[])(
    "the first screen and the coverage profile, %s",
    async (width, context) => {
      const page = await opened(width, context);
      const shares = {
        top: await shareDiffering(await top(page), golden(`top-${width}.png`), blank),
        profile: await shareDiffering(await profile(page), golden(`profile-${width}.png`), blank),
      };
      expect(shares.top).toBeLessThan(tolerance);
      expect(shares.profile).toBeLessThan(tolerance);
      await page.close();
    },
  );

  test.skipIf(process.env.UPDATE_GOLDEN === "1").for([
    ["a panel", "#pass-at-k", top, "top"],
    ["the slider", ".slider", top, "top"],
    ["a line of the chart", "#profile .chart [stroke-width='2']", profile, "profile"],
  ] as const)("differ by more than the tolerance without %s", async ([, selector, taken, name], context) => {
    const page = await opened("desk", context);
    await taken(page);
    await page
      .locator(selector)
      .first()
      .evaluate((element) => {
        element.style.visibility = "hidden";
      });
    const share = await shareDiffering(await taken(page), golden(`${name}-desk.png`), blank);
    expect(share).toBeGreaterThan(tolerance);
    await page.close();
  });
});
