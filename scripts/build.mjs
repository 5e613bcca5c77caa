// Builds dist/: type-checked ESM with declarations by tsc, then the special functions as one bundled file,
// so that an installation does not need the hundreds of small packages behind them.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = join(root, "dist", ".built-from");

function sourceHash() {
  const hash = createHash("sha256");
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else hash.update(entry.name).update(readFileSync(path));
    }
  };
  visit(join(root, "src"));
  for (const file of ["package.json", "tsconfig.json", "tsconfig.build.json", "scripts/build.mjs"]) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

/** Builds unless dist/ is already made from the present sources. */
export async function build({ quiet = false } = {}) {
  const wanted = sourceHash();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  if (!quiet) console.error("lmcov: building…");
  // Built aside and renamed, so that whoever runs dist/ meanwhile, or builds too, never meets half of it.
  const fresh = join(root, `dist.${process.pid}.tmp`);
  const tsc = spawnSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json", "--outDir", fresh],
    {
      cwd: root,
      stdio: ["ignore", 2, 2],
    },
  );
  if (tsc.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    process.exit(1);
  }
  const { build: bundle } = await import("esbuild");
  const special = join(fresh, "numeric/special.js");
  await bundle({
    entryPoints: [join(root, "src/numeric/special.ts")],
    outfile: special,
    allowOverwrite: true,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "none",
    logLevel: "error",
  });
  chmodSync(join(fresh, "cli/main.js"), 0o755);
  writeFileSync(join(fresh, ".built-from"), wanted);
  rmSync(join(root, "dist"), { recursive: true, force: true });
  renameSync(fresh, join(root, "dist"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
