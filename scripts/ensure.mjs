// Installs the dependencies if node_modules does not match the lock file, and nothing otherwise.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const minimum = [20, 19];

export function ensureDependencies() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < minimum[0] || (major === minimum[0] && minor < minimum[1])) {
    console.error(`lmcov needs Node ${minimum.join(".")} or newer; this is ${process.versions.node}.`);
    process.exit(2);
  }
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${major}`);
  for (const file of ["package.json", "package-lock.json"]) hash.update(readFileSync(`${root}/${file}`));
  const wanted = hash.digest("hex");
  const stamp = `${root}/node_modules/.lmcov-installed`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
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
  writeFileSync(stamp, wanted);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureDependencies();
