/** Writes docs/api from the docstrings of the library: `npm run docs:api`. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { publicLibrary } from "./library.ts";
import { apiPages } from "./page.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "docs", "api");
const pages = apiPages(publicLibrary(root));
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(join(folder, name));
for (const [name, text] of pages) writeFileSync(join(folder, name), text);
console.error(`wrote ${pages.size} pages to docs/api`);
