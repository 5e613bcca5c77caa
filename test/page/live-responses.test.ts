/** Responses that `lmcov serve` reads from a run when the page asks for them. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shortHash } from "../../src/record/index.ts";
import type { ServedResponses } from "../../src/report/index.ts";
import { UnitStore } from "../../src/store/index.ts";
import { chromiumPath, startChromium } from "../chromium.ts";
import { hostileTexts } from "../hostile-text.ts";
import { ensureBuilt } from "../lmcov.ts";
import { likelihoodRow, outcomeRow, responseRow } from "../rows.ts";
import { type Answer, asked, endAll, opened, served, until } from "./live-server.ts";

const folder = mkdtempSync(join(tmpdir(), "lmcov-responses-"));
const run = join(folder, "run");
const short = hostileTexts.filter((text) => text.length < 300);
let url: string;

/** Draws of three problems: 60 that are right two times in three, hostile ones, and one whose tokens are known. */
async function writeRun(): Promise<void> {
  const store = await UnitStore.open({
    folder: run,
    description: { software: {}, command: ["sample"] },
    writer: { kind: "sole" },
  });
  const add = (problem: string, draw: number, text: string) => {
    const rows = [
      responseRow({ problem, draw, text, prompt: `prompt of ${problem}`, target: "42" }),
      outcomeRow({ problem, draw, verdict: draw % 3 === 0 ? "incorrect" : "correct" }),
    ];
    const scored = likelihoodRow({
      problem,
      draw,
      role: "draw",
      logProbability: -3.5,
      tokenLogProbabilities: [-0.5, -3],
      tokens: ["forty", " two"],
    });
    return store.add({
      key: shortHash(`${problem}/${draw}`),
      rows: text === "forty two" ? [...rows, scored] : rows,
    });
  };
  for (let draw = 0; draw < 60; draw += 1) await add("sum", draw, `the response number ${draw}`);
  for (const [draw, text] of hostileTexts.entries()) await add("hostile", draw, text);
  await add("scored", 0, "forty two");
  for (const name of short) await add(name, 0, "a hostile name");
  await store.abandon();
}

beforeAll(async () => {
  ensureBuilt();
  await writeRun();
  writeFileSync(join(folder, "secret.txt"), "secret");
  writeFileSync(
    join(folder, "log.jsonl"),
    '{"problem":"p","model":"m","draw":0,"correct":true,"response":"from a log"}\n',
  );
  url = await served(folder, "run", "log.jsonl", "nowhere");
  await until(async () => (await asked(url, "/report/0")).status === 200);
  await until(async () => (await asked(url, "/report/1")).status === 200);
});
afterAll(() => {
  endAll();
  rmSync(folder, { recursive: true, force: true });
});

const address = (fields: Record<string, string>, report = "0") =>
  `/responses/${report}?${new URLSearchParams({ task: "task", ...fields })}`;
const responses = ({ body }: Answer) => JSON.parse(body) as ServedResponses;

