/** `lmcov serve` in a real browser: what is journaled is on the page, and the server gives nothing else. */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, startChromium } from "../chromium.ts";
import { hostileTexts } from "../hostile-text.ts";
import { ensureBuilt, lmcov } from "../lmcov.ts";
import { writeSums, writeTraining } from "../training.ts";
import { asked, endAll, opened, promised, served, started, until } from "./live-server.ts";

const folder = mkdtempSync(join(tmpdir(), "lmcov-live-"));

beforeAll(async () => {
  ensureBuilt();
  await writeSums(folder);
  await writeTraining(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the server", () => {
  let url: string;
  beforeAll(async () => {
    url = await served(folder, "nowhere");
  });
  afterAll(endAll);

  test("gives its page, events and reports to its own page, with strict headers", async () => {
    const page = await asked(url, "/");
    expect(page.status).toBe(200);
    expect(page.headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "x-frame-options": "DENY",
      "cross-origin-resource-policy": "same-origin",
    });
    const policy = String(page.headers["content-security-policy"]);
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[^']+';/);
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(page.body).not.toContain("http-equiv");
    const events = await asked(url, "/events");
    expect(events.headers["content-type"]).toMatch(/^text\/event-stream/);
    expect(JSON.parse(/^data: (.*)\n/.exec(events.body)?.[1] ?? "")).toMatchObject({
      type: "runs",
      runs: [{ name: "nowhere", presence: "waiting" }],
    });
  });

  test.each([
    ["another Host", { headers: { host: "attacker.example" } }, 403],
    ["a Host that begins like this one", { headers: { host: "127.0.0.1.attacker.example" } }, 403],
    ["another Origin", { headers: { origin: "http://attacker.example" } }, 403],
    ["the Origin of a file", { headers: { origin: "null" } }, 403],
    ["a request of another site", { headers: { "sec-fetch-site": "cross-site" } }, 403],
    ["a request of another port", { headers: { "sec-fetch-site": "same-site" } }, 403],
    ["POST", { method: "POST" }, 405],
    ["DELETE", { method: "DELETE" }, 405],
    ["OPTIONS", { method: "OPTIONS" }, 405],
  ])("refuses %s", async (_, given, status) => {
    for (const path of ["/report/0", "/events"]) {
      const answer = await asked(url, path, given);
      expect(answer.status).toBe(status);
      expect(answer.body).not.toContain("nowhere");
    }
  });

  test.each([
    "/../run.json",
    "/report/../../run.json",
    "/report/..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "//etc/passwd",
    "/report/0/../../train.jsonl",
    "/report/1",
    "/report/-1",
    "/report/0-0",
    "/report/0-1",
    "/report/9999999999",
    "/train.jsonl",
    "/report/0%00",
    "http://127.0.0.1/etc/passwd",
  ])("has nothing at %s", async (path) => {
    expect((await asked(url, path)).status).toBe(404);
  });
});

