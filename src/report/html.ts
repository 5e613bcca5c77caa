/** The report as one self-contained HTML file: the page that the build made, with the report's data in it. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { packedPart } from "./packed.ts";
import type { PackedReport } from "./page-report.ts";
import { htmlText } from "./printable.ts";
import { packedProblems } from "./problem-view-packing.ts";
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
  const template = await pageTemplate();
  return filled(template, {
    title: report.title,
    before: `<noscript><h1>${htmlText(report.title)}</h1>${sentences}</noscript>`,
    data: pageData(report, longestFile - Buffer.byteLength(template)),
  });
}

/** Bytes of a file that opens at once and can be sent around. */
const longestFile = 1_480_000;
/** Room for the problems even where the rest leaves none. */
const leastProblems = 150_000;

/** The report as the page takes it, in JSON in which no tag can begin, with as much about problems as fits into `limit`. */
export function pageData(report: Report, limit = longestFile): string {
  const { problems = [], schema, title, verdict, leading, ...rest } = report;
  const packed: PackedReport = {
    schema,
    title: cut(title),
    verdict: verdict.map(cut),
    leading,
    rest: packedPart(Buffer.from(JSON.stringify(rest, shortened))),
  };
  const data = JSON.stringify(packed).replaceAll("<", "\\u003c");
  if (problems.length === 0) return data;
  const room = Math.max(leastProblems, limit - Buffer.byteLength(data) - 100);
  return `${data.slice(0, -1)},"problems":${JSON.stringify(packedProblems(problems, room))}}`;
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

const shortened = (_: string, value: unknown) =>
  typeof value === "string" ? cut(value) : typeof value === "number" ? rounded(value) : value;

/** More digits are not to be seen; report.json has them. Of rates near 1 the distance from 1 is shown. */
const rounded = (value: number) =>
  Number.isInteger(value) ? value : Number(value.toPrecision(value > 0.9995 && value < 1 ? 15 : 6));

/** Longer names and remarks are nobody's to read, and the file is to stay small. */
const longestText = 2000;
const cut = (text: string) => (text.length > longestText ? `${text.slice(0, longestText)}…` : text);

async function pageTemplate(): Promise<string> {
  const paths = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error("the report's page is not built: npm run build");
  return readFile(path, "utf8");
}
