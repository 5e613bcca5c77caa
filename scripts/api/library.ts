/** The public library as the compiler sees it: what each subpath of package.json's `exports` exports, with docstrings. */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { SyntaxKind } from "typescript/unstable/ast";
import { API, type Symbol as Name, type Project, SymbolFlags } from "typescript/unstable/sync";
import { declarationText, typesNamedIn } from "./declaration.ts";

export interface LibraryEntry {
  readonly name: string;
  readonly kind: "function" | "class" | "value" | "type";
  /** Where it is declared, from the root of the repository. */
  readonly file: string;
  /** The declaration without a body, as TypeScript. */
  readonly signature: string;
  readonly description: string;
  /** What is said of arguments, as `name what`. */
  readonly parameters: readonly string[];
  readonly throws: readonly string[];
  readonly examples: readonly string[];
  /** Keys of the entries whose types the declaration names. */
  readonly uses: readonly string[];
  /** The same wherever a declaration is exported. */
  readonly key: string;
}

export interface LibraryModule {
  /** As in `lmcov/NAME`. */
  readonly name: string;
  readonly description: string;
  /** By name. */
  readonly entries: readonly LibraryEntry[];
}

/** The subpaths that users import, in the order of package.json. */
export function publicSubpaths(root: string): string[] {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
  return Object.keys(exports)
    .filter((path) => !path.endsWith(".json"))
    .map((path) => path.replace("./", ""));
}

const kinds: ReadonlyMap<SyntaxKind, LibraryEntry["kind"]> = new Map([
  [SyntaxKind.FunctionDeclaration, "function"],
  [SyntaxKind.ClassDeclaration, "class"],
  [SyntaxKind.VariableDeclaration, "value"],
  [SyntaxKind.InterfaceDeclaration, "type"],
  [SyntaxKind.TypeAliasDeclaration, "type"],
]);

/** Follows re-exports to what is exported. */
function origin(project: Project, name: Name): Name {
  return name.flags & SymbolFlags.Alias ? project.checker.getAliasedSymbol(name) : name;
}

const keyOf = (name: Name) => String(name.id);

function libraryEntry(project: Project, root: string, exported: Name): LibraryEntry {
  const name = origin(project, exported);
  const nodes = name.declarations.flatMap((handle) => handle.resolve(project) ?? []);
  const [first] = nodes;
  const kind = first && kinds.get(first.kind);
  if (kind === undefined) throw new Error(`${exported.name} is declared as nothing that is documented`);
  const tags = name.getJsDocTags(project.checker);
  const tagged = (tag: string) =>
    tags.filter((each) => each.name === tag).map(({ text = "" }) => text.trim());
  return {
    name: exported.name,
    kind,
    file: relative(root, first!.getSourceFile().fileName),
    signature: nodes.map((node) => declarationText(project.checker, node)).join("\n\n"),
    description: name.getDocumentationComment(project.checker).trim(),
    parameters: tagged("param"),
    throws: tagged("throws"),
    examples: tagged("example"),
    uses: typesNamedIn(project.checker, nodes)
      .map((used) => keyOf(origin(project, used)))
      .filter((key) => key !== keyOf(name)),
    key: keyOf(name),
  };
}

/** What stands in the comment at the beginning of a file. */
function fileDescription(text: string): string {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? "";
  return comment.replaceAll(/^\s*\* ?/gm, "").trim();
}

/** Reads the library by the compiler; takes some seconds. */
export function publicLibrary(root: string): LibraryModule[] {
  const api = new API({ cwd: root });
  try {
    const snapshot = api.updateSnapshot({ openProjects: [join(root, "tsconfig.build.json")] });
    const [project] = snapshot.getProjects();
    if (project === undefined) throw new Error("the compiler found no project");
    return publicSubpaths(root).map((subpath) => {
      const source = project.program.getSourceFile(join(root, "src", subpath, "index.ts"));
      const module = source && project.checker.getSymbolAtLocation(source);
      if (module === undefined) throw new Error(`src/${subpath}/index.ts exports nothing`);
      const entries = project.checker
        .getExportsOfModule(module)
        .map((name) => libraryEntry(project, root, name))
        .sort((one, other) => (one.name < other.name ? -1 : 1));
      return { name: subpath, description: fileDescription(source!.text), entries };
    });
  } finally {
    api.close();
  }
}
