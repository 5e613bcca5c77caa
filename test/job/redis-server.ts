/** A Redis server of a test's own, on a free port. */
import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

/** A port of this machine that nobody listens at. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

/** Starts a server that asks for the password and saves nothing; resolves once it takes connections. */
export async function startRedis(
  folder: string,
  password: string,
): Promise<{ readonly port: number; stop(): void }> {
  const port = await freePort();
  const words = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", password];
  const redis = spawn("redis-server", words, { stdio: ["ignore", "pipe", "ignore"], cwd: folder });
  await new Promise<void>((resolve, reject) => {
    redis.stdout.on("data", (text: Buffer) => text.includes("Ready to accept") && resolve());
    redis.once("exit", () => reject(new Error("redis-server ended")));
  });
  return { port, stop: () => void redis.kill("SIGKILL") };
}
