/** Where the real data lie that tests read in place; undefined where they are absent, so that tests can be skipped. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../shared/data", import.meta.url));

/** The path of a file under `../shared/data`, or undefined where the folder is absent. */
export function sharedData(path: string): string | undefined {
  const full = `${folder}/${path}`;
  return existsSync(full) ? full : undefined;
}

/** Skip condition with its reason in the title: `describe.skipIf(!dataPresent)(...)`. */
export const dataPresent = existsSync(folder);