describe("the route of responses", () => {
  test("gives them with verdict, prompt and reference answer, some at a time; the report has none", async () => {
    const answer = await asked(url, address({ problem: "sum" }));
    expect(answer.headers["content-type"]).toMatch(/^application\/json/);
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    const found = responses(answer);
    expect(found).toMatchObject({
      prompt: "prompt of sum",
      target: "42",
      from: 0,
      total: 60,
      models: ["model-a"],
    });
    expect(found.responses).toEqual(
      Array.from({ length: 50 }, (_, draw) => ({
        model: 0,
        draw,
        verdict: draw % 3 === 0 ? "incorrect" : "correct",
        text: `the response number ${draw}`,
      })),
    );
    const rest = responses(await asked(url, address({ problem: "sum", from: "50" })));
    expect(rest.responses.map(({ draw }) => draw)).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59]);
    const wrong = responses(
      await asked(url, address({ problem: "sum", verdict: "incorrect", model: "model-a" })),
    );
    expect(wrong.total).toBe(20);
    expect(wrong.responses.every(({ verdict }) => verdict === "incorrect")).toBe(true);
    const report = JSON.parse((await asked(url, "/report/0")).body);
    const [sections, problems] = [report.rest, report.problems].map(({ data }) =>
      inflateRawSync(Buffer.from(data, "base64")).toString("latin1"),
    );
    expect(JSON.parse(sections ?? "").responses).toBe("served");
    expect(problems).toContain('"sum"');
    expect(problems).not.toContain("response number");
  });

  test("is not there for a report on a run and a log, which says that it holds a sample", async () => {
    const reports = { run: "/report/0", both: "/report/0-1" };
    const problemsIn = async (path: string) => {
      await until(async () => (await asked(url, path)).status === 200);
      const { problems } = JSON.parse((await asked(url, path)).body);
      return inflateRawSync(Buffer.from(problems.data, "base64")).toString("latin1");
    };
    const note = "Responses here are a sample, of each verdict a few";
    const both = await problemsIn(reports.both);
    expect(both).toContain(note);
    expect(both).toContain("the response number");
    expect(both).toContain("from a log");
    expect(await problemsIn(reports.run)).not.toContain(note);
    expect((await asked(url, address({ problem: "sum" }, "0-1"))).status).toBe(404);
  });

  test("gives log-probabilities a token at a time, and long texts cut", async () => {
    const [scored] = responses(await asked(url, address({ problem: "scored" }))).responses;
    expect(scored).toMatchObject({
      logProbability: -3.5,
      tokenLogProbabilities: [-0.5, -3],
      tokenLengths: [5, 4],
    });
    const hostile = responses(await asked(url, address({ problem: "hostile" })));
    const texts = hostileTexts.map((text) => Buffer.from(text, "utf8").toString("utf8"));
    expect(hostile.responses.map(({ text }) => text)).toEqual(texts.map((text) => text.slice(0, 20_000)));
    expect(hostile.responses.at(-1)?.cut).toBe(980_000);
  });

  test.each(short)("finds a problem called %j", async (problem) => {
    expect(responses(await asked(url, address({ problem }))).responses).toMatchObject([
      { text: "a hostile name" },
    ]);
  });

  test.each([
    [
      "a problem that is not there",
      address({ problem: "unknown" }),
      404,
      /^no single draw of a problem of that name is kept$/,
    ],
    ["a path as a problem", address({ problem: "../secret.txt" }), 404, /^no single draw/],
    [
      "a task that is not there",
      `/responses/0?task=${encodeURIComponent("../../etc")}&problem=sum`,
      404,
      /no such task/,
    ],
    ["a model that is not there", address({ problem: "sum", model: "/etc/passwd" }), 404, /no such model/],
    ["SQL in a problem", address({ problem: "' OR 1=1 --" }), 404, /^no single draw/],
    ["SQL as a verdict", address({ problem: "sum", verdict: "correct' OR '1'='1" }), 400, /verdict one of/],
    ["SQL as a number", address({ problem: "sum", from: "0; DROP TABLE judged" }), 400, /from is a number/],
    ["a negative number", address({ problem: "sum", from: "-1" }), 400, /from is a number/],
    ["no problem", "/responses/0?task=task", 400, /have to be named/],
    ["nothing", "/responses/0", 400, /have to be named/],
    ["a run that is not served", address({ problem: "sum" }, "3"), 404, /no such page/],
    ["one run twice", address({ problem: "sum" }, "0-0"), 404, /no such page/],
    ["a path as a run", address({ problem: "sum" }, "..%2fsecret.txt"), 404, /no such page/],
    ["a path above", "/responses/../secret.txt?task=task&problem=sum", 404, /no such page/],
    ["a path below", address({ problem: "sum" }, "0/../../secret.txt"), 404, /no such page/],
    [
      "a log, whose responses come with its report",
      address({ problem: "p" }, "1"),
      404,
      /no report on a run folder/,
    ],
    ["a run that is not there yet", address({ problem: "p" }, "2"), 404, /no report on a run folder/],
  ])("answers %s with one sentence", async (_, path, status, sentence) => {
    const answer = await asked(url, path);
    expect(answer.status).toBe(status);
    expect(answer.body.trimEnd()).toMatch(sentence);
    expect(answer.body).not.toContain("secret");
  });

  test.each([
    ["another Host", { headers: { host: "attacker.example" } }, 403],
    ["another Origin", { headers: { origin: "http://attacker.example" } }, 403],
    ["the Origin of a file", { headers: { origin: "null" } }, 403],
    ["a request of another site", { headers: { "sec-fetch-site": "cross-site" } }, 403],
    ["POST", { method: "POST" }, 405],
    ["HEAD", { method: "HEAD" }, 405],
  ])("refuses %s", async (_, given, status) => {
    const answer = await asked(url, address({ problem: "sum" }), given);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain("response number");
  });

  test("reads what was added since the report", async () => {
    const store = await UnitStore.open({
      folder: run,
      description: { software: {}, command: ["sample"] },
      writer: { kind: "sole" },
    });
    const rows = [
      responseRow({ problem: "sum", draw: 60, text: "the newest" }),
      outcomeRow({ problem: "sum", draw: 60, verdict: "incorrect" }),
    ];
    await store.add({ key: shortHash("sum/60"), rows });
    await store.close();
    const found = responses(await asked(url, address({ problem: "sum", from: "60" })));
    expect(found).toMatchObject({ total: 61, responses: [{ text: "the newest" }] });
  });

  test("says that the folder was deleted, and answers again once it is back", async () => {
    renameSync(run, `${run} moved`);
    const answer = await asked(url, address({ problem: "sum" }));
    expect(answer.status).toBe(410);
    expect(answer.body).toBe("the run's folder was deleted or moved, and its responses with it\n");
    renameSync(`${run} moved`, run);
    expect((await asked(url, address({ problem: "sum" }))).status).toBe(200);
  });
});

