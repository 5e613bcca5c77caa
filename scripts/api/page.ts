/** A module of the library as a page of Markdown. */
import type { LibraryEntry, LibraryModule } from "./library.ts";

/** Text of a docstring, which is Markdown already: outside code spans, what would pass for a tag or an emphasis is escaped. */
function markdown(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) =>
      index % 2 === 1 ? part : part.replaceAll(/<(?=[\w/!])|(?<![\p{L}\p{M}\p{N}_])_(?=\w)/gu, "\\$&"),
    )
    .join("");
}

/** First sentences of more characters than these end at a colon or semicolon. */
const longestSentence = 150;

/** Whether a sentence can end where a colon or semicolon stands: outside parentheses, and not after a word or two. */
function isClause({ index, input }: RegExpExecArray): boolean {
  const before = input.slice(0, index);
  return index >= 40 && before.split("(").length === before.split(")").length;
}

/** The first sentence of a docstring, for a cell of a table. */
function firstSentence(text: string): string {
  const [paragraph = ""] = text.split("\n\n");
  const line = paragraph.replaceAll(/\s+/g, " ");
  const whole = /^.*?\.(?= [\p{Lu}`(*]|$)/u.exec(line)?.[0] ?? line;
  const part =
    whole.length > longestSentence ? [...whole.matchAll(/[:;] /g)].find(isClause)?.index : undefined;
  const sentence = part === undefined ? whole : `${whole.slice(0, part)}.`;
  return markdown(sentence).replaceAll("|", "\\|");
}

/** How a code host names the headings of a page: in lower case, the second of one name with `-1`. */
function anchors(headings: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return headings.map((heading) => {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, "")
      .replaceAll(" ", "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

interface Group {
  readonly title: string;
  readonly kinds: readonly LibraryEntry["kind"][];
}

const groups: readonly Group[] = [
  { title: "Functions", kinds: ["function"] },
  { title: "Classes", kinds: ["class"] },
  { title: "Values", kinds: ["value"] },
  { title: "Types", kinds: ["type"] },
];

interface PlacedGroup {
  readonly title: string;
  readonly entries: readonly { readonly entry: LibraryEntry; readonly anchor: string }[];
}

/** The entries of a module in the order of its page, with the anchors of their headings. */
function placed(module: LibraryModule): PlacedGroup[] {
  const filled = groups
    .map(({ title, kinds }) => ({
      title,
      entries: module.entries.filter(({ kind }) => kinds.includes(kind)),
    }))
    .filter(({ entries }) => entries.length > 0);
  const headings = filled.flatMap(({ title, entries }) => [title, ...entries.map(({ name }) => name)]);
  const slugs = anchors([`lmcov/${module.name}`, ...headings]).slice(1);
  let position = 0;
  return filled.map(({ title, entries }) => {
    position++;
    return { title, entries: entries.map((entry) => ({ entry, anchor: slugs[position++]! })) };
  });
}

/** Where each declaration is documented: by its key, the pages' links. A module's own entry comes before others'. */
type Places = ReadonlyMap<string, ReadonlyMap<string, string>>;

function placesOf(library: readonly LibraryModule[]): Places {
  const places = new Map<string, Map<string, string>>();
  for (const module of library) {
    for (const { entry, anchor } of placed(module).flatMap(({ entries }) => entries)) {
      const pages = places.get(entry.key) ?? new Map<string, string>();
      pages.set(module.name, anchor);
      places.set(entry.key, pages);
    }
  }
  return places;
}

function linkFrom(module: string, key: string, places: Places): string | undefined {
  const pages = places.get(key);
  if (pages === undefined) return undefined;
  const own = pages.get(module);
  if (own !== undefined) return `#${own}`;
  const [[page, anchor] = ["", ""]] = pages;
  return `${page}.md#${anchor}`;
}

const code = (text: string) => `\`\`\`ts\n${text}\n\`\`\``;

function entryText(
  module: string,
  entry: LibraryEntry,
  places: Places,
  names: ReadonlyMap<string, string>,
): string {
  const links = entry.uses.flatMap((key) => {
    const link = linkFrom(module, key, places);
    return link === undefined ? [] : [`[\`${names.get(key)}\`](${link})`];
  });
  const parts = [
    `### ${entry.name}`,
    markdown(entry.description),
    code(entry.signature),
    entry.parameters
      .map((parameter) =>
        parameter.replace(/^(\S+) ([\s\S]*)$/, (_, name, what) => `- \`${name}\`: ${markdown(what)}`),
      )
      .join("\n"),
    entry.throws.map((text) => `Throws ${markdown(text)}`).join("\n\n"),
    ...entry.examples.map(code),
    `${links.length > 0 ? `With ${links.join(", ")}. ` : ""}From [${entry.file}](../../${entry.file}).`,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function pageText(module: LibraryModule, places: Places, names: ReadonlyMap<string, string>): string {
  const filled = placed(module);
  const contents = filled.map(({ title, entries }) => {
    const rows = entries.map(
      ({ entry, anchor }) => `| [\`${entry.name}\`](#${anchor}) | ${firstSentence(entry.description)} |`,
    );
    return `| ${title.toLowerCase()} | |\n|---|---|\n${rows.join("\n")}`;
  });
  const sections = filled.map(({ title, entries }) =>
    [`## ${title}`, ...entries.map(({ entry }) => entryText(module.name, entry, places, names))].join("\n\n"),
  );
  return `${[`# lmcov/${module.name}`, markdown(module.description), ...contents, ...sections].join("\n\n")}\n`;
}

function indexText(library: readonly LibraryModule[]): string {
  const rows = library.map(
    ({ name, description, entries }) =>
      `| [\`lmcov/${name}\`](${name}.md) | ${entries.length} | ${firstSentence(description)} |`,
  );
  return `# Functions and types of the library

Generated from the docstrings by \`npm run docs:api\`; the examples run in the tests.

| import | names | what |
|---|---|---|
${rows.join("\n")}
`;
}

/** The pages of `docs/api` by file name. */
export function apiPages(library: readonly LibraryModule[]): Map<string, string> {
  const places = placesOf(library);
  const names = new Map(
    library.flatMap(({ entries }) => entries.map(({ key, name }) => [key, name] as const)),
  );
  const pages = library.map((module) => [`${module.name}.md`, pageText(module, places, names)] as const);
  return new Map([["README.md", indexText(library)], ...pages]);
}
