/** The page on many machines, as these would run it: the Slurm script by bash, pods by their arguments, the queue on a real Redis. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { readRun } from "../src/store/index.ts";
import { blocksFor, commandsOf } from "./docs-blocks.ts";
import { shortDraws } from "./docs-inputs.ts";
import { type ScriptedServer, serve } from "./endpoint/scripted-server.ts";
import { freePort, hasRedis, startRedis } from "./job/redis-server.ts";
import { ensureBuilt, lmcov, lmcovHere, mainFile } from "./lmcov.ts";

const blocks = blocksFor("docs-fleet.test.ts");
const slurm = blocks.find(({ text }) => text.includes("#SBATCH"))?.text ?? "";
const queue = blocks.find(({ text }) => text.includes("lmcov worker"))?.text ?? "";
const manifest = blocks.find(({ language }) => language === "yaml")?.text ?? "";

test("these are all of the page's blocks", () => {
  expect(new Set(blocks.map(({ page }) => page))).toEqual(new Set(["fleet.md"]));
  expect(new Set(blocks.map(({ text }) => text))).toEqual(new Set([slurm, manifest, queue]));
});

const folder = mkdtempSync(join(tmpdir(), "lmcov-docs-fleet-"));
let server: ScriptedServer;
beforeAll(async () => {
  ensureBuilt();
  server = await serve(shortDraws());
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A folder in the place of /shared and of the working folder, with the prompts. */
function freshFolder(): string {
  const own = mkdtempSync(join(folder, "shared-"));
  const prompts = ["a", "b"].map((id) => JSON.stringify({ id, prompt: `Q: ${id} + 1\nA:`, target: "2" }));
  writeFileSync(join(own, "problems.jsonl"), `${prompts.join("\n")}\n`);
  return own;
}

/** Which draws a run holds, each once; of 200 of each prompt. */
async function drawsIn(run: string): Promise<string[]> {
  const draws: string[] = [];
  for await (const rows of readRun(run, { tables: ["responses"] })) {
    for (const row of rows) if (row.kind === "response") draws.push(`${row.problem} ${row.draw}`);
  }
  expect(new Set(draws).size).toBe(draws.length);
  return draws.sort();
}
const allDraws = ["a", "b"]
  .flatMap((problem) => Array.from({ length: 200 }, (_, draw) => `${problem} ${draw}`))
  .sort();

