/** Every kind of token at a real llama.cpp server: parts of characters, control characters, end tokens. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  canary,
  endpointFor,
  type LlamaRoute,
  modelSpecs,
  type ScoreRequest,
  type ScoringEndpoint,
} from "../../src/endpoint/index.ts";
import { exactCache, llamaServerProgram, type RunningServer, startLlamaServer } from "../llama-server.ts";
import { sharedData } from "../shared-data.ts";

const program = await llamaServerProgram();
const why = program.reason === undefined ? "" : ` (skipped: ${program.reason})`;
const folder = sharedData("tinystories-260k/onnx-tinystories-260k");
const signal = new AbortController().signal;
const prompt = { text: "Once upon a time" };

const texts = [
  " a 😀 smile",
  "😀",
  " 中文 and 日本語",
  "\n\nThe end.\n\ttab",
  " café, naïve",
  " \u0001\u007f x",
  " xqz jumps",
];
// 2 ends a generation, 1 begins a text, 0 is unknown, 3 is the byte 0, 243 and 162 are bytes of an emoji.
const tokens = [[2], [261, 2, 262], [1, 0, 2, 0], [243], [162, 243], [3, 3, 410, 3]];

async function opened(word: string, route?: LlamaRoute): Promise<ScoringEndpoint> {
  const [spec] = modelSpecs([word]);
  const endpoint = await endpointFor(spec!, { environment: {}, route }, signal);
  if (endpoint.likelihood === undefined) throw new Error("cannot score");
  return endpoint;
}

const caches = [
  { name: "in half precision", flags: [], tolerance: 0.02 },
  { name: "in single precision", flags: exactCache, tolerance: 0.001 },
];

describe.skipIf(program.reason !== undefined).each(caches)(
  `with a cache $name${why}`,
  ({ flags, tolerance }) => {
    let server: RunningServer;
    let onnx: ScoringEndpoint;
    beforeAll(async () => {
      if (program.reason !== undefined) return;
      [server, onnx] = await Promise.all([startLlamaServer(program, flags), opened(folder!)]);
    });
    afterAll(() => Promise.all([server?.stop(), onnx?.close()]));

    async function expectAgreement(endpoint: ScoringEndpoint, request: ScoreRequest): Promise<void> {
      const expected = await onnx.likelihood.score(request, signal);
      const found = await endpoint.likelihood.score(request, signal);
      expect(found.tokenCount).toBe(expected.tokenCount);
      found.tokenLogProbabilities.forEach((value, index) => {
        expect(Math.abs(value - expected.tokenLogProbabilities[index]!)).toBeLessThan(tolerance);
      });
    }

    test.each([undefined, "grammar", "steps", "vocabulary"] as const)(
      `every token of every text is within ${tolerance} of ONNX Runtime's by the route %s`,
      async (route) => {
        const endpoint = await opened(server.address, route);
        // The second time all tokens are known, and those that may stand in a grammar do.
        for (const text of [...texts, ...texts])
          await expectAgreement(endpoint, { prompt, response: { text } });
        await endpoint.close();
      },
    );

    test("end tokens, control tokens and parts of characters are scored, and the server lives on", async () => {
      const endpoint = await opened(server.address);
      expect(endpoint.likelihood.method).toMatch(/grammar/);
      const before = { tokens: [1, 403, 407, 261] };
      for (const ids of [...tokens, ...tokens]) {
        await expectAgreement(endpoint, { prompt: before, response: { tokens: ids } });
      }
      expect((await fetch(`${server.address}/health`)).ok).toBe(true);
      await endpoint.close();
    });
  },
);

test.skipIf(program.reason !== undefined)(
  `a response to a conversation has the score that it has after the text of the server's template${why}`,
  async () => {
    if (program.reason !== undefined) return;
    const server = await startLlamaServer(program, exactCache);
    const endpoint = await opened(server.address);
    const text = "<|im_start|>user\nTell a story<|im_end|>\n<|im_start|>assistant\n";
    const response = "Once 😀 upon";
    const messages = [{ role: "user", content: "Tell a story" }];
    const scored = await endpoint.likelihood.scoreConversation!({ messages, response }, signal);
    expect(scored).toEqual(
      await endpoint.likelihood.score({ prompt: { text }, response: { text: response } }, signal),
    );
    expect(scored.tokenCount).toBeGreaterThan(5);
    expect(await endpoint.rounding!(signal)).toBeLessThan(1e-5);
    await Promise.all([endpoint.close(), server.stop()]);
  },
);

test.skipIf(program.reason !== undefined)(
  `a draw of incomplete characters has the log-probability of each token${why}`,
  async () => {
    if (program.reason !== undefined) return;
    const server = await startLlamaServer(program, exactCache);
    const endpoint = await opened(server.address);
    // At this temperature every token is about as likely as another, and half of them are bytes.
    const settings = { temperature: 1000, maxTokens: 40 };
    for (const seed of [1, 2, 3]) {
      const drawn = await endpoint.sampler.sample({ prompt, seed, settings }, signal);
      const scored = await endpoint.likelihood.score({ prompt, response: { tokens: drawn.tokens! } }, signal);
      expect(drawn.text).toContain("\ufffd");
      expect(scored.tokenLogProbabilities).toHaveLength(drawn.tokenLogProbabilities!.length);
      scored.tokenLogProbabilities.forEach((value, index) => {
        expect(value).toBeCloseTo(drawn.tokenLogProbabilities![index]!, 3);
      });
    }
    await Promise.all([endpoint.close(), server.stop()]);
  },
);

/** A copy of a GGUF model that says its context is so long. */
async function withContext(model: string, length: number, path: string): Promise<string> {
  const bytes = await readFile(model);
  const key = "llama.context_length";
  // After the key comes the value's type, four bytes, and the value.
  bytes.writeUInt32LE(length, bytes.indexOf(key) + key.length + 4);
  await writeFile(path, bytes);
  return path;
}

test.skipIf(program.reason !== undefined)(
  `a model whose context is shorter than the trial text is scored${why}`,
  async () => {
    if (program.reason !== undefined) return;
    const place = await mkdtemp(join(tmpdir(), "lmcov-short-context-"));
    const model = await withContext(program.model, 8, join(place, "short.gguf"));
    const [server, onnx] = await Promise.all([
      startLlamaServer({ ...program, model }, exactCache),
      opened(folder!),
    ]);
    const endpoint = await opened(server.address);
    expect(endpoint.facts.contextLength).toBe(8);
    expect(endpoint.likelihood.method).toMatch(/grammar/);
    await canary(endpoint, signal);
    const request = { prompt, response: { text: " a" } };
    const [found, expected] = [
      await endpoint.likelihood.score(request, signal),
      await onnx.likelihood.score(request, signal),
    ];
    expect(found.logProbability).toBeCloseTo(expected.logProbability, 3);
    const long = endpoint.likelihood.score({ prompt, response: { text: " a b c d e" } }, signal);
    await expect(long).rejects.toThrow(/prompt and response is \d+ tokens long: the model's context holds 8/);
    await Promise.all([endpoint.close(), onnx.close(), server.stop()]);
    await rm(place, { recursive: true });
  },
);
