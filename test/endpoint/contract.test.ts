/** One contract for every kind of server: scores, draws, canary and refusals, against scripted servers with exact answers. */
import { afterEach, describe, expect, test } from "vitest";
import {
  canary,
  drawsAsScored,
  type Endpoint,
  EndpointError,
  endpointFor,
  modelSpecs,
  rawDraws,
  type ScoringEndpoint,
  sampleFit,
} from "../../src/endpoint/index.ts";
import { failureClass } from "../../src/job/index.ts";
import { beginning, end, pieceOf, scoreOf, textOf, tokenise } from "./scripted-model.ts";
import { llamaRoutes, sglangRoutes, tgiRoutes } from "./scripted-native.ts";
import { chatPrompt, openaiRoutes, vllmRoutes } from "./scripted-openai.ts";
import { drawn, type Fault, type Json, type Routes, type ScriptedServer, serve } from "./scripted-server.ts";

interface Kind {
  readonly name: string;
  readonly routes: (fault?: Fault) => Routes;
  readonly kind?: "openai-completions";
  readonly route?: "grammar" | "steps" | "vocabulary";
  /** Log-probabilities of draws are the model's own at any temperature. */
  readonly raw: boolean;
  readonly takesTokens: boolean;
  /** Whether the scripted server tells the texts of tokens. */
  readonly tellsTexts: boolean;
}

const kinds: readonly Kind[] = [
  { name: "vllm", routes: vllmRoutes, raw: true, takesTokens: true, tellsTexts: true },
  { name: "sglang", routes: sglangRoutes, raw: false, takesTokens: true, tellsTexts: true },
  { name: "tgi", routes: tgiRoutes, raw: false, takesTokens: false, tellsTexts: true },
  {
    name: "openai-completions",
    routes: openaiRoutes,
    kind: "openai-completions",
    raw: true,
    takesTokens: false,
    tellsTexts: true,
  },
  { name: "llama-server", routes: llamaRoutes, raw: true, takesTokens: true, tellsTexts: true },
  {
    name: "llama-server by steps",
    routes: llamaRoutes,
    route: "steps",
    raw: true,
    takesTokens: true,
    tellsTexts: true,
  },
  {
    name: "llama-server by vocabulary",
    routes: llamaRoutes,
    route: "vocabulary",
    raw: true,
    takesTokens: true,
    tellsTexts: true,
  },
];

const signal = new AbortController().signal;
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function opened(
  kind: Kind,
  fault?: Fault,
): Promise<{ endpoint: ScoringEndpoint; server: ScriptedServer }> {
  const server = await serve(kind.routes(fault));
  open.push(() => server.close());
  const [spec] = modelSpecs([`m=${server.address}/v1`]);
  if (spec === undefined) throw new Error("no model");
  const endpoint = await endpointFor(spec, { kind: kind.kind, route: kind.route, environment: {} }, signal);
  open.push(() => endpoint.close());
  if (endpoint.likelihood === undefined) throw new Error(`${endpoint.kind} cannot score`);
  return { endpoint, server };
}

const exact = (prompt: readonly number[], response: readonly number[]) =>
  scoreOf([beginning, ...prompt], response);
