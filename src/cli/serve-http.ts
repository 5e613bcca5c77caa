/**
 * The HTTP side of `lmcov serve`: a page, its events and its reports, to be read from this machine. No path is taken from
 * a request: runs are called by their number.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isAllowedHost } from "./local-server.ts";
import { ResponseReader } from "./serve-responses.ts";
import type { RunWatch } from "./serve-watch.ts";

export interface PageServerOptions {
  readonly watch: RunWatch;
  readonly page: { readonly html: string; readonly policy: string };
  /** Host names that requests may be addressed to, beside `localhost` and IP addresses. */
  readonly hosts: readonly string[];
}

/** Listeners at once, at most: each tab is one. */
const mostListeners = 64;
/** A tab that does not read is let go, and asks again when it does. */
const mostWaitingBytes = 16 << 20;
const heartbeatMilliseconds = 15_000;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
}

/** A server that is not listening yet. */
export function pageServer(options: PageServerOptions): Server {
  const reader = new ResponseReader();
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(safeHeaders(options))) response.setHeader(name, value);
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const refused = refusal(request, options.hosts, path);
    if (refused !== undefined) return send(response, refused);
    if (path === "/events") return sendEvents(response, options.watch);
    if (path.startsWith("/responses/")) {
      const query = new URLSearchParams((request.url ?? "").split("?").slice(1).join("?"));
      sendResponses(response, { path, query, watch: options.watch, reader });
      return;
    }
    send(response, answerTo(path, options));
  });
  server.headersTimeout = 20_000;
  server.requestTimeout = 60_000;
  return server;
}

const safeHeaders = ({ page }: PageServerOptions) => ({
  "content-security-policy": page.policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
});

/** Why a request is not answered: another name for this server, another site's page, or a wish to change something. */
function refusal(request: IncomingMessage, hosts: readonly string[], path: string): Answer | undefined {
  const { host, origin, "sec-fetch-site": site } = request.headers;
  if (!isAllowedHost(host, hosts)) {
    return text(403, "this Host is not served here; start with --allow-host to allow it");
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    return text(403, "only this server's own page may ask");
  }
  // Anyone may link to the page; what it shows is for itself.
  if (path !== "/" && site !== undefined && site !== "same-origin" && site !== "none") {
    return text(403, "only this server's own page may ask");
  }
  if (request.method !== "GET") return text(405, "only GET is answered here: nothing can be changed");
  return undefined;
}

function answerTo(path: string, { watch, page }: PageServerOptions): Answer {
  if (path === "/") return { status: 200, type: "text/html; charset=utf-8", body: page.html };
  const ids = runsOf(path, { under: "/report/", runs: watch.runs.length });
  if (ids === undefined) return nowhere;
  const body = watch.report(ids);
  // There is no report yet: no fault of whoever asks.
  return body === undefined ? json(204, "") : json(200, body);
}

async function sendResponses(
  response: ServerResponse,
  given: {
    readonly path: string;
    readonly query: URLSearchParams;
    readonly watch: RunWatch;
    readonly reader: ResponseReader;
  },
): Promise<void> {
  const { path, query, watch, reader } = given;
  const ids = runsOf(path, { under: "/responses/", runs: watch.runs.length });
  if (ids === undefined) return send(response, nowhere);
  const sources = watch.sources(ids);
  if (sources === undefined) {
    return send(response, text(404, "there is no report on a run folder here whose responses could be read"));
  }
  const folders = ids.flatMap((id) => watch.runs[id]?.path ?? []);
  const answer = await reader.answer({ folders, sources, query, isGone: () => response.closed });
  if (response.closed) return;
  if ("status" in answer) send(response, text(answer.status, answer.sentence));
  else send(response, json(200, JSON.stringify(answer.found)));
}

/** The run in `/report/0`, or the runs in `/report/0-1`. */
function runsOf(
  path: string,
  { under, runs }: { readonly under: string; readonly runs: number },
): number[] | undefined {
  const names = path.startsWith(under) ? path.slice(under.length).split("-", runs + 1) : [];
  if (names.length === 0 || names.some((name) => !/^\d{1,4}$/.test(name))) return undefined;
  const ids = names.map(Number);
  if (ids.some((id) => id >= runs) || new Set(ids).size !== ids.length) return undefined;
  return ids;
}

function sendEvents(response: ServerResponse, watch: RunWatch): void {
  if (watch.listeners >= mostListeners) {
    send(response, text(503, `${mostListeners} pages listen already`));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  const stop = watch.listen((message) => {
    response.write(`data: ${JSON.stringify(message)}\n\n`);
    if (response.writableLength > mostWaitingBytes) response.destroy();
  });
  const heartbeat = setInterval(() => response.write(":\n\n"), heartbeatMilliseconds);
  response.on("close", () => {
    clearInterval(heartbeat);
    stop();
  });
}

const json = (status: number, body: string | Buffer): Answer => ({
  status,
  type: "application/json; charset=utf-8",
  body,
});

const text = (status: number, message: string): Answer => ({
  status,
  type: "text/plain; charset=utf-8",
  body: `${message}\n`,
});

const nowhere = text(404, "no such page; there are /, /events, /report/N and /responses/N");

function send(response: ServerResponse, { status, type, body }: Answer): void {
  if (status === 405) response.setHeader("allow", "GET");
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
