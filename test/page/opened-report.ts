/** A report's file opened in a browser, and what must not come of it. */
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";

export interface Opened {
  readonly page: Page;
  /** Errors, warnings, and requests for anything but the file. */
  readonly troubles: string[];
}

/** Opens the report's file, and comes back once it is shown; charts out of sight may still be drawn. */
export async function openedReport(
  browser: Browser,
  path: string,
  options: { readonly hash?: string; readonly dark?: boolean; readonly width?: number } = {},
): Promise<Opened> {
  const { hash = "", dark = false, width = 1440 } = options;
  const page = await browser.newPage({
    viewport: { width, height: 900 },
    colorScheme: dark ? "dark" : "light",
  });
  const address = pathToFileURL(path).href;
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
  });
  page.on("request", (request) => {
    const url = request.url().replace(/#.*/, "");
    if (url !== address) troubles.push(`request: ${url.slice(0, 100)}`);
  });
  await page.goto(address + hash);
  await page.waitForSelector("h1");
  return { page, troubles };
}