describe.skipIf(chromiumPath === undefined)(
  "a problem on the page (skipped where no Chromium is installed)",
  () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await startChromium();
    });
    afterAll(() => browser?.close());

    const openProblem = async (page: Page, name: string) => {
      await page.locator("#problems").waitFor();
      await page.locator("#problems").getByRole("link", { name, exact: true }).click();
      return page.locator("dialog.problem");
    };

    test("shows its responses, some at a time, and those of one verdict", async () => {
      const { page, troubles } = await opened(browser, url, "/?runs=0");
      const dialog = await openProblem(page, "sum");
      await dialog.getByText("50 of 61").waitFor();
      await dialog.getByText("prompt of sum").waitFor();
      expect(await dialog.locator(".response").count()).toBe(50);
      expect(await dialog.locator(".response pre").nth(7).textContent()).toBe("the response number 7");
      await dialog.getByRole("button", { name: "show more" }).click();
      await dialog.getByText("all 61").waitFor();
      expect(await dialog.locator(".response").count()).toBe(61);
      await dialog.getByLabel("Verdict of the responses").selectOption("incorrect");
      await dialog.getByText("all 21").waitFor();
      expect(await dialog.locator(".response.correct").count()).toBe(0);
      await dialog.getByRole("button", { name: "close" }).click();
      const scored = await openProblem(page, "scored");
      await scored.getByText("log-probability −3.50 nats").waitFor();
      expect(await scored.locator(".marked span").allTextContents()).toEqual(["forty", " two"]);
      expect(troubles).toEqual([]);
      await page.close();
    });

    test("shows hostile responses as text", async () => {
      const { page, troubles } = await opened(browser, url, "/?runs=0#problem=hostile");
      const dialog = page.locator("dialog.problem");
      await dialog.getByText(`all ${hostileTexts.length}`).waitFor();
      expect(await dialog.locator(".response").count()).toBe(hostileTexts.length);
      const state = await page.evaluate<{ hacked: unknown; elements: number; shown: string }>(`({
      hacked: globalThis.hacked,
      elements: document.querySelectorAll("dialog img, dialog iframe, dialog script, dialog style").length,
      shown: document.querySelector("dialog").innerText.replaceAll("\\n", ""),
    })`);
      expect(state.hacked).toBeUndefined();
      expect(state.elements).toBe(0);
      expect(state.shown).toContain("</script><script>globalThis.hacked = true</script>");
      expect(state.shown).not.toMatch(
        /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069\ufeff]/,
      );
      expect(troubles).toEqual([]);
      await page.close();
    });

    test("says when the run is gone, and when the server is", async () => {
      const { page } = await opened(browser, url, "/?runs=0");
      await page.locator("#problems").waitFor();
      renameSync(run, `${run} moved`);
      const dialog = await openProblem(page, "scored");
      await dialog.getByText("the run's folder was deleted or moved, and its responses with it").waitFor();
      renameSync(`${run} moved`, run);
      endAll();
      await dialog.getByLabel("Verdict of the responses").selectOption("correct");
      await dialog.getByText("The server does not answer.").waitFor();
      await page.close();
    });
  },
);
