/** Answers with one thing wrong in them, everywhere it can be wrong: the right number comes out, or a sentence. */
import { afterEach, expect, test } from "vitest";
import {
  EndpointError,
  endpointFor,
  modelSpecs,
  type ScoredResponse,
  type ScoringEndpoint,
} from "../../src/endpoint/index.ts";
import { beginning, scoreOf, tokenise } from "./scripted-model.ts";
import { llamaRoutes, sglangRoutes, tgiRoutes } from "./scripted-native.ts";
import { openaiRoutes, vllmRoutes } from "./scripted-openai.ts";
import { type Reply, type Routes, serve } from "./scripted-server.ts";

const signal = new AbortController().signal;
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

interface Kind {
  readonly name: string;
  readonly routes: Routes;
  readonly kind?: "openai-completions";
  readonly route?: "grammar" | "steps" | "vocabulary";
  /** Lists that nothing else in the answer has the length of: one item less is an answer about another text. */
  readonly alone?: RegExp;
}

const kinds: readonly Kind[] = [
  { name: "vllm", routes: vllmRoutes() },
  { name: "sglang", routes: sglangRoutes() },
  { name: "tgi", routes: tgiRoutes(), alone: /^details\.prefill\.\d+$/ },
  { name: "openai-completions", routes: openaiRoutes(), kind: "openai-completions" },
  // The tokens of a text are the server's word.
  { name: "llama-server", routes: llamaRoutes(), route: "grammar", alone: /^tokens\.\d+(?:\.id)?$/ },
  { name: "llama-server", routes: llamaRoutes(), route: "steps", alone: /^tokens\.\d+(?:\.id)?$/ },
  { name: "llama-server", routes: llamaRoutes(), route: "vocabulary", alone: /^tokens\.\d+(?:\.id)?$/ },
];

/** What stands in place of a value; marks become the texts that JSON.stringify does not write. */
const replacements: readonly unknown[] = [
  ...[undefined, null, true, "garbage", "", [], {}, [[]]],
  ...["@NaN@", "@1e999@", "@-1e999@", "@-3.4028234663852886e38@", -9999, 0.5, 1e9],
];
const written = (value: unknown) => JSON.stringify(value)?.replaceAll(/"@([^"]*)@"/g, "$1");

type Path = readonly (string | number)[];

/** Places in a value: of lists the first and the last item. */
function placesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const keys = Array.isArray(value)
    ? [...value.keys()].filter((index) => index === 0 || index === value.length - 1)
    : Object.keys(value).slice(0, 12);
  const inside = keys.flatMap((key) =>
    placesIn((value as Readonly<Record<string | number, unknown>>)[key], [...path, key]),
  );
  return path.length === 0 ? inside : [path, ...inside];
}

/** The value with another at the place; undefined takes the field or the item out. */
function changed(value: unknown, path: Path, other: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return other;
  const holder = value as Readonly<Record<string | number, unknown>>;
  const inner = changed(holder[key], rest, other);
  if (Array.isArray(value)) {
    return inner === undefined ? value.filter((_, index) => index !== key) : value.with(Number(key), inner);
  }
  return { ...holder, [key]: inner };
}

const parsed = (reply: Reply): unknown =>
  typeof reply.body === "string" ? JSON.parse(reply.body) : reply.body;

/** Changes the answer to the n-th request from now on; or keeps it for a look. */
interface Spoiling {
  request: number;
  readonly spoil?: (body: unknown) => unknown;
  seen?: unknown;
}

async function opened({ routes, kind, route }: Kind) {
  let spoiling: Spoiling | undefined;
  const spoiled: Record<string, Routes[string]> = {};
  for (const [name, answer] of Object.entries(routes)) {
    spoiled[name] = (body) => {
      const reply = answer(body);
      if (reply === undefined || spoiling === undefined || spoiling.request-- !== 0) return reply;
      spoiling.seen = parsed(reply);
      return { ...reply, body: written(spoiling.spoil?.(spoiling.seen) ?? spoiling.seen) };
    };
  }
  const server = await serve(spoiled);
  open.push(() => server.close());
  const [spec] = modelSpecs([`m=${server.address}`]);
  const endpoint = await endpointFor(spec!, { kind, route, environment: {} }, signal);
  open.push(() => endpoint.close());
  let texts = 10_000;
  /** A text that was not asked before, so that nothing is remembered of it. */
  const score = async (next: Spoiling) => {
    texts += 1;
    const [prompt, response] = [`${texts} The cat sat on the other mat`, " is a."];
    spoiling = next;
    const given = { prompt: { text: prompt }, response: { text: response } };
    const scored = await (endpoint as ScoringEndpoint).likelihood
      .score(given, signal)
      .catch((error: unknown) => error);
    const right = scoreOf([beginning], tokenise(prompt + response));
    return { scored, right, least: tokenise(response).length };
  };
  return { score };
}

test.each(kinds)("$name $route: an answer with one thing wrong never makes another number", async (kind) => {
  const { score } = await opened(kind);
  let [told, refused] = [0, 0];
  for (let request = 0; ; request += 1) {
    const look: Spoiling = { request };
    await score(look);
    if (look.seen === undefined) break;
    for (const path of placesIn(look.seen)) {
      for (const other of replacements) {
        if (other === undefined && kind.alone?.test(path.join("."))) continue;
        const spoiling = { request, spoil: (body: unknown) => changed(body, path, other) };
        const { scored, right, least } = await score(spoiling);
        const what = `request ${request}, ${path.join(".")}: ${written(other)}`;
        if (scored instanceof Error) {
          refused += 1;
          const known = scored instanceof EndpointError || /0 tokens long/.test(scored.message);
          expect(known, `${what}: ${scored.stack}`).toBe(true);
          continue;
        }
        told += 1;
        // Tokens of the prompt that are said to reach into the response count to it, with their own scores.
        const { tokenLogProbabilities, straddling } = scored as ScoredResponse;
        expect(tokenLogProbabilities.length, what).toBe(least + straddling);
        expect(straddling, what).toBeLessThanOrEqual(16);
        const expected = right.slice(-tokenLogProbabilities.length);
        tokenLogProbabilities.forEach((value, index) => {
          expect(value, what).toBeCloseTo(expected[index]!, 9);
        });
      }
    }
  }
  expect(told).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(100);
});
