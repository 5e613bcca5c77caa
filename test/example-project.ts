/** A folder of TypeScript files that tests write, as a project that tsc checks as strictly as the library. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

/** Writes the files into a folder below test/, which is emptied before. */
export function writeExampleProject(folder: string, files: Readonly<Record<string, string>>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const config = {
    extends: "../../tsconfig.json",
    compilerOptions: { noEmit: true, noUnusedLocals: false },
    include: ["*.ts"],
    exclude: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
}

/** What tsc says of the project; nothing if all compile. */
export function compilerFaults(folder: string): string {
  return spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" }).stdout.trim();
}
