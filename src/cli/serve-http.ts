/**
 * The HTTP side of `lmcov serve`: a page, its events and its reports, to be read from this machine. No path is taken from
 * a request: runs are called by their number.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isAllowedHost } from "./local-server.ts";
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
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(safeHeaders(options))) response.setHeader(name, value);
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const refused = refusal(request, options.hosts, path);
    if (refused !== undefined) return send(response, refused);
    if (path === "/events") return sendEvents(response, options.watch);
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
  const ids = runsOf(path, watch.runs.length);
  if (ids === undefined) return text(404, "no such page; there are /, /events and /report/N");
  const body = watch.report(ids);
  // There is no report yet: no fault of whoever asks.
  if (body === undefined) return { status: 204, type: "application/json; charset=utf-8", body: "" };
  return { status: 200, type: "application/json; charset=utf-8", body };
}

/** The run in `/report/0`, or the two runs in `/report/0-1`. */
function runsOf(path: string, runs: number): number[] | undefined {
  const match = /^\/report\/(\d{1,4})(?:-(\d{1,4}))?$/.exec(path);
  if (match === null) return undefined;
  const ids = match.slice(1).flatMap((digits) => (digits === undefined ? [] : [Number(digits)]));
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

const text = (status: number, message: string): Answer => ({
  status,
  type: "text/plain; charset=utf-8",
  body: `${message}\n`,
});

function send(response: ServerResponse, { status, type, body }: Answer): void {
  if (status === 405) response.setHeader("allow", "GET");
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
