/** A server that answers as vLLM would, at once: a token a character, each as likely whatever precedes it. Prints its port. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const positions = Array.from(
  { length: 128 },
  (_, id) => `{"${id}":{"logprob":${-1 - (id % 7) / 10},"rank":1,"decoded_token":"x"}}`,
);
const idsOf = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0) % 128);

function completion(ids: readonly number[]): string {
  const listed = ids.map((id, index) => (index === 0 ? "null" : positions[id])).join(",");
  return `{"object":"text_completion","choices":[{"index":0,"text":"a","finish_reason":"length","prompt_token_ids":[${ids.join(",")}],"prompt_logprobs":[${listed}]}]}`;
}

function answer(response: ServerResponse, body: string): void {
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

const models = JSON.stringify({ data: [{ id: "m", owned_by: "vllm", max_model_len: 4096 }] });

const server = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  request.on("end", () => {
    if (request.url === "/v1/models") return answer(response, models);
    if (request.method !== "POST") return response.writeHead(404).end();
    const { prompt } = JSON.parse(text) as { prompt: string };
    if (request.url === "/tokenize") return answer(response, JSON.stringify({ tokens: idsOf(prompt) }));
    return answer(response, completion(idsOf(prompt)));
  });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
