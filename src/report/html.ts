/** The report as one self-contained HTML file: the page that the build made, with the report's data in it. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { htmlText } from "./printable.ts";
import type { Report } from "./section.ts";

/** Beside this file once built; in dist/ when the sources run. */
const places = ["./page.html", "../../dist/report/page.html"];
const dataPlace = '<script type="application/json" id="data">"report"</script>';

/**
 * The page's text. It makes no request: its policy allows its own script, by hash, and nothing else. What comes from logs
 * is data in JSON, in which no tag can begin, and becomes text where the page shows it.
 *
 * @throws Error if the page was not built.
 */
export async function htmlReport(report: Report): Promise<string> {
  const template = await pageTemplate();
  const [head, tail] = template.split(dataPlace);
  if (head === undefined || tail === undefined) throw new Error("the page has no place for the report");
  const data = JSON.stringify(report, (_, value) => (typeof value === "string" ? cut(value) : value));
  const titled = head.replace(/<title>[^<]*<\/title>/, () => `<title>${htmlText(report.title)}</title>`);
  const sentences = report.verdict.map((sentence) => `<p>${htmlText(sentence)}</p>`).join("");
  return `${titled}<noscript><h1>${htmlText(report.title)}</h1>${sentences}</noscript><script type="application/json" id="data">${data.replaceAll("<", "\\u003c")}</script>${tail}`;
}

/** Longer names and remarks are nobody's to read, and the file is to stay small. */
const longestText = 2000;
const cut = (text: string) => (text.length > longestText ? `${text.slice(0, longestText)}…` : text);

async function pageTemplate(): Promise<string> {
  const paths = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error("the report's page is not built: npm run build");
  return readFile(path, "utf8");
}
