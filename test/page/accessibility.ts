/** What a page must not have: serious faults of accessibility, by axe, and a width beyond the screen's. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/**
 * Serious and critical faults of all sections, those out of sight among them. The page's policy forbids foreign scripts; axe
 * comes in through the debugger.
 */
export async function seriousFaults(page: Page): Promise<string[]> {
  await page.addStyleTag({ content: "main > section { content-visibility: visible !important; }" });
  await page.evaluate(axe);
  const violations = await page.evaluate<Violation[]>("axe.run().then(({ violations }) => violations)");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 120)}`);
}

/** Pixels by which the page is wider than what is shown. */
export function excessWidth(page: Page): Promise<number> {
  const root = "document.documentElement";
  return page.evaluate<number>(`Math.max(0, ${root}.scrollWidth - ${root}.clientWidth)`);
}
