/** The draws of one server give the same log-probabilities through `lmcov sample` and through a dump of its answers. */
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { endpointFor, modelSpecs } from "../../src/endpoint/index.ts";
import { beginning, end, scoreOf, tokenise } from "../endpoint/scripted-model.ts";
import { llamaRoutes, sglangRoutes } from "../endpoint/scripted-native.ts";
import { chatPrompt, openaiRoutes, vllmRoutes } from "../endpoint/scripted-openai.ts";
import { drawn, type Routes, serve } from "../endpoint/scripted-server.ts";
import { reading, testFolder } from "./reading.ts";
import { dumpWriter } from "./server-answers.ts";

const folder = testFolder();
afterAll(() => folder.remove());
const dump = dumpWriter(folder);
const signal = new AbortController().signal;
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** The routes with a record of what was asked and answered. */
function recorded(routes: Routes) {
  const exchanges: { request: unknown; response: unknown }[] = [];
  const recording = Object.entries(routes).map(([name, route]): [string, Routes[string]] => [
    name,
    (request) => {
      const reply = route(request);
      const body = reply?.body;
      exchanges.push({ request, response: typeof body === "string" ? JSON.parse(body) : body });
      return reply;
    },
  ]);
  return { routes: Object.fromEntries(recording), exchanges };
}

const text = { text: "The" } as const;
const conversation = { messages: [{ role: "user", content: "Hi" }] } as const;

describe.each([
  { name: "vllm", routes: vllmRoutes(), prompt: text },
  { name: "vllm without token ids", routes: vllmRoutes("no token ids"), prompt: text },
  { name: "vllm's chat", routes: vllmRoutes(), prompt: conversation },
  { name: "vllm's chat of broken characters", routes: vllmRoutes("broken characters"), prompt: conversation },
  { name: "sglang", routes: sglangRoutes(), prompt: text },
  { name: "completions", routes: openaiRoutes(), prompt: text, kind: "openai-completions" as const },
  { name: "chat completions", routes: openaiRoutes(), prompt: conversation },
  { name: "llama.cpp", routes: llamaRoutes(), prompt: text },
])("$name", ({ routes, prompt, kind }) => {
  test("draws that end and draws that are cut have one log-probability, without the end token", async () => {
    const { routes: recording, exchanges } = recorded(routes);
    const server = await serve(recording);
    open.push(() => server.close());
    const [spec] = modelSpecs([`m=${server.address}`]);
    if (spec === undefined) throw new Error("no model");
    const endpoint = await endpointFor(spec, { kind, environment: {} }, signal);
    open.push(() => endpoint.close());
    const settings = { temperature: 1, maxTokens: 60 };
    const ids = "text" in prompt ? [beginning, ...tokenise("The")] : chatPrompt(prompt.messages);
    const chooser = { temperature: 1, topP: 1, topK: 0, minP: 0 };
    const records: unknown[] = [];
    const draws: { text: string; finishReason: string; logProbability: number; exact: number }[] = [];
    for (let seed = 0; seed < 40; seed += 1) {
      const { tokenLogProbabilities = [], ...draw } = await endpoint.sampler.sample(
        { prompt, settings, seed },
        signal,
      );
      records.push(exchanges.at(-1));
      const tokens = drawn(ids, { chooser, most: settings.maxTokens, seed }).tokens;
      const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
      const exact = sum(
        scoreOf(
          ids,
          tokens.filter((token) => token !== end),
        ),
      );
      draws.push({ ...draw, logProbability: sum(tokenLogProbabilities), exact });
    }
    expect(new Set(draws.map(({ finishReason }) => finishReason))).toEqual(new Set(["stop", "length"]));

    const { likelihoods, responses, rejections, drops } = await reading(dump(...records), { texts: true });
    expect([rejections, drops]).toEqual([[], []]);
    expect(responses.map((response) => response.text)).toEqual(draws.map((draw) => draw.text));
    const spoken = draws.filter((draw) => draw.text !== "");
    expect(likelihoods).toHaveLength(spoken.length);
    likelihoods.forEach((row, index) => {
      const draw = spoken[index] as (typeof draws)[number];
      expect(row.logProbability).toBeCloseTo(draw.logProbability, 12);
      expect(row.logProbability).toBeCloseTo(draw.exact, 9);
    });
  });
});
