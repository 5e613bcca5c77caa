/** The page: shows the report that stands in the HTML, or what the server that it came from follows. */
import { render } from "preact";
import type { PackedReport } from "../../src/report/page-report.ts";
import { LivePage } from "./live-page.tsx";
import { unpackedReport } from "./packed.ts";
import { Page, Verdict } from "./page.tsx";
import "./style.css";

const data = document.getElementById("data")?.textContent ?? "";
const given = JSON.parse(data) as PackedReport | { readonly schema: "lmcov/live@1" };
const place = document.getElementById("page");
if (place !== null) {
  if (given.schema === "lmcov/live@1") render(<LivePage />, place);
  else showReport(given, place);
}

async function showReport(packed: PackedReport, on: HTMLElement): Promise<void> {
  document.title = packed.title;
  const report = await unpackedReport(packed).catch((error: unknown) => String(error));
  if (typeof report !== "string") {
    render(<Page report={report} />, on);
    return;
  }
  render(
    <>
      <Verdict {...packed} />
      <p role="alert">The rest of this report cannot be shown here ({report}). A newer browser may.</p>
    </>,
    on,
  );
}