/** Programs of a cluster under their names: vLLM passes on to the scripted server, `npx` calls the built command. */
function writeStandIns(): string {
  const bin = mkdtempSync(join(folder, "bin-"));
  const proxy = `const { createServer, connect } = require("node:net");
    const port = process.argv[process.argv.indexOf("--port") + 1];
    createServer((near) => {
      const far = connect(${new URL(server.address).port}, "127.0.0.1");
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on("error", () => { near.destroy(); far.destroy(); });
    }).listen(Number(port), "127.0.0.1");`;
  writeFileSync(join(bin, "proxy.cjs"), proxy);
  const programs = {
    vllm: `[ "$1 $2" = "serve my/model" ] && exec "${process.execPath}" "${join(bin, "proxy.cjs")}" "$@"`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expansion of the shell
    srun: 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"',
    npx: `[ "$1" = lmcov ] && shift && exec "${process.execPath}" "${mainFile}" "$@"`,
    sleep: "exec /bin/sleep 0.1",
  };
  for (const [name, line] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return bin;
}

interface Pod {
  readonly spec: {
    readonly completionMode: string;
    readonly completions: number;
    readonly parallelism: number;
    readonly backoffLimitPerIndex: number;
    readonly template: {
      readonly spec: {
        readonly restartPolicy: string;
        readonly containers: readonly {
          readonly command: readonly string[];
          readonly args: readonly string[];
          readonly env: readonly { readonly name: string }[];
          readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
        }[];
        readonly volumes: readonly { readonly name: string }[];
      };
    };
  };
}

describe("shares of one job", () => {
  const job = parse(manifest) as Pod;
  const pod = job.spec.template.spec;
  const [container] = pod.containers;
  const inPods = freshFolder();

  test("the manifest is an indexed job of as many pods as it has shares, on a folder that all of them mount", () => {
    expect(parse(manifest)).toMatchObject({ apiVersion: "batch/v1", kind: "Job" });
    expect(job.spec.completionMode).toBe("Indexed");
    expect(job.spec.parallelism).toBeLessThanOrEqual(job.spec.completions);
    // Kubernetes takes backoffLimitPerIndex with this policy only.
    expect(job.spec.backoffLimitPerIndex).toBeGreaterThan(0);
    expect(pod.restartPolicy).toBe("Never");
    expect(container!.command).toEqual(["npx", "lmcov"]);
    expect(container!.args).toContain(`--shard=auto/${job.spec.completions}`);
    expect(container!.volumeMounts.map(({ name }) => name)).toEqual(pod.volumes.map(({ name }) => name));
    const paths = container!.args.flatMap((word) => /=(\/.*)/.exec(word)?.slice(1) ?? []);
    expect(paths.length).toBe(2);
    for (const path of paths) expect(path.startsWith(`${container!.volumeMounts[0]!.mountPath}/`)).toBe(true);
  });

  /** Draws of the pods 2 and 7: shares 3 and 8. */
  let ofTwo: readonly string[] = [];
  test("its pods together draw everything once, with the key that the secret holds", async () => {
    const words = container!.args.map((word) =>
      word.replace("/shared", inPods).replace("http://vllm.default.svc:8000", server.address),
    );
    expect(container!.env.map(({ name }) => name)).toEqual(["LMCOV_API_KEY"]);
    try {
      vi.stubEnv("LMCOV_API_KEY", "kept");
      for (const index of [2, 7, 0, 1, 3, 4, 5, 6]) {
        vi.stubEnv("JOB_COMPLETION_INDEX", String(index));
        const { code, stderr } = await lmcovHere(words, inPods);
        expect(code, stderr).toBe(0);
        if (index === 7) ofTwo = await drawsIn(join(inPods, "run"));
      }
    } finally {
      vi.unstubAllEnvs();
    }
    expect(await drawsIn(join(inPods, "run"))).toEqual(allDraws);
    expect(server.requests.at(-1)?.headers.authorization).toBe("Bearer kept");
    // A quarter of 400, as a hash of their keys divides them.
    expect(Math.abs(ofTwo.length - 100)).toBeLessThan(40);
  }, 120_000);

  const missing = ["bash", "curl"].filter((name) => spawnSync(name, ["--version"]).status !== 0);
  test.skipIf(missing.length > 0)(
    "two tasks of the Slurm array draw the shares of the pods of their number (needs bash and curl)",
    async () => {
      const own = freshFolder();
      const [, first = "", last = ""] = /^#SBATCH --array=(\d+)-(\d+)$/m.exec(slurm) ?? [];
      const path = [writeStandIns(), process.env.PATH].join(delimiter);
      const task = async (id: number) => {
        const script = slurm
          .replaceAll("/shared", own)
          .replace("port=$((8000 +", `port=$((${(await freePort()) - id} +`);
        expect(script).not.toContain("8000");
        const child = spawn("bash", ["-c", script], {
          cwd: own,
          env: {
            ...process.env,
            PATH: path,
            SLURM_ARRAY_TASK_ID: String(id),
            SLURM_ARRAY_TASK_MIN: first,
            SLURM_ARRAY_TASK_MAX: last,
          },
          stdio: ["ignore", "ignore", "pipe"],
          detached: true,
        });
        let said = "";
        child.stderr.on("data", (part: Buffer) => {
          said += part.toString();
        });
        const code = await new Promise((resolve) => child.once("exit", resolve));
        // As Slurm ends what a task has left running: here the server.
        process.kill(-child.pid!, "SIGKILL");
        expect(code, said).toBe(0);
      };
      await Promise.all([3, 8].map(task));
      expect(await drawsIn(join(own, "run"))).toEqual(ofTwo);
    },
    120_000,
  );
});

test.skipIf(!hasRedis)(
  "a queue is filled by one command and worked off by another (needs redis-server)",
  async () => {
    const own = freshFolder();
    const redis = await startRedis(own, "hush-hush");
    try {
      const text = queue
        .replace("=…", "=hush-hush")
        .replaceAll("redis://cache:6379", `redis://127.0.0.1:${redis.port}`)
        .replaceAll("http://gpu1:8000", server.address)
        .replaceAll("/shared", own);
      const [[, assignment = ""] = [], [, ...sample] = [], [, ...worker] = []] = commandsOf(text);
      const [name = "", value = ""] = assignment.split("=");
      const options = { cwd: own, env: { [name]: value } };
      const coordinator = lmcov(sample, options);
      let worked = await lmcov(worker, options);
      while (/has no queue/.test(worked.stderr)) worked = await lmcov(worker, options);
      expect(worked.code, worked.stderr).toBe(0);
      const { code, stderr } = await coordinator;
      expect(code, stderr).toBe(0);
      expect(await drawsIn(join(own, "run"))).toEqual(allDraws);
    } finally {
      redis.stop();
    }
  },
  120_000,
);