/** What the model itself draws with a seed, without the end token. */
const drawnTokens = (prompt: string, seed: number, most: number) =>
  drawn([beginning, ...tokenise(prompt)], {
    chooser: { temperature: 1, topP: 1, topK: 0, minP: 0 },
    most,
    seed,
  }).tokens.filter((token) => token !== end);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe.each(kinds)("$name", (kind) => {
  test("is recognised, and scores each token of the response as the model does", async () => {
    const { endpoint } = await opened(kind);
    expect(kind.name).toContain(endpoint.kind);
    const [prompt, response] = ["The cat", " is a catalogue of 日本".replace("本", "é🙂")];
    const scored = await endpoint.likelihood.score(
      { prompt: { text: prompt }, response: { text: response } },
      signal,
    );
    const expected = exact(tokenise(prompt), tokenise(response));
    expect(scored.tokenCount).toBe(expected.length);
    scored.tokenLogProbabilities.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index] as number, 9);
    });
    expect(scored.logProbability).toBeCloseTo(sum(expected), 9);
    expect(scored.straddling).toBe(0);
    if (scored.tokenTexts !== undefined) expect(scored.tokenTexts.join("")).toBe(response);
  });

  test("tells the texts of the tokens where the server does", async () => {
    const { endpoint } = await opened(kind);
    const request = { prompt: { text: "The cat" }, response: { text: " is a catalogue" } };
    const { tokenTexts, tokenCount } = await endpoint.likelihood.score(request, signal);
    expect(tokenTexts !== undefined).toBe(kind.tellsTexts);
    if (tokenTexts === undefined) return;
    expect(tokenTexts).toHaveLength(tokenCount);
    expect(tokenTexts.join("")).toBe(" is a catalogue");
  });

  test("counts a token that straddles the boundary to the response, and says so", async () => {
    const { endpoint } = await opened(kind);
    // "xa" + "bcy": the joint text has the token "abc", of which the prompt's own tokens know only "a".
    const scored = await endpoint.likelihood.score(
      { prompt: { text: "xa" }, response: { text: "bcy" } },
      signal,
    );
    const joint = tokenise("xabcy");
    const expected = exact(joint.slice(0, 1), joint.slice(1));
    expect(scored.straddling).toBe(1);
    expect(scored.tokenCount).toBe(2);
    expect(scored.logProbability).toBeCloseTo(sum(expected), 9);
  });

  test("never scores an empty continuation", async () => {
    const { endpoint } = await opened(kind);
    await expect(
      endpoint.likelihood.score({ prompt: { text: "The" }, response: { text: "" } }, signal),
    ).rejects.toThrow(/0 tokens|empty/);
  });

  test("passes the canary", async () => {
    const { endpoint } = await opened(kind);
    const { probable, absurd } = await canary(endpoint, signal);
    expect(probable.tokenCount).toBe(tokenise(" Paris.").length);
    expect(absurd.tokenCount).toBe(tokenise(" xqz jumps banana 42").length);
  });

  test("draws with the server's defaults switched off, and with the model's own log-probabilities", async () => {
    const { endpoint, server } = await opened(kind);
    server.requests.length = 0;
    const settings = { temperature: 1, maxTokens: 30 };
    const draw = await endpoint.sampler.sample({ prompt: { text: "The" }, seed: 3, settings }, signal);
    const { body } = server.requests.at(-1) as { body: Record<string, unknown> };
    const fields = { ...body, ...(body.sampling_params as object), ...(body.parameters as object) };
    expect(fields).toMatchObject(endpoint.sampler.switchedOff);
    expect(fields).toMatchObject({ temperature: 1 });
    const tokens = drawnTokens("The", 3, 30);
    expect(draw.text).toBe(textOf(tokens));
    expect(draw.tokenCount).toBe(tokens.length);
    if (kind.takesTokens) expect(draw.tokens).toEqual(tokens);
    expect(sum(draw.tokenLogProbabilities ?? [])).toBeCloseTo(sum(exact(tokenise("The"), tokens)), 9);
  });

  test("a draw that ends by itself leaves the end token out of text, count and log-probability", async () => {
    const { endpoint } = await opened(kind);
    const settings = { temperature: 1, maxTokens: 400 };
    for (let seed = 0; seed < 40; seed += 1) {
      const draw = await endpoint.sampler.sample({ prompt: { text: "The" }, seed, settings }, signal);
      if (draw.finishReason !== "stop") continue;
      const tokens = drawnTokens("The", seed, 400);
      expect(tokens.length).toBeLessThan(400);
      expect(draw.text).toBe(textOf(tokens));
      expect(draw.tokenCount).toBe(tokens.length);
      expect(sum(draw.tokenLogProbabilities ?? [])).toBeCloseTo(sum(exact(tokenise("The"), tokens)), 9);
      return;
    }
    throw new Error("no draw ended by itself");
  });

  test("another seed is another draw, and the same seed the same", async () => {
    const { endpoint } = await opened(kind);
    const settings = { temperature: 1, maxTokens: 20 };
    const texts = await Promise.all(
      [1, 2, 1].map((seed) => endpoint.sampler.sample({ prompt: { text: "The" }, seed, settings }, signal)),
    );
    expect(texts[0]?.text).not.toBe(texts[1]?.text);
    expect(texts[0]).toEqual(texts[2]);
  });

  test("says whether log-probabilities of draws are scaled by the temperature", async () => {
    const { endpoint } = await opened(kind);
    expect(await rawDraws(endpoint, signal)).toBe(kind.raw ? "raw" : "scaled");
  });

  test("token ids are scored as they are, or refused", async () => {
    const { endpoint } = await opened(kind);
    const [prompt, response] = [tokenise("The"), tokenise("abc").slice(0, 1).concat(tokenise(" is"))];
    const request = { prompt: { tokens: [beginning, ...prompt] }, response: { tokens: response } };
    const scoring = endpoint.likelihood.score(request, signal);
    if (!kind.takesTokens) {
      await expect(scoring).rejects.toMatchObject({
        fault: "unsupported",
        message: expect.stringContaining("token ids"),
      });
    } else expect((await scoring).logProbability).toBeCloseTo(sum(exact(prompt, response)), 9);
  });

  test("a text after token ids is scored as after the text that these are the tokens of, or not at all", async () => {
    const { endpoint } = await opened(kind);
    const scoreAfter = (tokens: readonly number[], text: string) =>
      endpoint.likelihood.score({ prompt: { tokens }, response: { text } }, signal);
    const knows = kind.takesTokens && kind.name !== "sglang";
    const unsupported = { fault: "unsupported", message: expect.stringContaining("token ids") };
    if (!knows) {
      await expect(scoreAfter([beginning, ...tokenise("The")], " is")).rejects.toMatchObject(unsupported);
      return;
    }
    const plain = await scoreAfter([beginning, ...tokenise("The")], " is Paris");
    expect(plain.logProbability).toBeCloseTo(sum(exact(tokenise("The"), tokenise(" is Paris"))), 9);
    expect(plain.straddling).toBe(0);
    const joint = tokenise("xabcy");
    const straddled = await scoreAfter([beginning, ...tokenise("xa")], "bcy");
    expect(straddled.logProbability).toBeCloseTo(sum(exact(joint.slice(0, 1), joint.slice(1))), 9);
    expect(straddled.straddling).toBe(1);
    // "a", "b", "c" one by one are not how the text is written.
    const letters = ["a", "b", "c"].flatMap(tokenise);
    await expect(scoreAfter([beginning, ...letters], " is")).rejects.toMatchObject(unsupported);
  });

  test.each<Fault>(["ignores echo", "NaN", "null", "zero", "positive", "placeholder", "shifted"])(
    "with the fault %s nothing is scored: the server is refused by its address",
    async (fault) => {
      const checked = async () => {
        const { endpoint } = await opened(kind, fault);
        await canary(endpoint, signal);
      };
      // What forces a token cannot be ignored step by step, and a call a token cannot be off by one.
      if ((fault === "ignores echo" || fault === "shifted") && kind.name.startsWith("llama-server")) {
        await expect(checked()).resolves.toBeUndefined();
        return;
      }
      const error: unknown = await checked().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(EndpointError);
      expect((error as Error).message).toMatch(/127\.0\.0\.1/);
    },
  );
});

