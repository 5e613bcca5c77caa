/** The report's page on 100 checkpoints and 10,000 problems in Chromium, beside a page with nothing on it in the same run. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { htmlReport } from "../src/report/index.ts";
import { startChromium } from "../test/chromium.ts";
import { reportOnMany } from "../test/page/many-checkpoints.ts";
import type { Measurement } from "./run.ts";

const openings = 7;
/** Frames of a drag over the slider's values, up and down. */
const frames = 120;
/** Milliseconds of a frame at 30 a second: two of a screen at 60, which Chromium tells to a tenth. */
const longestFrame = 1000 / 30 + 0.1;

const panels = {
  "pass-at-k": "pass@k",
  profile: "coverage profiles",
  "likelihood-trajectory-1": "training",
  winner: "winner against N",
  matrix: "tournament matrix",
};

/** A slider whose value stands beside it. */
const emptyPage = `<!doctype html><title>empty</title><main><svg></svg></main><div class="slider"><output></output></div>
<input id="n-slider" type="range" min="0" max="40" value="20">
<script>
const slider = document.getElementById("n-slider");
slider.addEventListener("input", () => { document.querySelector("output").textContent = slider.value; });
</script>`;

export async function measure(): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-bench-"));
  const file = (name: string, html: string) => {
    writeFileSync(join(folder, name), html);
    return pathToFileURL(join(folder, name)).href;
  };
  const html = await htmlReport(reportOnMany({ checkpoints: 100, problems: 10_000, draws: 64 }));
  const ours = file("report.html", html);
  const empty = file("empty.html", emptyPage);
  const browser = await startChromium();
  try {
    const opened = { ours: [] as number[], empty: [] as number[] };
    for (let index = 0; index < openings; index += 1) {
      opened.ours.push(await interactiveAfter(browser, ours));
      opened.empty.push(await interactiveAfter(browser, empty));
    }
    const seconds = quantile(opened.ours, 0.5) / 1000;
    const peer = quantile(opened.empty, 0.5) / 1000;
    return [
      {
        name: `page of ${(Buffer.byteLength(html) / 1e6).toFixed(2)} MB, from opening to a moved slider's answer (peer: an empty page)`,
        ours: seconds,
        peer,
        unit: "s",
        target: "< 2 s",
        met: seconds < 2,
      },
      ...(await dragged(browser, ours, empty)),
    ];
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds from the navigation's start until the first panel is drawn and a moved slider has shown its value. */
async function interactiveAfter(browser: Browser, url: string): Promise<number> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(`{
    const move = new MutationObserver(() => {
      const slider = document.getElementById("n-slider");
      const output = document.querySelector(".slider output");
      if (slider === null || output === null || document.querySelector("main svg") === null) return;
      if (document.readyState === "loading") return;
      move.disconnect();
      const before = output.textContent;
      slider.value = String(Number(slider.value) + 1);
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      const answered = () => {
        if (output.textContent === before) requestAnimationFrame(answered);
        else requestAnimationFrame(() => setTimeout(() => { globalThis.interactive = performance.now(); }));
      };
      requestAnimationFrame(answered);
    });
    move.observe(document, { childList: true, subtree: true });
    // A page that is whole once it is read changes no more by itself.
    addEventListener("DOMContentLoaded", () => document.body.append(document.createElement("p")));
  }`);
  await page.goto(url);
  for (;;) {
    const after = await page.evaluate<number | undefined>("globalThis.interactive");
    if (after !== undefined) {
      await page.close();
      return after;
    }
    await page.waitForTimeout(20);
  }
}

async function dragged(browser: Browser, ours: string, empty: string): Promise<Measurement[]> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const blank = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(ours);
  await blank.goto(empty);
  const measurements: Measurement[] = [];
  for (const [id, name] of Object.entries(panels)) {
    await page.bringToFront();
    await page.locator(`#${id}`).scrollIntoViewIfNeeded();
    await page.locator(`#${id} svg`).first().waitFor();
    await page.waitForTimeout(1500);
    const { times, processor } = await timedDrag(page);
    await blank.bringToFront();
    const { times: bare } = await timedDrag(blank);
    const [middle, slow] = [quantile(times, 0.5), quantile(times, 0.9)];
    measurements.push({
      name: `frame while N is dragged, ${name} in sight: 90th percentile, median ${middle.toFixed(1)} ms, of which the page computes ${processor.toFixed(1)} ms (peer: an empty page, median ${quantile(bare, 0.5).toFixed(1)} ms)`,
      ours: slow,
      peer: quantile(bare, 0.9),
      ratio: quantile(bare, 0.9) / slow,
      unit: "ms",
      target: "<= 33.3 ms: 30 frames/s",
      met: slow <= longestFrame,
    });
  }
  return measurements;
}

/** With the milliseconds a frame for which the page's main thread had a processor: on a busy machine frames wait for one. */
async function timedDrag(page: Page): Promise<{ times: number[]; processor: number }> {
  const debugging = await page.context().newCDPSession(page);
  await debugging.send("Performance.enable", { timeDomain: "threadTicks" });
  const computed = async () => {
    const { metrics } = await debugging.send("Performance.getMetrics");
    return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN);
  };
  const before = await computed();
  const times = await framesOfDrag(page);
  const processor = ((await computed()) - before) / times.length;
  await debugging.detach();
  return { times, processor };
}

/** Milliseconds between frames, each of which moves the slider. */
const framesOfDrag = (page: Page) =>
  page.evaluate<number[]>(`new Promise((done) => {
    const slider = document.getElementById("n-slider");
    const last = Number(slider.max);
    const times = [];
    let before;
    const frame = (now) => {
      if (before !== undefined) times.push(now - before);
      before = now;
      if (times.length === ${frames}) return done(times);
      const place = times.length % (2 * last);
      slider.value = String(place <= last ? place : 2 * last - place);
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  })`);

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
