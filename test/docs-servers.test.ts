/** Blocks of the documentation that need a server, against scripted ones; and those that need a sandbox. */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRun } from "../src/store/index.ts";
import { missingIsolation } from "../src/verifier/sandbox/isolation.ts";
import { type Block, blocksFor, commandsOf, placed } from "./docs-blocks.ts";
import { shortDraws, writeLogs, writeRuns } from "./docs-inputs.ts";
import { llamaRoutes, sglangRoutes } from "./endpoint/scripted-native.ts";
import { vllmRoutes } from "./endpoint/scripted-openai.ts";
import { type Routes, type ScriptedServer, serve } from "./endpoint/scripted-server.ts";
import { lmcov, mainFile } from "./lmcov.ts";

const blocks = blocksFor("docs-servers.test.ts");
const named = (mark: string) => placed(blocks.filter((block) => block.mark === mark));
/** The prompts that the page on vLLM shows. */
const prompts = blocks.find(({ language }) => language === "jsonl")?.text ?? "";

/** Programs that a block starts beside lmcov: here the scripted servers stand in their place. */
const standIns = ["vllm", "python", "llama-server"];
/** Commands that serve until they are interrupted, with a path that answers. */
const serving: Readonly<Record<string, string>> = { serve: "/", "serve-model": "/health" };

const steps = [1000, 2000, 3000, 4000, 5000];
/** The scripted model under the names of several checkpoints. */
const checkpointRoutes: Routes = {
  ...vllmRoutes(),
  "GET /v1/models": () => ({
    body: {
      object: "list",
      data: steps.map((step) => ({ id: `step-${step}`, owned_by: "vllm", max_model_len: 512 })),
    },
  }),
};

/** What stands at an address of the documentation, the first pattern that fits. */
const servers: readonly (readonly [pattern: RegExp, routes: Routes])[] = [
  [/http:\/\/127\.0\.0\.1:8000(?=#step-)/, checkpointRoutes],
  [/http:\/\/(?:127\.0\.0\.1|gpu\d|gpu\{[\d.]+\}):8000/, shortDraws()],
  [/http:\/\/127\.0\.0\.1:30000/, sglangRoutes()],
  [/http:\/\/127\.0\.0\.1:8080/, llamaRoutes()],
  [/http:\/\/127\.0\.0\.1:9000(?=\/score)/, { "POST /score": () => ({ body: 0.5 }) }],
];

const folder = mkdtempSync(join(tmpdir(), "lmcov-docs-servers-"));
const template = join(folder, "inputs");
const running: ScriptedServer[] = [];

beforeAll(async () => {
  writeLogs(template);
  await writeRuns(template);
  for (const run of ["train", "before-rl", "after-rl"]) {
    cpSync(join(template, "run"), join(template, "runs", run), { recursive: true });
  }
  for (const name of ["gsm8k", "problems", "held-out"])
    writeFileSync(join(template, `${name}.jsonl`), prompts);
  const pairs = [" 2", " is a"].map((response, index) => ({
    id: `p${index}`,
    prompt: "Q: 1 + 1\nA:",
    response,
  }));
  writeFileSync(join(template, "pairs.jsonl"), pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""));
  for (const [, routes] of servers) running.push(await serve(routes));
}, 600_000);
afterAll(async () => {
  for (const server of running) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A word with the address of a scripted server in the place of the one that it names. */
function redirected(word: string): string {
  const index = servers.findIndex(([pattern]) => pattern.test(word));
  return index < 0 ? word : word.replace(servers[index]![0], running[index]!.address);
}

/** Starts a command that serves, at a free port, asks it once and interrupts it. */
async function servedOnce(words: readonly string[], cwd: string): Promise<void> {
  const port = words.indexOf("--port");
  const own = port < 0 ? [...words] : words.toSpliced(port, 2);
  const child = spawn(process.execPath, [mainFile, ...own, "--port", "0"], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const address = await new Promise<string>((resolve, reject) => {
    const look = (part: Buffer) => {
      said += part.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found !== null) resolve(found[0]);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.once("close", (code) => reject(new Error(`${own.join(" ")} ended with ${code}: ${said}`)));
  });
  const { status } = await fetch(`${address}${serving[words[0]!]}`);
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGINT");
  await ended;
  expect(status, said).toBe(200);
}

async function runBlock({ text }: Block, cwd: string): Promise<number> {
  let commands = 0;
  for (const [program = "", ...words] of commandsOf(text)) {
    if (standIns.includes(program)) continue;
    expect(program).toBe("lmcov");
    commands += 1;
    const own = words.map(redirected);
    if (own[0]! in serving) {
      await servedOnce(own, cwd);
      continue;
    }
    const { code, stderr } = await lmcov(own, { cwd });
    expect(code, `${own.join(" ")}\n${stderr}`).toBe(0);
  }
  return commands;
}

/** A folder of its own for each block, with the inputs that blocks name. */
function freshFolder(place: string): string {
  const own = join(folder, place.replaceAll(/\W+/g, "-"));
  cpSync(template, own, { recursive: true });
  return own;
}

describe("commands that need a server", () => {
  test.each(named("server"))(
    "%s",
    async (place, block) => {
      const own = freshFolder(place);
      expect(await runBlock(block, own)).toBeGreaterThan(0);
      if (block.page !== "how-to/vllm.md" || !block.text.includes("lmcov sample")) return;
      // The page's prompts, each drawn as often as it says.
      const draws = new Map<string, number>();
      for await (const rows of readRun(join(own, "runs", "base"), { tables: ["responses"] })) {
        for (const { problem } of rows) draws.set(problem, (draws.get(problem) ?? 0) + 1);
      }
      const ids = prompts
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).id);
      expect([...draws]).toEqual(ids.map((id) => [id, 100]));
    },
    600_000,
  );
});

function missingSandbox(): string | undefined {
  const missing = missingIsolation();
  if (missing !== undefined) return missing;
  const tried = spawnSync("unshare", ["--user", "--map-root-user", "--net", "true"]);
  return tried.status === 0 ? undefined : "namespaces cannot be used here";
}

const missing = missingSandbox();
const skipped = missing === undefined ? "" : ` (skipped: ${missing})`;
describe.skipIf(missing !== undefined)(`commands that need a sandbox${skipped}`, () => {
  test.each(named("sandbox"))(
    "%s",
    async (place, block) => {
      const own = freshFolder(place);
      const problem = {
        task_id: "add",
        prompt: "def add(a, b):\n",
        test: "def check(f):\n    assert f(1, 2) == 3\n",
        entry_point: "add",
      };
      writeFileSync(join(own, "HumanEval.jsonl.gz"), gzipSync(`${JSON.stringify(problem)}\n`));
      const sample = { problem: "add", prompt: problem.prompt, response: "    return a + b\n" };
      writeFileSync(join(own, "samples.jsonl"), `${JSON.stringify(sample)}\n`);
      expect(await runBlock(block, own)).toBe(1);
    },
    300_000,
  );
});
