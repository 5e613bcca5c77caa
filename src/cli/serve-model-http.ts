/** The HTTP side of `lmcov serve-model`: Node's own server, JSON in and out, nothing for browsers of other sites. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isAllowedHost } from "./local-server.ts";
import { completionAnswer } from "./serve-model-answer.ts";
import { completionRequest, RequestError } from "./serve-model-request.ts";
import type { CompletionService } from "./serve-model-service.ts";
import type { TokenDecoder } from "./serve-model-tokens.ts";

export interface ServerOptions {
  readonly service: CompletionService;
  readonly decoder: TokenDecoder;
  /** Name in `/v1/models`. */
  readonly model: string;
  readonly contextLength: number;
  /** Host names that requests may be addressed to, beside `localhost` and IP addresses. */
  readonly hosts: readonly string[];
  /** Bytes of a body. */
  readonly largestBody: number;
  /** Seconds since 1970, for `created`. */
  readonly clock: () => number;
}

/** A server that is not listening yet. */
export function modelServer(options: ServerOptions): Server {
  let answers = 0;
  const started = options.clock();
  const answer = async (request: IncomingMessage): Promise<unknown> => {
    const path = (request.url ?? "/").split("?", 1)[0];
    if (!isAllowedHost(request.headers.host, options.hosts)) {
      throw new RequestError("this Host is not served here; start with --allow-host to allow it", {
        status: 403,
      });
    }
    if (path === "/health") return withMethod(request, "GET", () => ({ status: "ok" }));
    if (path === "/v1/models") return withMethod(request, "GET", () => models(options, started));
    if (path !== "/v1/completions") {
      throw new RequestError("no such path; there are /v1/completions, /v1/models and /health", {
        status: 404,
      });
    }
    return withMethod(request, "POST", async () => {
      const asked = completionRequest(await jsonBody(request, options.largestBody), options.model);
      const completions = await options.service.complete(asked);
      answers += 1;
      return completionAnswer(completions, {
        request: asked,
        decoder: options.decoder,
        model: options.model,
        id: `cmpl-${started}-${answers}`,
        created: options.clock(),
      });
    });
  };
  const server = createServer((request, response) => {
    answer(request).then(
      (value) => send(response, 200, value),
      (error: unknown) => sendError(request, response, error),
    );
  });
  server.headersTimeout = 20_000;
  server.requestTimeout = 60_000;
  return server;
}

function models(options: ServerOptions, created: number) {
  const { model, contextLength } = options;
  return {
    object: "list",
    data: [{ id: model, object: "model", created, owned_by: "lmcov", max_model_len: contextLength }],
  };
}

async function withMethod(request: IncomingMessage, method: string, act: () => unknown): Promise<unknown> {
  if (request.method !== method) throw new RequestError(`only ${method} is answered here`, { status: 405 });
  return act();
}

async function jsonBody(request: IncomingMessage, limit: number): Promise<unknown> {
  // A page of another site can send text or a form without asking, but not JSON.
  if (!/^application\/(?:[\w.+-]*\+)?json(?:;|$)/i.test(request.headers["content-type"] ?? "")) {
    throw new RequestError("send the request as application/json", { status: 415 });
  }
  const tooLong = () => new RequestError(`the body is longer than ${limit} bytes`, { status: 413 });
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLong();
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limit) throw tooLong();
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new RequestError("the body is not JSON");
  }
}

function send(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = error instanceof RequestError ? error : undefined;
  const status = known?.status ?? 500;
  if (status === 413) {
    // The rest of the body is not read: the connection ends with the answer.
    response.setHeader("connection", "close");
    response.once("finish", () => request.destroy());
  }
  if (status === 405)
    response.setHeader("allow", request.url?.startsWith("/v1/completions") ? "POST" : "GET");
  send(response, status, {
    error: {
      message: known?.message ?? `the model failed: ${(error as Error).message}`,
      type: status >= 500 ? "server_error" : "invalid_request_error",
      param: known?.field ?? null,
      code: known?.code ?? null,
    },
  });
}
