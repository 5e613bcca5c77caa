import type { Server } from "node:http";
import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Decoder, logSoftmax, prefixDecoder, readingScorer } from "../decode/index.ts";
import { randomGenerator } from "../numeric/index.ts";
import { isAllowedHost } from "./local-server.ts";
import { modelServer } from "./serve-model-http.ts";
import { completionService } from "./serve-model-service.ts";

/** Letters a … e, and 5 as the end of a sequence. */
const letters = "abcde";
const end = 5;
const tokenizer = {
  vocabularySize: 6,
  addsBeginning: false,
  endOfSequence: end,
  encode: (text: string) =>
    [...text].map((letter) => {
      const token = letters.indexOf(letter);
      if (token < 0) throw new Error(`no token for ${letter}`);
      return token;
    }),
  decode: (tokens: readonly number[]) => tokens.map((token) => letters[token] ?? "<end>").join(""),
};
const logitsOf = (prefix: readonly number[]) => {
  const generator = randomGenerator(`served/${prefix.join(",")}`);
  return Float64Array.from({ length: 6 }, () => generator.normal());
};
const decoder: Decoder = prefixDecoder({
  vocabularySize: 6,
  contextLength: 40,
  predict: (prefix) => ({ logits: logitsOf(prefix) }),
});
const exact = (tokens: readonly number[]) =>
  tokens.map((token, position) =>
    position === 0 ? null : logSoftmax(logitsOf(tokens.slice(0, position)))[token]!,
  );

let server: Server;
let port: number;

beforeAll(async () => {
  const service = completionService(
    { decoder, scorer: readingScorer(decoder), tokenizer, endOfSequence: end },
    { key: "test", batch: 16 },
  );
  server = modelServer({
    service,
    decoder: tokenizer,
    model: "letters",
    contextLength: 40,
    hosts: ["models.example"],
    largestBody: 2000,
    clock: () => 1_700_000_000,
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the answer's shape is what the tests look at
  readonly body: any;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

function ask(
  path: string,
  body?: unknown,
  options: { method?: string; headers?: Record<string, string>; raw?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = options.raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const request = httpRequest(
      {
        host: "127.0.0.1",
        port,
        path,
        method: options.method ?? (sent === undefined ? "GET" : "POST"),
        headers: { ...(sent !== undefined && { "content-type": "application/json" }), ...options.headers },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text), headers: response.headers }),
        );
      },
    );
    request.on("error", reject);
    request.end(sent);
  });
}
const complete = (body: Record<string, unknown>) => ask("/v1/completions", body);

test("echo with max_tokens 0 scores the prompt: the shape of OpenAI's legacy completions", async () => {
  const { status, body } = await complete({
    model: "letters",
    prompt: "abcab",
    echo: true,
    max_tokens: 0,
    logprobs: 1,
  });
  expect(status).toBe(200);
  const tokens = [0, 1, 2, 0, 1];
  expect(body).toMatchObject({
    object: "text_completion",
    created: 1_700_000_000,
    model: "letters",
    usage: { prompt_tokens: 5, completion_tokens: 0, total_tokens: 5 },
  });
  expect(body.id).toMatch(/^cmpl-/);
  const [choice] = body.choices;
  expect(choice).toMatchObject({ text: "abcab", index: 0, finish_reason: "length" });
  expect(choice.logprobs.tokens).toEqual(["a", "b", "c", "a", "b"]);
  expect(choice.logprobs.text_offset).toEqual([0, 1, 2, 3, 4]);
  expect(choice.logprobs.token_logprobs).toEqual(exact(tokens));
  expect(choice.logprobs.top_logprobs[0]).toBeNull();
  choice.logprobs.top_logprobs.slice(1).forEach((top: Record<string, number>, index: number) => {
    const distribution = logSoftmax(logitsOf(tokens.slice(0, index + 1)));
    expect(Math.max(...Object.values(top))).toBe(Math.max(...distribution));
    expect(top[letters[tokens[index + 1]!]!]).toBe(distribution[tokens[index + 1]!]);
  });
});

