import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compilerFaults, writeExampleProject } from "./example-project.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "src");
const folder = join(root, "test", ".examples");
/** Folders whose examples may use what their index exports: the public ones, and those like them. */
const libraryFolders = readdirSync(source).filter((name) => existsSync(join(source, name, "index.ts")));

interface Example {
  readonly place: string;
  readonly code: string;
}

interface Statement {
  readonly code: string;
  readonly comment: string | undefined;
}

function filesUnder(path: string): string[] {
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

function examplesIn(path: string): Example[] {
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(/\/\*\*(?:(?!\*\/)[\s\S])*?@example\n((?:\s*\*(?!\/).*\n)+)/g)].map((match) => ({
    place: `${relative(source, path)}:${text.slice(0, (match.index ?? 0) + match[0].length).split("\n").length - 1}`,
    code: (match[1] ?? "")
      .split("\n")
      .map((line) => line.replace(/^\s*\* ?/, ""))
      .filter((line) => !line.startsWith("@"))
      .join("\n")
      .trim(),
  }));
}

/** Top-level statements with the comment that follows each. */
function statementsOf(code: string): Statement[] {
  const statements: Statement[] = [];
  let pending: string[] = [];
  for (const line of code.split("\n")) {
    const match = /^(.*?[;}])\s*(?:\/\/\s*(.*))?$/.exec(line);
    pending.push(match ? (match[1] ?? "") : line);
    const joined = pending.join("\n");
    if (match === null || depth(joined) !== 0) continue;
    statements.push({ code: joined.replace(/;$/, ""), comment: match[2] });
    pending = [];
  }
  const rest = pending.join("\n").trim();
  if (rest !== "") statements.push({ code: rest.replace(/;$/, ""), comment: undefined });
  return statements;
}

function depth(code: string): number {
  const bare = code.replaceAll(/"(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)*'/g, "");
  return [...bare].reduce(
    (level, character) => level + ("([{".includes(character) ? 1 : ")]}".includes(character) ? -1 : 0),
    0,
  );
}

function exportsOf(name: string): string[] {
  const text = readFileSync(join(source, name, "index.ts"), "utf8");
  const reexported = [...text.matchAll(/export \{([^}]*)\}/g)].flatMap((match) =>
    (match[1] ?? "").split(","),
  );
  const names = reexported
    .map((item) => item.trim())
    .filter((item) => item !== "" && !item.startsWith("type "));
  for (const match of text.matchAll(/export \* from "(\.\/[^"]+)"/g)) {
    const inner = readFileSync(join(source, name, match[1] ?? ""), "utf8");
    names.push(
      ...[...inner.matchAll(/export (?:async )?(?:function\*?|const|class) (\w+)/g)].map(
        (found) => found[1] ?? "",
      ),
    );
    names.push(
      ...[...inner.matchAll(/export \{([^}]*)\}/g)]
        .flatMap((found) => (found[1] ?? "").split(","))
        .map((item) => item.trim())
        .filter((item) => item !== "" && !item.startsWith("type ")),
    );
  }
  return names;
}

/** A module whose `run` evaluates the statements and reports each commented value to `check`. */
function moduleText(example: Example): string {
  const imports: string[] = [];
  const own = example.place.replace(/:\d+$/, "");
  const declared = [
    ...readFileSync(join(source, own), "utf8").matchAll(
      /^export (?:async )?(?:function\*?|const|class) (\w+)/gm,
    ),
  ]
    .map((match) => match[1] ?? "")
    .filter((item) => new RegExp(`\\b${item}\\b`).test(example.code));
  if (declared.length > 0) imports.push(`import { ${declared.join(", ")} } from "../../src/${own}";`);
  for (const name of libraryFolders) {
    const used = exportsOf(name).filter((item) => new RegExp(`\\b${item}\\b`).test(example.code));
    const fresh = used.filter((item) => !imports.some((line) => new RegExp(`[ ,{]${item}[ ,}]`).test(line)));
    if (fresh.length > 0) imports.push(`import { ${fresh.join(", ")} } from "../../src/${name}/index.ts";`);
  }
  const body = statementsOf(example.code).map(({ code, comment }) => {
    const bound = /^(?:const|let) (\w+) = /.exec(code)?.[1];
    if (comment === undefined) return `${code};`;
    const expected = JSON.stringify(comment);
    if (bound !== undefined) return `${code};\nawait check(() => ${bound}, ${expected});`;
    return `await check(async () => ${code.startsWith("{") ? `(${code})` : code}, ${expected});`;
  });
  return `${imports.join("\n")}
type Check = (value: () => unknown, expected: string) => Promise<void>;
export async function run(check: Check): Promise<void> {
${body.join("\n")}
void check;
}
`;
}

