// Installs the dependencies if node_modules does not hold what the lock file says, and nothing otherwise.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const minimum = [20, 19];

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, "utf8")).packages;
}

/** Whether an installed package is for this machine. */
function fits({ os, cpu }) {
  return (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true);
}

/** True if npm noted, at the end of its last installation in the folder, what its lock file says. */
export function isInstalled(folder) {
  const noted = join(folder, "node_modules", ".package-lock.json");
  if (!existsSync(noted)) return false;
  const installed = packagesOf(noted);
  return Object.entries(packagesOf(join(folder, "package-lock.json"))).every(([path, wanted]) => {
    if (path === "") return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity && fits(found);
  });
}

export function ensureDependencies() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < minimum[0] || (major === minimum[0] && minor < minimum[1])) {
    console.error(`lmcov needs Node ${minimum.join(".")} or newer; this is ${process.versions.node}.`);
    process.exit(2);
  }
  if (isInstalled(root)) return;
  console.error("lmcov: installing dependencies (once)…");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const result = spawnSync(npm, ["ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
    env: { ...process.env, NODE_ENV: "" },
  });
  if (result.status !== 0) {
    console.error("lmcov: npm ci failed; see above.");
    process.exit(2);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureDependencies();
