/** A thousand real requests scored through two routes of a real server give the same numbers. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import {
  EndpointError,
  endpointFor,
  inParallel,
  type LlamaRoute,
  modelSpecs,
  type ScoredResponse,
} from "../../src/endpoint/index.ts";
import { exactCache, llamaServerProgram, startLlamaServer } from "../llama-server.ts";
import { sharedData } from "../shared-data.ts";

const program = await llamaServerProgram();
const data = sharedData("olmo-requests/sciq_rc_0shot_requests.jsonl.gz");
const reason = program.reason ?? (data === undefined ? "../shared/data/olmo-requests is absent" : undefined);
const wanted = 1000;

interface Request {
  readonly context: string;
  readonly continuation: string;
}

test.skipIf(reason !== undefined)(
  `1000 sciq requests scored by grammar and by steps agree within 0.01 nats each${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  async () => {
    if (program.reason !== undefined || data === undefined) throw new Error("skipped");
    const requests = gunzipSync(readFileSync(data))
      .toString("utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { request: Request }).request);
    const server = await startLlamaServer(program, exactCache);
    try {
      const grammar = await scored(server.address, "grammar", requests);
      const chosen = [...grammar.keys()].slice(0, wanted);
      expect(chosen).toHaveLength(wanted);
      const steps = await scored(server.address, "steps", requests, new Set(chosen));
      let worst = 0;
      for (const index of chosen) {
        const [one, other] = [grammar.get(index), steps.get(index)];
        expect(other?.tokenCount).toBe(one?.tokenCount);
        worst = Math.max(worst, Math.abs((one?.logProbability ?? 0) - (other?.logProbability ?? Number.NaN)));
      }
      expect(worst).toBeLessThan(0.01);
    } finally {
      await server.stop();
    }
  },
);

/** Scores those asked for, or the first thousand that fit the model's context of 512 tokens. */
async function scored(
  address: string,
  route: LlamaRoute,
  requests: readonly Request[],
  only?: ReadonlySet<number>,
): Promise<Map<number, ScoredResponse>> {
  const signal = new AbortController().signal;
  const [spec] = modelSpecs([address]);
  if (spec === undefined) throw new Error("no model");
  const endpoint = await endpointFor(spec, { environment: {}, route }, signal);
  const results = new Map<number, ScoredResponse>();
  await inParallel(requests.length, 4, async (index) => {
    if (only === undefined ? results.size >= wanted + 8 : !only.has(index)) return;
    const { context, continuation } = requests[index] as Request;
    const request = { prompt: { text: context }, response: { text: continuation } };
    try {
      const result = await endpoint.likelihood?.score(request, signal);
      if (result !== undefined) results.set(index, result);
    } catch (error) {
      if (!(error instanceof EndpointError) || error.fault !== "too long") throw error;
    }
  });
  await endpoint.close();
  return new Map([...results].sort(([left], [right]) => left - right));
}
