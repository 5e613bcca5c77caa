/** What the client itself costs: scored requests a second against a server in another process that answers at once. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { endpointFor, inParallel, modelSpecs, type ScoringEndpoint } from "../src/endpoint/index.ts";
import type { Measurement } from "./run.ts";

const requestsAtOnce = 64;
/** Responses of one prompt, whose tokens are asked for once. */
const responsesOfPrompt = 8;

export async function measure(): Promise<Measurement[]> {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--import", "tsx", fileURLToPath(new URL("./instant-server.ts", import.meta.url))],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  try {
    const [port] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    const [spec] = modelSpecs([`http://127.0.0.1:${String(port).trim()}`]);
    if (spec === undefined) throw new Error("no model");
    const endpoint = await endpointFor(spec, { environment: {} }, new AbortController().signal);
    if (endpoint.likelihood === undefined) throw new Error("the instant server scores");
    await score(endpoint, 20_000);
    const before = memory();
    const busy = process.cpuUsage();
    const seconds = await score(endpoint, 100_000);
    const { user, system } = process.cpuUsage(busy);
    const grown = memory() - before;
    await endpoint.close();
    const rate = 100_000 / seconds;
    return [
      {
        name: "scored requests a second through one client",
        ours: rate,
        unit: "a second",
        target: "≥ 5000",
        met: rate >= 5000,
      },
      {
        name: "processor time of the client for a scored request",
        ours: (user + system) / 100_000,
        unit: "µs",
        target: "≤ 200",
        met: user + system <= 200 * 100_000,
      },
      {
        name: "memory that 100,000 more requests add",
        ours: grown,
        unit: "MB",
        target: "≤ 40",
        met: grown <= 40,
      },
    ];
  } finally {
    child.kill();
  }
}

const memory = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1e6;
};

async function score(endpoint: ScoringEndpoint, count: number): Promise<number> {
  const { signal } = new AbortController();
  const started = performance.now();
  await inParallel(count, requestsAtOnce, async (index) => {
    const prompt = { text: `prompt ${Math.floor(index / responsesOfPrompt)}` };
    await endpoint.likelihood.score({ prompt, response: { text: `response ${index}` } }, signal);
  });
  return (performance.now() - started) / 1000;
}
