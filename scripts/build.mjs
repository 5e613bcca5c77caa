// Builds dist/: type-checked ESM with declarations by tsc, then the special functions as one bundled file,
// so that an installation does not need the hundreds of small packages behind them.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const fresh = join(root, "dist.fresh.tmp");
const old = join(root, "dist.old.tmp");
const lock = join(root, "dist.lock.tmp");
const longestBuild = 120_000;

function sourceHash() {
  const hash = createHash("sha256");
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else hash.update(entry.name).update(readFileSync(path));
    }
  };
  for (const folder of ["src", "web"]) visit(join(root, folder));
  for (const file of ["package.json", "tsconfig.json", "tsconfig.build.json", "scripts/build.mjs"]) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

function isBuiltFrom(hash) {
  const stamp = join(dist, ".built-from");
  return existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
}

/** One build at a time: tests and commands may ask at once. A lock older than any build is left over. */
async function locked(work) {
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > longestBuild) rmSync(lock, { recursive: true, force: true });
      await sleep(100);
    }
  }
  try {
    await work();
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
    rmSync(lock, { recursive: true, force: true });
  }
}

/** web/ as one HTML file, whose policy allows its own script by hash, and no request. */
async function builtPage() {
  const { build: bundlePage } = await import("vite");
  // Under another NODE_ENV, such as a test runner's, Vite builds for development: with the paths of the sources in the page.
  const environment = process.env.NODE_ENV;
  process.env.NODE_ENV = "production";
  const result = await bundlePage({
    configFile: join(root, "web/vite.config.ts"),
    build: { write: false },
  });
  if (environment === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = environment;
  const file = result.output.find(({ fileName }) => fileName.endsWith(".html"));
  const html = String(file.source);
  const scripts = [...html.matchAll(/<script type="module"[^>]*>([\s\S]*?)<\/script>/g)];
  if (scripts.length !== 1 || /<(?:script|link)[^>]+(?:src|href)=/.test(html)) {
    throw new Error("the page is not one file");
  }
  const script = scripts[0][1];
  const hash = createHash("sha256").update(script).digest("base64");
  const policy = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'`;
  return html
    .replace(scripts[0][0], "")
    .replace("<head>", () => `<head>\n    <meta http-equiv="Content-Security-Policy" content="${policy}">`)
    .replace("</body>", () => `<script type="module">${script}</script>\n  </body>`);
}

async function buildFresh(hash) {
  if (isBuiltFrom(hash)) return;
  console.error("lmcov: building…");
  rmSync(fresh, { recursive: true, force: true });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const compiled = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", fresh], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (compiled.status !== 0) throw new Error("tsc failed; see above");
  const { build: bundle } = await import("esbuild");
  await bundle({
    entryPoints: [join(root, "src/numeric/special.ts")],
    outfile: join(fresh, "numeric/special.js"),
    allowOverwrite: true,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "none",
    logLevel: "error",
  });
  writeFileSync(join(fresh, "report/page.html"), await builtPage());
  chmodSync(join(fresh, "cli/main.js"), 0o755);
  writeFileSync(join(fresh, ".built-from"), hash);
  rmSync(old, { recursive: true, force: true });
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
}

/** Builds unless dist/ is already made from the present sources. */
export async function build() {
  const hash = sourceHash();
  if (!isBuiltFrom(hash)) await locked(() => buildFresh(hash));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await build();
  } catch (error) {
    console.error(`lmcov: ${error.message}`);
    process.exit(1);
  }
}
