/** The report as one self-contained HTML file: the page that the build made, with the report's data in it. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { htmlText } from "./printable.ts";
import type { Report } from "./section.ts";

/** Beside this file once built; in dist/ when the sources run. */
const places = ["./page.html", "../../dist/report/page.html"];
/** In place of a report: the page asks the server for it. */
const liveData = '{"schema":"lmcov/live@1"}';
const dataPlace = '<script type="application/json" id="data">"report"</script>';

/**
 * The page's text. It makes no request: its policy allows its own script, by hash, and nothing else. What comes from logs
 * is data in JSON, in which no tag can begin, and becomes text where the page shows it.
 *
 * @throws Error if the page was not built.
 */
export async function htmlReport(report: Report): Promise<string> {
  const sentences = report.verdict.map((sentence) => `<p>${htmlText(sentence)}</p>`).join("");
  return filled(await pageTemplate(), {
    title: report.title,
    before: `<noscript><h1>${htmlText(report.title)}</h1>${sentences}</noscript>`,
    data: pageData(report),
  });
}

/** The report as the page takes it: JSON in which no tag can begin. */
export function pageData(report: Report): string {
  const data = JSON.stringify(report, (_, value) =>
    typeof value === "string" ? cut(value) : typeof value === "number" ? rounded(value) : value,
  );
  return data.replaceAll("<", "\\u003c");
}

/**
 * The page for `lmcov serve`, and the policy to send as a header with it: that of the file, and requests to the server
 * that it came from.
 *
 * @throws Error if the page was not built.
 */
export async function livePage(): Promise<{ readonly html: string; readonly policy: string }> {
  const template = await pageTemplate();
  const [meta = "", policy = ""] =
    /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(template) ?? [];
  if (policy === "") throw new Error("the page has no policy");
  return {
    html: filled(template.replace(meta, ""), { title: "lmcov", before: "", data: liveData }),
    policy: `${policy}; connect-src 'self'; frame-ancestors 'none'`,
  };
}

function filled(template: string, given: { title: string; before: string; data: string }): string {
  const [head, tail] = template.split(dataPlace);
  if (head === undefined || tail === undefined) throw new Error("the page has no place for the report");
  const titled = head.replace(/<title>[^<]*<\/title>/, () => `<title>${htmlText(given.title)}</title>`);
  return `${titled}${given.before}<script type="application/json" id="data">${given.data}</script>${tail}`;
}

/** More digits are not to be seen; report.json has them. */
const rounded = (value: number) => (Number.isInteger(value) ? value : Number(value.toPrecision(6)));

/** Longer names and remarks are nobody's to read, and the file is to stay small. */
const longestText = 2000;
const cut = (text: string) => (text.length > longestText ? `${text.slice(0, longestText)}…` : text);

async function pageTemplate(): Promise<string> {
  const paths = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error("the report's page is not built: npm run build");
  return readFile(path, "utf8");
}
