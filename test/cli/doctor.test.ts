/** `lmcov doctor` where it has little to go by: models whose context holds no sentence, servers that want a key or fail. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { byteTokenizer, initialParameters, writeCheckpoint } from "../../src/model/index.ts";
import { randomGenerator } from "../../src/numeric/index.ts";
import { vllmRoutes } from "../endpoint/scripted-openai.ts";
import { serve } from "../endpoint/scripted-server.ts";
import { ensureBuilt, lmcov, mainFile } from "../lmcov.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-doctor-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function checkpoint(contextLength: number): Promise<string> {
  const tokenizer = byteTokenizer();
  const { vocabularySize } = tokenizer;
  const config = {
    ...{ vocabularySize, contextLength, layers: 1, heads: 2, width: 16 },
    ...{ tiedEmbeddings: true, layerNormEpsilon: 1e-5 },
  };
  const path = join(folder, `context-${contextLength}`);
  const parameters = initialParameters(config, randomGenerator("doctor"));
  await writeCheckpoint(path, { config, parameters, tokenizer });
  return path;
}

function served(path: string): Promise<{ server: ChildProcess; url: string }> {
  ensureBuilt();
  const words = [mainFile, "serve-model", path, "--port", "0", "--json"];
  const server = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    let said = "";
    server.once("exit", () => reject(new Error("the server ended")));
    server.stdout?.on("data", (part: Buffer) => {
      said += part.toString();
      if (said.trimEnd().endsWith("}")) resolve({ server, url: JSON.parse(said).url });
    });
  });
}

describe("a model with a context of 8 tokens", () => {
  test("is examined in this process and served, with draws that fit behind its prompt", async () => {
    const path = await checkpoint(8);
    const { server, url } = await served(path);
    try {
      for (const model of [path, url]) {
        const { code, stdout, stderr } = await lmcov(["doctor", model, "--json"]);
        expect(code, stderr).toBe(0);
        expect(JSON.parse(stdout)).toMatchObject({
          contextLength: 8,
          canary: { passed: true },
          logProbabilitiesOfDraws: "raw",
          drawnTokens: 5,
        });
      }
      const { stdout } = await lmcov(["doctor", url, "--sample-check", "--draws", "20"]);
      expect(stdout).toMatch(/draws, defaults off 60 draws do not tell: no token is expected often enough/);
      expect(stdout).toMatch(/draws of 5 tokens/);
    } finally {
      server.kill();
    }
  }, 120_000);

  test("where not even a prompt and a response fit, that is said", async () => {
    const { code, stderr } = await lmcov(["doctor", await checkpoint(2)]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/3 tokens long: the model's context holds 2/);
  });
});

test("a server that wants a key is not taken for one of an unknown kind", async () => {
  const server = await serve(vllmRoutes(), {
    before: (_, response) => {
      response.writeHead(401).end('{"error":"Unauthorized"}');
      return true;
    },
  });
  try {
    const { code, stderr } = await lmcov(["doctor", server.address]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/status 401: Unauthorized; set the key in the environment variable LMCOV_API_KEY/);
  } finally {
    await server.close();
  }
});

test("a server that fails half-way is named with what doctor was at", async () => {
  let scored = 0;
  const server = await serve(vllmRoutes(), {
    before: (request, response) => {
      if (request.url !== "/v1/completions") return false;
      scored += 1;
      // The canary's six scores pass, and what opening asks.
      if (scored <= 8) return false;
      response.writeHead(500).end('{"error":{"message":"out of memory"}}');
      return true;
    },
  });
  try {
    const { code, stderr } = await lmcov(["doctor", server.address]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/status 500: out of memory \(while (?:trying|comparing) .*\)/);
  } finally {
    await server.close();
  }
});
