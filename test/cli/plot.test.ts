/** `lmcov plot`: charts as files for papers. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { ensureBuilt, lmcov } from "../lmcov.ts";

const log = fileURLToPath(new URL("../../examples/fine-tuning", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lmcov-plot-"));

describe("lmcov plot", () => {
  beforeAll(ensureBuilt);

  test("writes an SVG of the width asked for, with every line's name as text, and prints its data", async () => {
    const out = join(folder, "passk.svg");
    const result = await lmcov(["plot", "passk", log, "--out", out, "--width", "84", "--json"]);
    expect(result.code, result.stderr).toBe(0);
    const { schema, chart } = JSON.parse(result.stdout);
    expect(schema).toBe("lmcov/plot@1");
    expect(chart.kind).toBe("pass-at-k");
    const svg = readFileSync(out, "utf8");
    expect(svg).toMatch(/^<svg [^>]*width="84mm"/);
    const labels = chart.series.filter(({ emphasised }: { emphasised: boolean }) => emphasised);
    expect(labels.length).toBeGreaterThan(0);
    for (const { label } of labels) expect(svg).toContain(`>${label}</text>`);
  });

  test("writes a PNG of the size and resolution asked for", async () => {
    const out = join(folder, "passk.png");
    const result = await lmcov(["plot", "passk", log, "--out", out, "--width", "50.8", "--dpi", "192"]);
    expect(result.code, result.stderr).toBe(0);
    const png = readFileSync(out);
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(png.readUInt32BE(16)).toBe(384);
    expect(png.subarray(37, 41).toString()).toBe("pHYs");
    expect(png.readUInt32BE(41)).toBe(Math.round(192 / 0.0254));
  });

  test("draws what depends on N at the report's N, or at the one given", async () => {
    const out = join(folder, "training.svg");
    for (const [words, n] of [
      [[], 16],
      [["--n", "8"], 8],
    ] as const) {
      const result = await lmcov(["plot", "training", log, "--out", out, ...words]);
      expect(result.code, result.stderr).toBe(0);
      expect(readFileSync(out, "utf8")).toContain(`Cov at N = ${n}<`);
    }
  });

  test("refuses what it cannot draw, and says what there is", async () => {
    const noFont = join(folder, "no-font.ttf");
    writeFileSync(noFont, "no font");
    const refusals: [string[], string][] = [
      [["plot", "nothing", log, "--json"], "charts of the kinds pass-at-k"],
      [["plot", "passk", log], "give --out FILE.svg or FILE.png"],
      [["plot", "passk", log, "--out", join(folder, "x.pdf")], "must end in .svg or .png"],
      [["plot", "passk", log, "--out", join(folder, "x.png"), "--font", noFont], "is no font in which text"],
      [["plot", "passk", log, "--json", "--section", "other"], "--section other: there are"],
    ];
    for (const [words, message] of refusals) {
      const result = await lmcov(words);
      expect(result.code, result.stderr).toBe(2);
      expect(result.stderr).toContain(message);
    }
  });
});
