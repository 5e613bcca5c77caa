/** The page: reads the report that stands in the HTML and shows it. */
import { render } from "preact";
import type { Report } from "../../src/report/section.ts";
import { Page } from "./page.tsx";
import "./style.css";

const data = document.getElementById("data")?.textContent ?? "";
const report = JSON.parse(data) as Report;
document.title = report.title;
const place = document.getElementById("page");
if (place !== null) render(<Page report={report} />, place);
