/** The recorded experiments: what experiments/README.md says comes out of the records again. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksFor, commandsOf } from "./docs-blocks.ts";
import { lmcov } from "./lmcov.ts";

const experiments = fileURLToPath(new URL("../experiments", import.meta.url));
const readme = readFileSync(join(experiments, "README.md"), "utf8");
const commands = blocksFor("experiments.test.ts").flatMap(({ text }) => commandsOf(text));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lmcov-experiments-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Table {
  readonly id: string;
  readonly table: { readonly rows: readonly Readonly<Record<string, string>>[] };
}

interface Claim {
  readonly name: string;
  readonly measured: string;
  readonly holds: boolean;
}

async function resultOf(figure: string): Promise<{ readonly claims: readonly Claim[] }> {
  const shown = commands.find(([program, , name]) => program === "lmcov" && name === figure)?.slice(1) ?? [];
  const record = `experiments/${figure}`;
  expect(shown).toEqual(["reproduce", figure, "--record", record, "--out", figure]);
  const words = shown.map((word) => (word === record ? join(experiments, figure) : word));
  const { code, stdout, stderr } = await lmcov([...words, "--json"], { cwd: folder });
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

async function claimsOf(figure: string): Promise<Map<string, Claim>> {
  const { claims } = await resultOf(figure);
  return new Map(claims.map((claim) => [claim.name, claim]));
}

/** Numbers of a text with so many digits after the point. */
const rounded = (text: string, digits: number) =>
  [...text.matchAll(/\d+\.\d+/g)].map(([number]) => Number(number).toFixed(digits));

describe("the recorded experiments", () => {
  test("figure 1: KL falls, coverage turns, and the tournament's pick has the better pass@8 and pass@12", async () => {
    const claims = await claimsOf("figure-1");
    for (const name of ["KL falls throughout", "Cov_N falls, then rises"]) {
      expect(claims.get(name)?.holds, name).toBe(true);
    }
    for (const k of [8, 12]) {
      const claim = claims.get(`the tournament's pick has the better pass@${k}`);
      expect(claim?.holds).toBe(true);
      const [estimate, lower, upper] = rounded(claim!.measured.split("mean")[1]!, 3);
      expect(readme).toContain(`+${estimate} [${lower}, ${upper}]`);
    }
    expect(claims.get("pass@12 ranks as Cov_6, not as KL")?.holds).toBe(true);
    expect(claims.get("pass@4 ranks as Cov_2, not as KL")?.holds).toBe(false);
  }, 120_000);

  test("figure 2: KL grows with H, and Cov_8 by less than was allowed beforehand", async () => {
    const claims = await claimsOf("figure-2");
    const [slope, lower, upper] = rounded(claims.get("KL grows with H")!.measured, 3);
    expect(readme).toContain(`${slope} [${lower}, ${upper}] nats a layer`);
    for (const claim of claims.values()) expect(claim.holds, claim.name).toBe(true);
    const flat = claims.get("Cov_8 does not depend on H")!;
    const [share, least, most] = rounded(flat.measured, 3);
    expect(readme).toContain(`${share} [${least}, ${most}]`);
  }, 120_000);

  test("interventions: every number of the comparison, at the learning rates that cross-entropy chooses", async () => {
    const { claims } = await resultOf("interventions");
    expect(claims.map(({ holds, measured }) => [holds, measured])).toEqual([[true, expect.any(String)]]);
    const { tables } = JSON.parse(
      readFileSync(join(folder, "interventions", "interventions.json"), "utf8"),
    ) as {
      tables: readonly Table[];
    };
    const { rows } = tables.find(({ id }) => id === "comparison")!.table;
    expect(rows.length).toBeGreaterThan(12);
    for (const row of rows) {
      const cells = ["name", "rate", "kl", "cov 4", "cov 8", "pass 1", "pass 12", "invalid"].map(
        (key) => row[key],
      );
      expect(readme).toContain(`| ${cells.join(" | ")} |`);
    }
  }, 120_000);
});
