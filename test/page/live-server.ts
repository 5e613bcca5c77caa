/** `lmcov serve` as tests start it, ask it and open its page. */
import { type ChildProcess, spawn } from "node:child_process";
import { request } from "node:http";
import type { Browser, Page } from "playwright-core";
import { mainFile } from "../lmcov.ts";

/** By how much a machine is slower than one that does nothing else: 1, unless the environment says otherwise. */
const slowness = Number(process.env.LMCOV_TEST_SLOWNESS ?? 1);
/** The promise of `lmcov serve`: what is journaled is on the page after so many milliseconds at most. */
export const promised = 2000 * slowness;

const children = new Set<ChildProcess>();

/** Ends what was started. */
export function endAll(): void {
  for (const child of children) child.kill();
  children.clear();
}

/** Starts the command in a folder. */
export function started(folder: string, words: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [mainFile, ...words], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  return child;
}

/** The address of a server on these runs, started in a folder. */
export function served(folder: string, ...runs: string[]): Promise<string> {
  const child = started(folder, ["serve", ...runs, "--json"]);
  return new Promise((resolve, reject) => {
    child.stdout?.once("data", (line: Buffer) => resolve(JSON.parse(String(line)).url));
    child.once("close", (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A request with exactly this path and these headers, as no browser would send it. */
export function asked(
  url: string,
  path: string,
  given: { headers?: Record<string, string>; method?: string } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, ...given }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
        if (path === "/events") sent.destroy();
      });
      const { statusCode: status, headers } = response;
      response.on("close", () => resolve({ status, headers, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

export async function until(isThere: () => Promise<boolean>): Promise<void> {
  while (!(await isThere())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** The server's page, and what goes wrong in it: errors, and requests to anyone else. */
export async function opened(
  browser: Browser,
  url: string,
  path = "/",
): Promise<{ page: Page; troubles: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(30_000 * slowness);
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(message.text());
  });
  page.on("request", (sent) => {
    if (!sent.url().startsWith(`${url}/`)) troubles.push(`request: ${sent.url().slice(0, 100)}`);
  });
  await page.goto(`${url}${path}`);
  await page.locator("[role=status]").first().waitFor({ state: "attached" });
  return { page, troubles };
}
