/** The page: shows the report that stands in the HTML, or what the server that it came from follows. */
import { render } from "preact";
import type { PageReport } from "../../src/report/problem-view-columns.ts";
import { LivePage } from "./live-page.tsx";
import { Page } from "./page.tsx";
import "./style.css";

const data = document.getElementById("data")?.textContent ?? "";
const given = JSON.parse(data) as PageReport | { readonly schema: "lmcov/live@1" };
const place = document.getElementById("page");
if (given.schema === "lmcov/live@1") {
  if (place !== null) render(<LivePage />, place);
} else {
  document.title = given.title;
  if (place !== null) render(<Page report={given} />, place);
}
