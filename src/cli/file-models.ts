/** Names for the models of logs that hold none: the file's, with its folders where another file is called alike. */
import { dirname, relative, resolve, sep } from "node:path";
import { stemOf } from "../importer/index.ts";

/**
 * By path, the model that a log without one is of, for files that others in other folders share their name with:
 * `step-100/samples.jsonl` and `step-200/samples.jsonl` are two models. Absent for all other files.
 */
export function modelsByFolder(paths: readonly string[]): ReadonlyMap<string, string> {
  const alike = new Map<string, string[]>();
  for (const path of paths) {
    const stem = stemOf(path);
    const found = alike.get(stem);
    if (found === undefined) alike.set(stem, [path]);
    else found.push(path);
  }
  const names = new Map<string, string>();
  for (const [stem, files] of alike) {
    const folders = files.map((file) => dirname(resolve(file)));
    if (new Set(folders).size < 2) continue;
    const common = commonFolder(folders);
    files.forEach((file, index) => {
      const within = relative(common, folders[index] ?? common);
      names.set(file, [...within.split(sep).filter((part) => part !== ""), stem].join("/"));
    });
  }
  return names;
}

/** The deepest folder that holds all of these. */
function commonFolder(folders: readonly string[]): string {
  let common = folders[0] ?? "";
  const holds = (folder: string) => {
    const way = relative(common, folder);
    return way !== ".." && !way.startsWith(`..${sep}`);
  };
  while (!folders.every(holds)) common = dirname(common);
  return common;
}