describe.each(kinds.filter(({ name }) => name === "vllm" || name === "openai-completions"))(
  "$name",
  (kind) => {
    test.each<Fault>(["missing choice", "duplicate choice"])(
      "an answer with a %s is no answer",
      async (fault) => {
        const scored = async () => {
          const { endpoint } = await opened(kind, fault);
          await endpoint.likelihood.score({ prompt: { text: "The" }, response: { text: " cat" } }, signal);
        };
        await expect(scored()).rejects.toThrow(/holds [02] choices where one was asked for/);
      },
    );
  },
);

describe.each(kinds.filter(({ name }) => /^(?:vllm|sglang|llama-server)$/.test(name)))("$name", (kind) => {
  test("draws come from the scored distribution, and with the server's own defaults they do not", async () => {
    const { endpoint } = await opened(kind);
    const options = { draws: 1000, prompts: ["The"] };
    const honest = await sampleFit(endpoint, options, signal);
    const biased = await sampleFit(endpoint, { ...options, serverDefaults: true }, signal);
    expect(honest.degrees).toBeGreaterThan(5);
    expect(honest.pValue).toBeGreaterThan(0.001);
    expect(biased.pValue).toBeLessThan(1e-6);
  });
});

const [vllmKind] = kinds as [Kind];

test("of the many tokens at a position of vLLM's the one that stands there is taken, whatever the order of keys", async () => {
  const { endpoint } = await opened(vllmKind, "crowded");
  const scored = await endpoint.likelihood.score(
    { prompt: { text: "The" }, response: { text: " zebra" } },
    signal,
  );
  expect(scored.logProbability).toBeCloseTo(sum(exact(tokenise("The"), tokenise(" zebra"))), 9);
});

