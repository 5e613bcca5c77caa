/** The pages of docs/rules are what the code does: tables of options, configurations. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { preparedRule } from "../src/cli/train-rule.ts";
import { lossNames, lossOptions, ruleNames, ruleOptions, trainingConfig } from "../src/train/index.ts";

const folder = fileURLToPath(new URL("../docs/rules/", import.meta.url));
const pages = readdirSync(folder).filter((name) => name.endsWith(".md"));
const textOf = (page: string) => readFileSync(`${folder}${page}`, "utf8");

/** The rows of a page's table of options, as objects. */
function documented(page: string): Record<string, { limits: string; default: string; meaning: string }> {
  return Object.fromEntries(
    [...textOf(page).matchAll(/^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$/gm)].map((match) => [
      match[1],
      { limits: match[2]!, default: match[3]!, meaning: match[4]! },
    ]),
  );
}

function defined(options: ReturnType<typeof ruleOptions>) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { limits, meaning, required, default: value }]) => {
      const shown = value === undefined ? (required === true ? "required" : "none") : `\`${value}\``;
      return [name, { limits, default: shown, meaning }];
    }),
  );
}

describe("the pages of rules", () => {
  test("there is one for each rule, listed in the README", () => {
    for (const name of ruleNames) {
      expect(pages).toContain(`${name}.md`);
      expect(textOf("README.md")).toContain(`| [\`${name}\`](${name}.md) |`);
    }
    for (const name of lossNames) expect(textOf("README.md")).toContain(`\`${name}\``);
  });

  test.each(ruleNames)("%s lists its options, limits and defaults", (name) => {
    expect(documented(`${name}.md`)).toEqual(defined(ruleOptions(name)));
  });

  test("dco lists its options", () => {
    expect(documented("dco.md")).toEqual(defined(lossOptions("dco")));
  });

  const configurations = pages.flatMap((page) =>
    [...textOf(page).matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => [page, match[1]!] as const),
  );
  test.each(configurations)("a configuration in %s is accepted", (page, text) => {
    const config = trainingConfig(parse(text), page);
    const prepared = preparedRule(config);
    expect(prepared.rule.name).toBe(config.rule.name);
    expect(prepared.learningRate(config.steps)).toBeGreaterThanOrEqual(0);
    const own = page.replace(".md", "");
    if (ruleNames.includes(own))
      expect([prepared.rule.name, prepared.loss.name]).toContain(namedBy(own, text));
  });

  test("configurations are there", () => {
    expect(configurations.length).toBeGreaterThanOrEqual(ruleNames.length + 1);
  });
});

/** The page's rule, or the loss that belongs to it. */
function namedBy(page: string, text: string): string {
  return text.includes(`name: ${page}`) ? page : "truncated";
}
