/** A real llama.cpp server for tests, on the TinyStories model; where it cannot be brought, the reason why. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { sharedData } from "./shared-data.ts";

export type LlamaServerProgram =
  | { readonly path: string; readonly model: string; readonly reason?: undefined }
  | { readonly reason: string };

/**
 * The server that LLAMA_SERVER names, else one that `../shared/tools/llama-server.sh` brings from Debian's packages,
 * kept in the temporary folder for the next run.
 */
export async function llamaServerProgram(): Promise<LlamaServerProgram> {
  const model = sharedData("tinystories-260k/tinystories-260k-f32.gguf");
  if (model === undefined) return { reason: "../shared/data/tinystories-260k is absent" };
  const named = process.env.LLAMA_SERVER;
  if (named !== undefined)
    return existsSync(named) ? { path: named, model } : { reason: `${named} is absent` };
  const script = fileURLToPath(new URL("../../shared/tools/llama-server.sh", import.meta.url));
  if (!existsSync(script)) return { reason: "LLAMA_SERVER is not set and ../shared/tools is absent" };
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) {
    return { reason: "LLAMA_SERVER is not set, and bringing a server needs apt-get as root" };
  }
  return broughtServer(script, model);
}

async function broughtServer(script: string, model: string): Promise<LlamaServerProgram> {
  const folder = join(tmpdir(), "lmcov-test-llama-server");
  const ready = join(folder, "ready");
  const path = join(folder, "llama-server");
  const lock = `${folder}.lock`;
  for (let waited = 0; waited < 240; waited += 1) {
    if (existsSync(ready)) return { path, model };
    try {
      mkdirSync(lock);
      break;
    } catch {
      await sleep(500);
    }
  }
  try {
    if (!existsSync(ready)) {
      const result = spawnSync("bash", [script, folder], { encoding: "utf8", timeout: 120_000 });
      if (result.status !== 0) return { reason: `llama-server.sh failed: ${result.stderr.slice(-200)}` };
      mkdirSync(ready);
    }
    return { path, model };
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

export interface RunningServer {
  readonly address: string;
  stop(): Promise<void>;
}

/** Keys and values of attention in single precision: what was cached before then changes no later score. */
export const exactCache = ["--cache-type-k", "f32", "--cache-type-v", "f32", "--flash-attn", "off"];

/** Starts the server on a free port and waits until it answers. */
export async function startLlamaServer(
  program: { path: string; model: string },
  flags: readonly string[] = [],
): Promise<RunningServer> {
  const port = await freePort();
  const words = [
    "-m",
    program.model,
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    "-np",
    "4",
    "-c",
    "2048",
  ];
  const child: ChildProcess = spawn(program.path, [...words, "--threads", "1", ...flags], {
    stdio: "ignore",
  });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const address = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const answer = await fetch(`${address}/health`).catch(() => undefined);
    if (answer?.ok) {
      return {
        address,
        async stop() {
          child.kill("SIGKILL");
          await ended;
        },
      };
    }
    if (child.exitCode !== null) throw new Error(`llama-server ended with code ${child.exitCode}`);
    await sleep(100);
  }
  child.kill("SIGKILL");
  throw new Error("llama-server did not answer within a minute");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