test("a completion's log-probabilities are the model's own for the tokens that were drawn, with and without echo", async () => {
  const request = {
    prompt: "ab",
    max_tokens: 6,
    seed: 3,
    temperature: 0.7,
    top_k: 4,
    logprobs: 2,
    return_token_ids: true,
  };
  const plain = (await complete(request)).body.choices[0];
  const echoed = (await complete({ ...request, echo: true })).body.choices[0];
  const all = [...plain.prompt_token_ids, ...plain.token_ids];
  expect(plain.logprobs.token_logprobs).toEqual(exact(all).slice(2));
  expect(echoed.logprobs.token_logprobs).toEqual(exact(all));
  expect(echoed.text).toBe(`ab${plain.text}`);
  expect(echoed.logprobs.tokens.length).toBe(all.length);
});

test("a request with a seed is a function of the request, alone or among others, in a list or not", async () => {
  const request = { prompt: "abc", max_tokens: 8, seed: 11, n: 3 };
  const alone = (await complete(request)).body.choices;
  const crowd = Array.from({ length: 12 }, (_, index) =>
    complete({ prompt: "e".repeat(1 + (index % 4)), max_tokens: 9 }),
  );
  const among = (await complete(request)).body.choices;
  await Promise.all(crowd);
  expect(among).toEqual(alone);
  expect(new Set(alone.map(({ text }: { text: string }) => text)).size).toBeGreaterThan(1);
  const listed = (await complete({ ...request, prompt: ["d", "abc"] })).body.choices;
  expect(listed.map(({ index }: { index: number }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(listed.slice(3).map(({ text }: { text: string }) => text)).toEqual(
    alone.map(({ text }: { text: string }) => text),
  );
  const ids = (await complete({ ...request, prompt: [0, 1, 2] })).body.choices;
  expect(ids).toEqual(alone);
});

test("requests without a seed draw anew each time", async () => {
  const texts = new Set<string>();
  for (let index = 0; index < 6; index++) {
    texts.add((await complete({ prompt: "a", max_tokens: 20, ignore_eos: true })).body.choices[0].text);
  }
  expect(texts.size).toBe(6);
});

test("the end of a sequence counts as a token and is not in the text; a stop sequence is in neither", async () => {
  const { choices, usage } = (await complete({ prompt: "a", max_tokens: 30, seed: 1, n: 40, logprobs: 0 }))
    .body;
  const ended = choices.filter((choice: { finish_reason: string }) => choice.finish_reason === "stop");
  expect(ended.length).toBeGreaterThan(20);
  for (const { text, logprobs } of ended) {
    expect(text).not.toContain("<end>");
    expect(logprobs.tokens.at(-1)).toBe("<end>");
    expect(logprobs.tokens.length).toBe(text.length + 1);
    expect(logprobs.text_offset.at(-1)).toBe(text.length);
  }
  const count = choices.reduce(
    (sum: number, choice: { logprobs: { tokens: string[] } }) => sum + choice.logprobs.tokens.length,
    0,
  );
  expect(usage).toEqual({ prompt_tokens: 1, completion_tokens: count, total_tokens: count + 1 });
  const stopped = (
    await complete({
      prompt: "a",
      max_tokens: 30,
      seed: 1,
      n: 40,
      logprobs: 0,
      stop: ["b", "cd"],
      ignore_eos: true,
    })
  ).body.choices;
  for (const { text, logprobs, finish_reason } of stopped) {
    if (finish_reason !== "stop") continue;
    expect(text).not.toMatch(/b|cd/);
    expect(logprobs.tokens.join("")).toBe(text);
  }
});

test("temperature 0 is greedy, and an empty prompt begins with the end-of-sequence token", async () => {
  const { choices } = (
    await complete({
      prompt: "",
      max_tokens: 3,
      temperature: 0,
      n: 2,
      ignore_eos: true,
      return_token_ids: true,
    })
  ).body;
  const greedy: number[] = [end];
  for (let index = 0; index < 3; index++) {
    const distribution = logitsOf(greedy);
    greedy.push(distribution.indexOf(Math.max(...distribution)));
  }
  for (const choice of choices) expect([...choice.prompt_token_ids, ...choice.token_ids]).toEqual(greedy);
});

test("models and health are answered", async () => {
  expect((await ask("/health")).body).toEqual({ status: "ok" });
  const { body } = await ask("/v1/models");
  expect(body).toMatchObject({
    object: "list",
    data: [{ id: "letters", object: "model", owned_by: "lmcov", max_model_len: 40 }],
  });
});

test.each([
  [{ prompt: "a", model: "other" }, 404, /other.*does not exist.*letters/, "model_not_found"],
  [{ prompt: "a", stream: true }, 400, /stream/, null],
  [{ prompt: "a", n: 0 }, 400, /n: /, null],
  [{ prompt: "a", temperature: -1 }, 400, /temperature/, null],
  [{ prompt: "a", best_of: 3 }, 400, /best_of/, null],
  [{ prompt: "a", n: 1000, logit_bias: { 1: 5 } }, 400, /logit_bias/, null],
  [{ prompt: Array(9).fill("a"), n: 1000 }, 400, /at most 4096 choices/, null],
  [{ prompt: "a", prompt_logprobs: 1 }, 400, /unrecognized request argument: prompt_logprobs/, null],
  [{ prompt: "xyz" }, 400, /prompt 0: cannot be encoded: no token for x/, null],
  [{ prompt: [0, 77] }, 400, /token 77 is outside the vocabulary of 6/, null],
  [{ prompt: [] }, 400, /at least one prompt/, null],
  [{ prompt: "a", max_tokens: 41 }, 400, /context of 40 tokens/, null],
  [{ prompt: "a", stop: "" }, 400, /stop/, null],
  [[1, 2], 400, /expected object/i, null],
])("%j is refused with OpenAI's error object", async (body, status, message, code) => {
  const answer = await ask("/v1/completions", body);
  expect(answer.status).toBe(status);
  expect(answer.body.error.message).toMatch(message);
  expect(answer.body.error).toMatchObject({ type: "invalid_request_error", code });
  expect(answer.body.error).toHaveProperty("param");
});

test("bodies that are no JSON, too long or of another type, unknown paths and methods are refused", async () => {
  expect(await ask("/v1/completions", undefined, { raw: "{not json", method: "POST" })).toMatchObject({
    status: 400,
  });
  expect(await complete({ prompt: "a".repeat(3000) })).toMatchObject({ status: 413 });
  const form = await ask("/v1/completions", { prompt: "a" }, { headers: { "content-type": "text/plain" } });
  expect(form).toMatchObject({ status: 415 });
  expect(await ask("/v1/chat/completions", { messages: [] })).toMatchObject({ status: 404 });
  expect(await ask("/v1/completions")).toMatchObject({ status: 405, headers: { allow: "POST" } });
  expect(await ask("/health")).toMatchObject({ status: 200 });
});

test("a page of another site gets nothing: names that were pointed here are refused, and no answer allows other origins", async () => {
  expect(await ask("/v1/models", undefined, { headers: { host: "attacker.example" } })).toMatchObject({
    status: 403,
  });
  expect(await ask("/v1/models", undefined, { headers: { host: "models.example:80" } })).toMatchObject({
    status: 200,
  });
  const { headers } = await ask("/v1/models", undefined, { headers: { origin: "http://attacker.example" } });
  expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  const allowed = ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "10.0.0.7"];
  const refused = [
    undefined,
    "",
    "localhost.attacker.example",
    "attacker.example:8080",
    "127.0.0.1.attacker.example",
  ];
  expect(allowed.map((host) => isAllowedHost(host, []))).toEqual(allowed.map(() => true));
  expect(refused.map((host) => isAllowedHost(host, []))).toEqual(refused.map(() => false));
});
