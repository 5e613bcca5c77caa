/** Which software writes a run. */
import { readFileSync } from "node:fs";

export function softwareVersions(): Record<string, string> {
  const packageFile = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { version: string };
  return { lmcov: version, node: process.versions.node };
}
