/** A completions server that answers at once: echo with a log-probability for every four characters. Prints its port. */
import { type AddressInfo, createServer } from "node:net";

const end = Buffer.from("\r\n\r\n");

const server = createServer((socket) => {
  socket.setNoDelay(true);
  let waiting = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes) => {
    waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes]);
    for (;;) {
      const head = waiting.indexOf(end);
      if (head < 0) return;
      const text = waiting.toString("latin1", 0, head);
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (waiting.length < head + 4 + length) return;
      const body = waiting.subarray(head + 4, head + 4 + length);
      waiting = waiting.subarray(head + 4 + length);
      socket.write(answer(text, body));
    }
  });
});

function answer(head: string, body: Buffer): string {
  const value = head.startsWith("POST")
    ? completion(JSON.parse(body.toString("utf8")) as { prompt: string })
    : models;
  const text = JSON.stringify(value);
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

const models = { object: "list", data: [{ id: "scripted", object: "model", owned_by: "someone" }] };

function completion({ prompt }: { prompt: string }): unknown {
  const tokens: string[] = [];
  const text_offset: number[] = [];
  const token_logprobs: (number | null)[] = [];
  for (let at = 0; at < prompt.length; at += 4) {
    tokens.push(prompt.slice(at, at + 4));
    text_offset.push(at);
    token_logprobs.push(at === 0 ? null : -1 - (at % 7) / 8);
  }
  const logprobs = { tokens, token_logprobs, top_logprobs: null, text_offset };
  return {
    id: "c",
    object: "text_completion",
    choices: [{ index: 0, text: prompt, finish_reason: "length", logprobs }],
  };
}

server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