test("a vLLM's draw has ids and texts of its tokens, and where it returns no ids, none of them", async () => {
  const request = { prompt: { text: "The" }, seed: 3, settings: { temperature: 1, maxTokens: 30 } };
  const tokens = drawnTokens("The", 3, 30);
  const draw = await (await opened(vllmKind)).endpoint.sampler.sample(request, signal);
  expect(draw.tokens).toEqual(tokens);
  expect(draw.tokenTexts).toEqual(tokens.map(pieceOf));
  const older = await (await opened(vllmKind, "no token ids")).endpoint.sampler.sample(request, signal);
  expect([older.tokens, older.tokenTexts]).toEqual([undefined, undefined]);
  expect(older.tokenLogProbabilities).toEqual(draw.tokenLogProbabilities);
});

test("a draw that the server broke off or filtered is no draw, and is not the model's wrong answer", async () => {
  const request = { prompt: { text: "The" }, seed: 3, settings: { temperature: 1, maxTokens: 30 } };
  const drawing = async (fault: Fault) =>
    (await opened(vllmKind, fault)).endpoint.sampler.sample(request, signal);
  const broken: unknown = await drawing("aborts").catch((error: unknown) => error);
  expect(broken).toMatchObject({ fault: "answer", retryable: true, message: expect.stringMatching(/abort/) });
  const filtered: unknown = await drawing("filters").catch((error: unknown) => error);
  expect(filtered).toMatchObject({ fault: "filtered", retryable: false });
  expect(failureClass(filtered)).toMatchObject({ kind: "filtered", retryable: false, ownFault: true });
});

test("tokens of a conversation that are parts of characters keep their log-probabilities", async () => {
  const { endpoint } = await opened(vllmKind, "broken characters");
  const messages = [{ role: "user", content: "The" }];
  let broken = 0;
  for (let seed = 0; seed < 60; seed += 1) {
    const settings = { temperature: 1, maxTokens: 20 };
    const draw = await endpoint.sampler.sample({ prompt: { messages }, seed, settings }, signal);
    const { tokens } = drawn(chatPrompt(messages), {
      chooser: { temperature: 1, topP: 1, topK: 0, minP: 0 },
      most: 20,
      seed,
    });
    const response = tokens.filter((token) => token !== end);
    const expected = scoreOf(chatPrompt(messages), response);
    expect(draw.tokenLogProbabilities).toHaveLength(expected.length);
    expect(sum(draw.tokenLogProbabilities ?? [])).toBeCloseTo(sum(expected), 9);
    if (draw.tokenTexts?.includes("\ufffd") === true && draw.finishReason === "stop") broken += 1;
  }
  expect(broken).toBeGreaterThan(0);
});

test("log-probabilities of draws that are logits are seen at temperature 1 too", async () => {
  const { endpoint } = await opened(vllmKind, "logits");
  expect(await rawDraws(endpoint, signal)).toBe("other");
  expect(await drawsAsScored(endpoint, { temperature: 1, signal })).toBe(false);
  const honest = (await opened(vllmKind)).endpoint;
  expect(await drawsAsScored(honest, { temperature: 1, signal })).toBe(true);
});

test("a vLLM that returns no token ids is asked for them by /tokenize", async () => {
  const { endpoint } = await opened(vllmKind, "no token ids");
  const scored = await endpoint.likelihood.score(
    { prompt: { text: "The" }, response: { text: " zebra" } },
    signal,
  );
  expect(scored.logProbability).toBeCloseTo(sum(exact(tokenise("The"), tokenise(" zebra"))), 9);
});

