// `npm start` reports on the shipped example; `npm start -- LOG…` reports on your own logs.
import { spawnSync } from "node:child_process";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDependencies } from "./ensure.mjs";

ensureDependencies();
const { build } = await import("./build.mjs");
await build();

const root = fileURLToPath(new URL("..", import.meta.url));
const callerFolder = process.env.INIT_CWD ?? process.cwd();
const given = process.argv.slice(2);
const { commandEntries } = await import("../dist/cli/commands.js");
const commands = [...commandEntries.map(({ name }) => name), "help"];
const first = given[0];
const isCommand = first !== undefined && (commands.includes(first) || first.startsWith("-"));
const example = join(root, "examples", "fine-tuning");
const words = given.length === 0 ? ["report", example] : isCommand ? given : ["report", ...given];
const main = join(root, "dist/cli/main.js");
const result = spawnSync(process.execPath, [main, ...words], {
  cwd: isAbsolute(callerFolder) ? callerFolder : root,
  stdio: "inherit",
});
process.exit(result.status ?? 1);