describe.skipIf(chromiumPath === undefined)("its page (skipped where no Chromium is installed)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterEach(endAll);
  afterAll(() => browser?.close());

  test("shows a training's steps and probes within two seconds, then its report; outlives the run, and meets the next", async () => {
    const run = join(folder, "runs", "watched");
    const url = await served(folder, "runs/watched");
    const { page, troubles } = await opened(browser, url);
    const status = page.locator("[data-run='0']");
    await status.getByText("The folder is not there yet").waitFor();
    const training = started(folder, ["train", "train.yaml", "--out", "runs/watched"]);
    const over = new Promise((resolve) => training.once("close", resolve));
    const journal = join(run, "journal", "train.jsonl");
    await until(async () => existsSync(journal) && readFileSync(journal, "utf8").includes('"loss"'));
    // Two seconds are the promise, and so what is waited for at most.
    await page
      .locator("[data-chart=loss] .live-plot path")
      .first()
      .waitFor({ state: "attached", timeout: promised });
    await until(async () => readFileSync(journal, "utf8").includes('"step":20,"probe"'));
    const probes = page.locator("[data-chart=cross-entropy] .live-plot circle");
    await probes.nth(1).waitFor({ state: "attached", timeout: promised });
    expect(await over).toBe(0);
    await status.getByText("Step 60 of 60: loss").waitFor({ timeout: promised });
    await expect.poll(() => page.locator("[data-chart]").count()).toBe(5);
    await page.locator(".verdict").waitFor();
    await page.getByRole("heading", { name: "4 models on held-out" }).waitFor();

    appendFileSync(journal, '{"step":61,"loss":9,"lossPerToken":7.25,"gradientNorm":1,"updateNorm":1}\n');
    await status.getByText("Step 61 of 60: loss 7.250").waitFor({ timeout: promised });

    rmSync(run, { recursive: true });
    await status.getByText("The folder was deleted or moved").waitFor({ timeout: promised });
    expect(await page.locator(".verdict p").count()).toBeGreaterThan(0);
    expect((await asked(url, "/")).status).toBe(200);

    const again = await lmcov(["train", "train.yaml", "--out", "runs/watched"], { cwd: folder });
    expect(again.code, again.stderr).toBe(0);
    await status.getByText("Step 60 of 60: loss").waitFor({ timeout: promised });
    expect(await status.textContent()).not.toContain("deleted");
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("outlives a training's folder that is deleted under both while it runs, and shows what was last seen", async () => {
    await writeTraining(folder, { steps: 1_000_000 }, "endless.yaml");
    const run = join(folder, "runs", "deleted");
    const url = await served(folder, "runs/deleted");
    const { page, troubles } = await opened(browser, url);
    const training = started(folder, ["train", "endless.yaml", "--out", "runs/deleted"]);
    const over = new Promise((resolve) => training.once("close", resolve));
    const points = page.locator("[data-chart=loss] .live-plot path").first();
    await points.waitFor({ state: "attached" });
    // Taken away at once: one emptied file by file fills again as fast under a training.
    const aside = join(folder, "deleted");
    renameSync(run, aside);
    rmSync(aside, { recursive: true });
    training.kill("SIGKILL");
    await over;
    // What the training wrote while its folder went.
    rmSync(run, { recursive: true, force: true });
    await page.getByText("The folder was deleted or moved").waitFor({ timeout: promised });
    expect(await points.count()).toBe(1);
    expect((await asked(url, "/")).status).toBe(200);
    expect((await asked(url, "/events")).body).toContain('"presence":"gone"');
    expect((await asked(url, "/responses/0?task=held-out&problem=x")).status).toBeGreaterThanOrEqual(404);
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("compares two runs of one name, with what changed at the top and both in each chart", async () => {
    const run = join(folder, "runs", "first", "same");
    const done = await lmcov(["train", "train.yaml", "--out", run], { cwd: folder });
    expect(done.code, done.stderr).toBe(0);
    cpSync(run, join(folder, "runs", "second", "same"), { recursive: true });
    const url = await served(folder, "runs/first/same", "runs/second/same");
    const { page, troubles } = await opened(browser, url);
    await page.getByText("no change of pass@k can be told on 5 common problems").waitFor();
    await page.locator("#comparison svg").first().waitFor();
    expect(await page.locator("#comparison h2").textContent()).toBe(
      "same, step 60 and same (second/same), step 60",
    );
    await expect
      .poll(() => page.locator("[data-chart=loss] .live-key li").allTextContents())
      .toEqual(["first/same", "second/same"]);
    await page.getByLabel("Run before").selectOption("second/same");
    expect(new URL(page.url()).search).toBe("?runs=0-1&compare=1-0");
    await page.getByRole("heading", { name: "second/same and first/same" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "second/same and first/same" }).waitFor();
    await until(async () => (await page.locator(".report-state").textContent()) === "");
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("shows a sampling's finished and failed units", async () => {
    const { UnitStore } = await import("../../src/store/index.ts");
    const run = join(folder, "runs", "sampled");
    const store = await UnitStore.open({
      folder: run,
      description: { software: {}, command: ["sample"] },
      writer: { kind: "sole" },
    });
    const url = await served(folder, "runs/sampled");
    const { page } = await opened(browser, url);
    for (let number = 1; number <= 12; number += 1) {
      const key = number.toString(16).padStart(16, "0");
      const failed =
        number <= 2 ? { failed: { kind: "refused", reason: "<b>the prompt is too long</b>" } } : {};
      await store.add({ key, rows: [], ...failed });
    }
    const status = page.locator("[data-run='0']");
    await status.getByText("10 units done, 2 failed (refused 2).").waitFor({ timeout: promised });
    await status.getByText("2 × refused, such as: <b>the prompt is too long</b>").waitFor();
    await store.close();
    await page.locator(".report-state").getByText("No report yet: ").waitFor();
    await page.close();
  });

  test("takes hostile names, reasons and journals for text", async () => {
    const names = hostileTexts.filter((text) => !/[/\ud800-\udfff]|\u0000/.test(text) && text.length < 200);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      const { code } = await lmcov(["import", "train.jsonl", "--map", "correct=response", "--out", name], {
        cwd: folder,
      });
      // Whatever comes of the import, the run's name is the file system's to give.
      expect([0, 2, 3]).toContain(code);
    }
    const hostile = hostileTexts[0] ?? "";
    const run = join(folder, "runs", "first", "same");
    const journal = join(run, "journal", "train.jsonl");
    appendFileSync(journal, `${JSON.stringify({ step: 60, different: hostileTexts.slice(0, 11) })}\n`);
    appendFileSync(journal, `${hostile}\n{"step":"<img src=x>","loss":{}}\n`);
    writeFileSync(join(run, "journal", "import.jsonl"), `${hostile}\n`);
    const url = await served(folder, ...names, run);
    const { page, troubles } = await opened(browser, url, `/?runs=${names.length}`);
    await page.getByText("2 lines of the journal cannot be read").waitFor();
    await page.getByText("Went on after step 60 under other conditions").waitFor();
    const state = await page.evaluate<{ hacked: unknown; shown: string }>(`({
      hacked: globalThis.hacked,
      images: document.querySelectorAll("img, iframe, object, b").length,
      shown: document.body.innerText.replaceAll("\\n", ""),
    })`);
    expect(state).toMatchObject({ images: 0 });
    expect(state.hacked).toBeUndefined();
    expect(state.shown).toContain("<script>globalThis.hacked = true</script>");
    expect(state.shown).not.toMatch(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069\ufeff]/,
    );
    expect(troubles).toEqual([]);
    await page.close();
  });
});