test("a prompt that does not fit is refused by name, also where the server says so", async () => {
  const { endpoint } = await opened(vllmKind);
  const request = { prompt: { text: "x".repeat(600) }, response: { text: "y" } };
  const error: unknown = await endpoint.likelihood.score(request, signal).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ fault: "too long", retryable: false });
  const draw = endpoint.sampler.sample(
    { prompt: request.prompt, seed: 1, settings: { temperature: 1, maxTokens: 5 } },
    signal,
  );
  await expect(draw).rejects.toMatchObject({ fault: "too long", retryable: false });
});

test("an old llama.cpp server whose grammars know no token ids is scored step by step", async () => {
  const { endpoint } = await opened({ ...vllmKind, routes: (fault) => llamaRoutes(fault, true) });
  expect(endpoint.likelihood.method).toMatch(/steps/);
});

test("a grammar holds no token that the server has not drawn alone as text, and no end token ever", async () => {
  const { endpoint, server } = await opened({ ...vllmKind, routes: llamaRoutes });
  const bodies = () => server.requests.map(({ body }) => body);
  const inGrammars = () =>
    bodies().flatMap(({ grammar }) =>
      [...String(grammar).matchAll(/<\[(\d+)\]>/g)].map(([, id]) => Number(id)),
    );
  const prompt = { tokens: [beginning, ...tokenise("The cat")] };
  for (const tokens of [[5, 6, end, 7, 8, 9], tokenise(" is a zebra"), [end], tokenise(" is a zebra")]) {
    const scored = await endpoint.likelihood.score({ prompt, response: { tokens } }, signal);
    expect(scored.logProbability).toBeCloseTo(sum(exact(prompt.tokens.slice(1), tokens)), 9);
  }
  expect(inGrammars()).toEqual(expect.arrayContaining(tokenise(" is a zebra")));
  expect(inGrammars()).not.toContain(end);
  const drawnAlone = new Set(
    bodies().flatMap(({ logit_bias }) => (logit_bias as number[][])?.map(([id]) => id)),
  );
  for (const id of inGrammars()) expect(drawnAlone).toContain(id);
});

test("a server that is just starting is asked again while it is opened, and no longer", async () => {
  let refusals = 3;
  const loading = Object.fromEntries(
    Object.entries(vllmRoutes()).map(([path, route]) => [
      path,
      (body: Json) =>
        refusals-- > 0 ? { status: 503, body: { error: { message: "Loading model" } } } : route(body),
    ]),
  );
  const server = await serve(loading);
  open.push(() => server.close());
  const [spec] = modelSpecs([server.address]);
  const told: string[] = [];
  const patience = { waits: [1, 1, 1, 1], onWait: ({ message }: Error) => void told.push(message) };
  const endpoint = await endpointFor(spec as never, { environment: {}, patience }, signal);
  open.push(() => endpoint.close());
  expect(endpoint.kind).toBe("vllm");
  expect(told).toEqual([expect.stringMatching(/status 503: Loading model/)]);
  refusals = 1;
  await expect(
    (endpoint as ScoringEndpoint).likelihood.score(
      { prompt: { text: "The" }, response: { text: " a" } },
      signal,
    ),
  ).rejects.toMatchObject({ fault: "server error", retryable: true });
  refusals = 3;
  await expect(endpointFor(spec as never, { environment: {} }, signal)).rejects.toThrow(/Loading model/);
});

test("a chat server only draws: its type has no likelihood, and conversations go as they are", async () => {
  const server = await serve(openaiRoutes());
  open.push(() => server.close());
  const [spec] = modelSpecs([server.address]);
  const endpoint: Endpoint = await endpointFor(spec as never, { environment: {} }, signal);
  open.push(() => endpoint.close());
  expect(endpoint.kind).toBe("openai-chat");
  expect(endpoint.likelihood).toBeUndefined();
  // @ts-expect-error the types stop anyone from asking a server that may be a chat server for likelihoods
  expect(() => endpoint.likelihood.score).toThrow();
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "The capital" },
  ];
  const draw = await endpoint.sampler.sample(
    { prompt: { messages }, seed: 5, settings: { temperature: 1, maxTokens: 10 } },
    signal,
  );
  expect(server.requests.at(-1)?.body.messages).toEqual(messages);
  expect(draw.tokenLogProbabilities).toHaveLength(draw.tokenCount ?? -1);
});
