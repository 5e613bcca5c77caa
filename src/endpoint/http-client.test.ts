import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { HttpClient, type HttpClientOptions, serverAddress } from "./http-client.ts";
import { Secret, secretFor } from "./secret.ts";

const never = new AbortController().signal;
let server: Server | undefined;
let client: HttpClient | undefined;
afterEach(() => {
  client?.close();
  server?.closeAllConnections();
  server?.close();
});

async function clientOf(listener: RequestListener, options: HttpClientOptions = {}): Promise<HttpClient> {
  const created = createServer((request, response) => {
    request.resume();
    request.on("end", () => listener(request, response));
  });
  await new Promise<void>((resolve) => created.listen(0, "127.0.0.1", resolve));
  server = created;
  client = new HttpClient(new URL(`http://127.0.0.1:${(created.address() as AddressInfo).port}`), options);
  return client;
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("an answer that is none", () => {
  test.each([
    [429, { "retry-after": "2" }, { fault: "rate limit", retryable: true, retryAfter: 2, status: 429 }],
    [503, { "retry-after": "1" }, { fault: "rate limit", retryable: true, retryAfter: 1 }],
    [500, {}, { fault: "server error", retryable: true }],
    [502, {}, { fault: "server error", retryable: true }],
    [408, {}, { fault: "server error", retryable: true }],
    [400, {}, { fault: "refused", retryable: false, status: 400 }],
    [404, {}, { fault: "refused", retryable: false }],
    [307, { location: "http://elsewhere/" }, { fault: "refused", retryable: false }],
  ])("status %i is typed", async (status, headers, expected) => {
    const http = await clientOf((_, response) =>
      response.writeHead(status, headers).end('{"error":{"message":"no"}}'),
    );
    expect(await failure(http.post("/x", {}, never))).toMatchObject(expected);
  });

  test("a date in Retry-After counts from the server's own clock", async () => {
    const http = await clientOf((_, response) => {
      response.writeHead(429, {
        date: "Wed, 21 Oct 2015 07:28:00 GMT",
        "retry-after": "Wed, 21 Oct 2015 07:28:30 GMT",
      });
      response.end();
    });
    expect(await failure(http.get("/", never))).toMatchObject({ retryAfter: 30 });
  });

  test.each([
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 1 `max_new_tokens`",
    "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000",
    "the request exceeds the available context size, try increasing it",
  ])("a prompt that is too long for the server is final and named so: %s", async (said) => {
    const http = await clientOf((_, response) =>
      response.writeHead(400).end(JSON.stringify({ message: said })),
    );
    const error = await failure(http.post("/v1/completions", {}, never));
    expect(error).toMatchObject({ fault: "too long", retryable: false });
    expect(String(error)).toContain(said);
  });

  test("a body that is cut can be asked again", async () => {
    const http = await clientOf((_, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write('{"half":');
      setTimeout(() => response.destroy(), 10);
    });
    expect(await failure(http.get("/", never))).toMatchObject({ fault: "truncated", retryable: true });
  });

  test("text that is no JSON, and Python's NaN, are malformed answers", async () => {
    const answers = ["<html>", '{"logprob": NaN}'];
    const http = await clientOf((_, response) => response.end(answers.shift()));
    expect(await failure(http.get("/", never))).toMatchObject({ fault: "answer", retryable: true });
    expect(String(await failure(http.get("/", never)))).toMatch(/NaN/);
  });

  test.each([
    [{ error: { message: "upstream is down" } }, /status 200 with an error in it: upstream is down$/],
    [{ error: "no such model", choices: [] }, /with an error in it: no such model$/],
  ])("an error in an answer of status 200 is the server's error", async (body, sentence) => {
    const http = await clientOf((_, response) => response.end(JSON.stringify(body)));
    const error = await failure(http.post("/v1/completions", {}, never));
    expect(error).toMatchObject({ fault: "server error", retryable: true });
    expect(String(error)).toMatch(sentence);
    server?.removeAllListeners("request");
    server?.on("request", (_, response) => response.end('{"error":null,"id":7}'));
    expect(await http.post("/v1/completions", {}, never)).toEqual({ error: null, id: 7 });
  });

  test("a compressed answer, which was not asked for, is not unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(1 << 26, " "));
    let accepted: unknown;
    const http = await clientOf((request, response) => {
      accepted = request.headers["accept-encoding"];
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb);
    });
    const error = await failure(http.get("/", never));
    expect(error).toMatchObject({ fault: "refused", retryable: false });
    expect(String(error)).toMatch(/compressed \(gzip\), which was not asked for/);
    expect(accepted).toBe("identity");
  });

  test("an answer that drips in for ever ends after the time-out", async () => {
    const http = await clientOf(
      (_, response) => {
        const drip = setInterval(() => response.write(" "), 5);
        response.on("close", () => clearInterval(drip));
      },
      { timeout: 200 },
    );
    expect(await failure(http.get("/", never))).toMatchObject({ fault: "time-out", retryable: true });
  });

  test("an answer in chunks that cut its characters in half is whole", async () => {
    const text = JSON.stringify({ text: "日本 🙂 é" });
    const http = await clientOf((_, response) => {
      for (const byte of Buffer.from(text)) response.write(Buffer.from([byte]));
      response.end();
    });
    expect(await http.get("/", never)).toEqual(JSON.parse(text));
  });

  test("what is not HTTP is said to be none", async () => {
    const http = await clientOf((request) => request.socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
    expect(String(await failure(http.get("/", never)))).toMatch(/the answer is not HTTP \(HPE_/);
  });

  test("a rest of years is one of an hour", async () => {
    const http = await clientOf((_, response) => response.writeHead(429, { "retry-after": "1e12" }).end());
    expect(await failure(http.get("/", never))).toMatchObject({ fault: "rate limit", retryAfter: 3600 });
  });

  test("silence ends after the time-out", async () => {
    const http = await clientOf(() => {}, { timeout: 50 });
    expect(await failure(http.get("/", never))).toMatchObject({ fault: "time-out", retryable: true });
  });

  test("a refused connection can be tried again", async () => {
    const http = await clientOf(() => {});
    server?.close();
    server?.closeAllConnections();
    const error = await failure(http.get("/", never));
    expect(error).toMatchObject({ fault: "connection", retryable: true });
    expect(String(error)).toMatch(/: nothing answers there \(ECONNREFUSED\)$/);
  });

  test("an answer over the limit is not read to its end", async () => {
    let sent = 0;
    const http = await clientOf(
      (_, response) => {
        const more = () => {
          sent += 1 << 16;
          if (!response.destroyed) response.write(Buffer.alloc(1 << 16), () => setImmediate(more));
        };
        more();
      },
      { largestAnswer: 1 << 20 },
    );
    expect(await failure(http.get("/", never))).toMatchObject({ fault: "refused", retryable: false });
    expect(sent).toBeLessThan(1 << 27);
  });
});

test("a signal ends every request that waits, with its own reason", async () => {
  const http = await clientOf(() => {});
  const stop = new AbortController();
  const waiting = Array.from({ length: 30 }, () => failure(http.get("/", stop.signal)));
  setTimeout(() => stop.abort(new Error("enough")), 20);
  for (const error of await Promise.all(waiting)) expect(String(error)).toBe("Error: enough");
  expect(String(await failure(http.get("/", stop.signal)))).toBe("Error: enough");
});

describe("a connection that the server closes", () => {
  /** Closes every connection at its second request, as one does whose patience with idle ones ends just then. */
  const closing = (heard: string[]) => {
    const seen = new WeakMap<object, number>();
    return ((request, response) => {
      const count = (seen.get(request.socket) ?? 0) + 1;
      seen.set(request.socket, count);
      heard.push(request.url ?? "");
      if (count > 1) request.socket.resetAndDestroy();
      else response.end("{}");
    }) as RequestListener;
  };

  test("while it was kept is opened again: the request goes once more and is answered", async () => {
    const heard: string[] = [];
    const http = await clientOf(closing(heard), { connections: 1 });
    for (const path of ["/1", "/2", "/3"]) expect(await http.post(path, {}, never)).toEqual({});
    expect(heard.filter((path) => path === "/2")).toHaveLength(2);
  });

  test("before any answer on a new one is cut, and not asked again", async () => {
    const heard: string[] = [];
    const http = await clientOf((request) => {
      heard.push(request.url ?? "");
      request.socket.resetAndDestroy();
    });
    const error = await failure(http.post("/1", {}, never));
    expect(error).toMatchObject({ fault: "connection", retryable: true });
    expect(String(error)).toMatch(/the connection was cut before an answer \(ECONNRESET\)/);
    expect(heard).toEqual(["/1"]);
  });
});

test("connections are kept: a thousand requests use few", async () => {
  let connections = 0;
  const http = await clientOf((_, response) => response.end("{}"), { connections: 4 });
  server?.on("connection", () => {
    connections += 1;
  });
  for (let round = 0; round < 50; round += 1) {
    await Promise.all(Array.from({ length: 20 }, () => http.post("/", { round }, never)));
  }
  expect(connections).toBeLessThanOrEqual(4);
});

describe("a key", () => {
  const key = "sk-very-secret-0123456789";

  test("goes into the header, and nowhere that a person or a file could see", async () => {
    let header: unknown;
    const http = await clientOf(
      (request, response) => {
        header = request.headers.authorization;
        response.writeHead(401).end(JSON.stringify({ error: { message: `Incorrect API key: ${key}` } }));
      },
      { secret: new Secret(key) },
    );
    const error = await failure(http.post("/v1/completions", {}, never));
    expect(header).toBe(`Bearer ${key}`);
    const secret = new Secret(key);
    for (const shown of [
      String(error),
      inspect(error, { depth: 9 }),
      inspect(http, { depth: 9, showHidden: true }),
      JSON.stringify({ http, secret }),
      `${secret}`,
      inspect(secret),
    ]) {
      expect(shown).not.toContain(key);
    }
    expect(String(error)).toMatch(/LMCOV_API_KEY.*--key-file/);
  });

  test("OpenAI's own is for OpenAI's address alone", () => {
    const environment = { OPENAI_API_KEY: key };
    expect(secretFor(new URL("https://api.openai.com"), { environment })?.reveal()).toBe(key);
    expect(secretFor(new URL("https://evil-openai.com"), { environment })).toBeUndefined();
    expect(secretFor(new URL("http://127.0.0.1:8000"), { environment })).toBeUndefined();
    expect(secretFor(new URL("http://x"), { environment: { LMCOV_API_KEY: key } })?.reveal()).toBe(key);
  });

  test("in an address is refused without being repeated", () => {
    for (const address of [`http://user:${key}@host:1/`, `https://host/v1?api_key=${key}`]) {
      const error = (() => {
        try {
          return serverAddress(address);
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(String(error)).toMatch(/InputError/);
      expect(String(error)).not.toContain(key);
    }
  });
});

test("an address may end in /v1 or a slash, and may have a path", () => {
  expect(serverAddress("http://h:1/v1/").href).toBe("http://h:1/");
  expect(serverAddress("https://h/proxy/v1").href).toBe("https://h/proxy");
  expect(() => serverAddress("ftp://h")).toThrow(/neither http nor https/);
});