/** Deep equality; numbers may differ by 1e-12 of their size, as mathematical functions do between engines. */
function expectAlike(actual: unknown, wanted: unknown): void {
  if (typeof wanted === "number" && typeof actual === "number" && Number.isFinite(wanted)) {
    expect(Math.abs(actual - wanted)).toBeLessThanOrEqual(1e-12 * Math.abs(wanted));
    return;
  }
  if (typeof wanted !== "object" || wanted === null || typeof actual !== "object" || actual === null) {
    expect(actual).toEqual(wanted);
    return;
  }
  expect(Object.keys(actual)).toEqual(Object.keys(wanted));
  for (const [key, value] of Object.entries(wanted)) {
    expectAlike((actual as Record<string, unknown>)[key], value);
  }
}

async function check(value: () => unknown, expected: string): Promise<void> {
  const thrown = /^throws (\w+)(?:: ?(.*))?$/.exec(expected);
  if (thrown !== null) {
    const error = await Promise.resolve()
      .then(value)
      .then(
        () => undefined,
        (reason: Error) => reason,
      );
    expect(error?.name).toBe(thrown[1]);
    const message = (thrown[2] ?? "").split("…");
    for (const part of message) expect(error?.message).toContain(part.trim());
    return;
  }
  const actual = await value();
  if (!expected.includes("…")) {
    const wanted = new Function(`return (${expected});`)() as unknown;
    expectAlike(actual instanceof Float64Array ? [...actual] : actual, wanted);
    return;
  }
  const text = JSON.stringify(actual instanceof Float64Array ? [...actual] : actual);
  const pattern = expected
    .replaceAll(/\s+/g, "")
    .replaceAll(/(\w+):/g, '"$1":')
    .split("…")
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[^,\\]}]*");
  expect(text.replaceAll(/\s+/g, "")).toMatch(new RegExp(`^${pattern}$`));
}

const sourceFiles = filesUnder(source);
const examples = sourceFiles.flatMap(examplesIn);

describe("examples in docstrings", () => {
  beforeAll(() => {
    const files = examples.map((example, index) => [`example-${index}.ts`, moduleText(example)] as const);
    writeExampleProject(folder, Object.fromEntries(files));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("are all found", () => {
    const marks = sourceFiles.flatMap((path) => [...readFileSync(path, "utf8").matchAll(/@example\b/g)]);
    expect(examples.length).toBe(marks.length);
    expect(examples.length).toBeGreaterThan(10);
  });

  test("all compile", () => {
    const lines = compilerFaults(folder)
      .split("\n")
      .map((line) => {
        const index = /example-(\d+)\.ts/.exec(line)?.[1];
        return index === undefined ? line : `${examples[Number(index)]?.place} ${line}`;
      });
    expect(lines.join("\n").trim()).toBe("");
  });

  test.each(examples.map((example, index) => [example.place, index] as const))("%s", async (_, index) => {
    const { run } = (await import(/* @vite-ignore */ join(folder, `example-${index}.ts`))) as {
      run: (check: unknown) => Promise<void>;
    };
    await run(check);
  });
});
