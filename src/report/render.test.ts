import { createHash } from "node:crypto";
import { inflateRawSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { hostileTexts } from "../../test/hostile-text.ts";
import { ensureBuilt } from "../../test/lmcov.ts";
import { htmlReport } from "./html.ts";
import type { PackedReport, PageReport } from "./page-report.ts";
import type { Report } from "./section.ts";
import { tableCsv } from "./table-csv.ts";
import { terminalText } from "./terminal.ts";

function reportWith(text: string): Report {
  const point = { k: 1, estimate: 0.5, lower: 0.4, upper: 0.6 };
  return {
    schema: "lmcov/report@1",
    title: text,
    verdict: [`${text} solves the most`],
    leading: 1,
    sections: [
      {
        id: "pass-at-k",
        title: text,
        explanation: text,
        chart: {
          kind: "pass-at-k",
          series: [
            {
              label: text,
              emphasised: true,
              measured: [point, { ...point, k: 10 }],
              forecast: [{ k: 100, lower: 0.5, upper: 0.9, midpoint: 0.7 }],
            },
          ],
        },
        table: {
          columns: [
            { key: "model", title: text, kind: "text" },
            { key: "rate", title: "pass@1", kind: "rate" },
            { key: "none", title: "pass@2", kind: "rate" },
          ],
          rows: [{ model: text, rate: { estimate: 0.5, lower: 0.4, upper: 0.6 } }],
        },
        remarks: [text],
      },
    ],
    unknowable: [text],
    next: [{ command: `lmcov problems ${text}`, gain: text }],
    inputs: {
      files: [{ path: text, importer: "table", rows: 3 }],
      rejected: 1,
      rejections: [text],
      dropped: [{ reason: text, rows: 2 }],
      notes: [text],
    },
  };
}

/** What the file holds beside its own script and style: text from the log stands only there. */
function outsideOfScripts(html: string): string {
  return html.replace(/<script type="module">[\s\S]*?<\/script>/, "").replace(/<style[\s\S]*?<\/style>/, "");
}

function reportIn(html: string): PageReport {
  const data = /id="data">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? "";
  const { rest, ...shown } = JSON.parse(data) as PackedReport;
  return { ...JSON.parse(inflateRawSync(Buffer.from(rest.data, "base64")).toString()), ...shown };
}

describe("a rendered report", () => {
  beforeAll(() => ensureBuilt());

  test.each(hostileTexts.map((text) => [text.slice(0, 24), text]))(
    "holds %j as text only",
    async (_, text) => {
      const html = outsideOfScripts(await htmlReport(reportWith(text)));
      expect(html.match(/<script/gi)).toHaveLength(1);
      expect(html).not.toMatch(/<img|<svg|<style/i);
      expect(html).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
      expect(html.length).toBeLessThan(60_000);
      const { title, sections } = reportIn(html);
      expect([title, sections[0]?.title].map((given) => given?.slice(0, 24))).toEqual(
        Array(2).fill(text.slice(0, 24)),
      );
      const terminal = terminalText(reportWith(text));
      expect(terminal).not.toMatch(
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069\ufeff]/,
      );
      expect(terminal.length).toBeLessThan(60_000);
    },
  );

  test("shows an interval with its estimate and an unknown as a dash", () => {
    const terminal = terminalText(reportWith("model"));
    expect(terminal).toContain("0.500 [0.400, 0.600]");
    expect(terminal).toMatch(/model +0\.500 \[0\.400, 0\.600\] +–/);
  });

  test("cuts a long table in the terminal and says so", async () => {
    const report = reportWith("model");
    const section = report.sections[0];
    const table = section?.table;
    if (section === undefined || table === undefined) throw new Error("no table");
    const rows = Array.from({ length: 100 }, (_, index) => ({ model: `m${index}` }));
    const long = { ...report, sections: [{ ...section, table: { ...table, rows } }] };
    expect(terminalText(long, { shownRows: 20 })).toContain("… and 80 more rows");
    expect(reportIn(await htmlReport(long)).sections[0]?.table?.rows).toEqual(rows);
  });

  test("says the answer without its script too", async () => {
    expect(await htmlReport(reportWith("model"))).toMatch(/<noscript>.*model solves the most.*<\/noscript>/);
  });

  test("allows its own script by hash and nothing else", async () => {
    const html = await htmlReport(reportWith("model"));
    const script = /<script type="module">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? "";
    const hash = createHash("sha256").update(script).digest("base64");
    expect(html).toContain(`default-src 'none'; script-src 'sha256-${hash}'`);
    expect(html).not.toMatch(/<(?:script|link|img|iframe)[^>]+(?:src|href)=/);
  });
});

test("a table as CSV keeps intervals, quotes and defuses formulas", () => {
  const table = {
    columns: [
      { key: "model", title: "model", kind: "text" as const },
      { key: "rate", title: "pass@1", kind: "rate" as const },
    ],
    rows: [
      { model: '=HYPERLINK("x")', rate: { estimate: 0.5, lower: 0.25, upper: 1 / 3 } },
      { model: "a, b", rate: undefined },
    ],
  };
  expect(tableCsv(table)).toBe(
    `model,pass@1,pass@1 lower,pass@1 upper\r\n"'=HYPERLINK(""x"")",0.5,0.25,${1 / 3}\r\n"a, b",,,\r\n`,
  );
});
