/** A headless Chromium for tests; undefined where none is installed, so that tests can be skipped. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const candidates = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

export const chromiumPath = candidates.find((path) => path !== undefined && existsSync(path));

/** Starts the browser; it makes no connection of its own. */
export function startChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("no Chromium is installed");
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
