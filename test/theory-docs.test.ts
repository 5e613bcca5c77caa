/** docs/theory.md lists every row of the theory lab with its criteria as they are. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { theoryRows } from "../src/theory/index.ts";

const page = readFileSync(new URL("../docs/theory.md", import.meta.url), "utf8");
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf("\n")), text]),
);

test("the page has a section for each row, in order, and no other", () => {
  expect([...sections.keys()]).toEqual(theoryRows.map(({ name }) => name));
});

test.each(theoryRows.map((row) => [row.name, row] as const))(
  "the section %s is what the row says",
  (name, row) => {
    const section = sections.get(name) ?? "";
    expect(section).toContain(`${row.source}. ${row.claim}`);
    if (row.caveat !== undefined) expect(section).toContain(row.caveat);
    const lines = [...section.matchAll(/^\| `([^`]+)` \| (.*) \| ([^|]*) \| ([^|]*) \|$/gm)];
    expect(lines.map(([, criterion]) => criterion)).toEqual(row.criteria.map((criterion) => criterion.name));
    row.criteria.forEach(({ statement, predicted }, index) => {
      const [, , statistic = "", mustBe = "", measured = ""] = lines[index]!;
      expect(statement).toContain(statistic.replaceAll("\\|", "|"));
      expect(mustBe.startsWith(typeof predicted === "string" ? predicted : String(predicted))).toBe(true);
      // A range is given once, in the statement or as what is predicted.
      const [range] = /(?<=within )\[.*\]$/.exec(statement) ?? [];
      if (range !== undefined) expect(mustBe).toContain(range);
      expect(measured).toMatch(/^[−-]?\d/);
    });
  },
);
