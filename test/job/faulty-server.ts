/**
 * A vLLM-like server, in its own process, that fails at a share of the requests about the test's units, in all the ways
 * that servers fail. SHARE [PORT]; prints its port. `GET /served` tells how many good answers it gave.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { randomGenerator } from "../../src/numeric/index.ts";
import { vllmRoutes } from "../endpoint/scripted-openai.ts";
import type { Fault, Json } from "../endpoint/scripted-server.ts";
import { unitMark } from "./scored-units.ts";

const share = Number(process.argv[2]);
const { uniform, integer } = randomGenerator("faulty server");
const honest = vllmRoutes();
const answerFaults: readonly Fault[] = [
  "ignores echo",
  "NaN",
  "null",
  "missing choice",
  "duplicate choice",
  // More tokens at each position, the right one not first: no fault, and often taken wrongly.
  "crowded",
];
const routesWith = new Map(answerFaults.map((fault) => [fault, vllmRoutes(fault)]));
const transportFaults = [
  "429",
  "429 with a date",
  "500",
  "503",
  "hang",
  "cut body",
  "cut connection",
  "wrong JSON",
  "HTML",
  "slow drip",
] as const;
const faults = [...transportFaults, ...answerFaults];

let served = 0;
let faulty = 0;

function answer(response: ServerResponse, status: number, body: string, headers: Json = {}): ServerResponse {
  response.writeHead(status, { "content-type": "application/json", ...(headers as Record<string, string>) });
  return response.end(body);
}

function fail(
  fault: (typeof transportFaults)[number],
  response: ServerResponse,
  body: string,
): ServerResponse | undefined {
  switch (fault) {
    case "429":
      return answer(response, 429, '{"error":"slow down"}', { "retry-after": "0" });
    case "429 with a date":
      return answer(response, 429, "{}", { "retry-after": new Date(Date.now() - 5000).toUTCString() });
    case "500":
      return answer(response, 500, "Internal Server Error");
    case "503":
      return answer(response, 503, "");
    case "hang":
      return undefined;
    case "cut body":
      response.writeHead(200, { "content-length": String(body.length) });
      response.write(body.slice(0, body.length / 2), () => response.destroy());
      return response;
    case "cut connection":
      return response.destroy();
    case "wrong JSON":
      return answer(response, 200, body.slice(0, -3));
    case "HTML":
      return answer(response, 200, "<html><body>gateway</body></html>");
    case "slow drip": {
      response.writeHead(200);
      let at = 0;
      const timer = setInterval(() => {
        if (at >= body.length || response.destroyed) clearInterval(timer);
        else response.write(body[at]);
        at += 1;
      }, 100);
      return response;
    }
  }
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    if (request.url === "/served") return answer(response, 200, JSON.stringify({ served, faulty }));
    const text = Buffer.concat(chunks).toString("utf8");
    const body = (text === "" ? {} : JSON.parse(text)) as Json;
    const route = `${request.method} ${request.url}`;
    const reply = (routes: typeof honest) => {
      const made = routes[route]?.(body);
      const sent = made?.body ?? { error: "not found" };
      return {
        status: made === undefined ? 404 : (made.status ?? 200),
        text: typeof sent === "string" ? sent : JSON.stringify(sent),
      };
    };
    const isUnit = JSON.stringify(body.prompt ?? "").includes(unitMark);
    const fault = isUnit && uniform() < share ? faults[integer(faults.length)] : undefined;
    if (fault === undefined) {
      const { status, text: sent } = reply(honest);
      if (isUnit && route === "POST /v1/completions") served += 1;
      return answer(response, status, sent);
    }
    faulty += 1;
    const routes = routesWith.get(fault as Fault);
    if (routes === undefined)
      return fail(fault as (typeof transportFaults)[number], response, reply(honest).text);
    const { status, text: sent } = reply(routes);
    if (fault === "crowded" && route === "POST /v1/completions") served += 1;
    return answer(response, status, sent);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[3] ?? 0), "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
