/** Judges outside: a command and a reward server, with answers of every kind. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { asyncVerifierByName } from "./async-verifier-by-name.ts";
import { commandVerifier } from "./command-verifier.ts";
import { verdictFromText } from "./external-verdict.ts";
import { httpVerifier } from "./http-verifier.ts";

const draw = { response: "4", target: "4", prompt: "2 + 2?", task: "sums", problem: "1" };
const node = (script: string) => `${JSON.stringify(process.execPath)} -e ${JSON.stringify(script)}`;

describe("a command", () => {
  test("gets the draw as JSON on its input and judges by what it prints", async () => {
    const script =
      "let t='';process.stdin.on('data',p=>t+=p).on('end',()=>{const d=JSON.parse(t);console.log(JSON.stringify({verdict:d.response===d.target?'correct':'incorrect',reward:d.prompt.length}))})";
    const verifier = commandVerifier(node(script));
    expect(await verifier.verify(draw)).toEqual({ verdict: "correct", reward: 6 });
    expect(await verifier.verify({ ...draw, response: "5" })).toEqual({ verdict: "incorrect", reward: 6 });
  });

  test("the response never becomes part of the shell's words", async () => {
    const script = "process.stdin.resume().on('end',()=>console.log(process.argv.length))";
    const hostile = { ...draw, response: "'; echo 1; '$(echo 1)`echo 1`" };
    expect(await commandVerifier(`${node(script)} one`).verify(hostile)).toMatchObject({ reward: 2 });
  });

  test("judges by exit code where it prints nothing: 0 is correct, 1 is not, anything else is no verdict", async () => {
    expect(await commandVerifier("exit 0").verify(draw)).toEqual({ verdict: "correct" });
    expect(await commandVerifier("exit 1").verify(draw)).toEqual({ verdict: "incorrect" });
    await expect(commandVerifier("echo broken >&2; exit 2").verify(draw)).rejects.toThrow(
      /ended with code 2: broken/,
    );
    await expect(commandVerifier("no-such-command-of-lmcov").verify(draw)).rejects.toThrow(/code 127/);
  });

  test("is ended after its time, with what it started", async () => {
    await expect(commandVerifier("sleep 60", { seconds: 0.2 }).verify(draw)).rejects.toThrow(
      /took over 0\.2 s/,
    );
    await expect(commandVerifier("yes", { seconds: 10 }).verify(draw)).rejects.toThrow(/printed over/);
  });
});

describe("a judge's answer", () => {
  test("is a number or an object; a reward other than 0 and 1 is no verdict", () => {
    expect(verdictFromText("1", "judge")).toEqual({ verdict: "correct", reward: 1 });
    expect(verdictFromText("0.0", "judge")).toEqual({ verdict: "incorrect", reward: 0 });
    expect(verdictFromText("0.25", "judge")).toMatchObject({ verdict: "unscored", reward: 0.25 });
    expect(verdictFromText('{"verdict":"unscored","reason":"cut"}', "judge")).toEqual({
      verdict: "unscored",
      reason: "cut",
    });
  });

  test.each(["", "NaN", "Infinity", "maybe", "{}", '{"verdict":"yes"}', '{"reward":"1"}', "null", "[1]"])(
    "%j is refused, not taken for a verdict",
    (text) => {
      expect(() => verdictFromText(text, "judge")).toThrow(/^judge answered/);
    },
  );
});

describe("a reward server", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function serving(
    answer: (body: string, key: string | undefined) => [number, string],
  ): Promise<string> {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (piece) => {
        body += piece;
      });
      request.on("end", () => {
        const [status, text] = answer(body, request.headers.authorization);
        response.writeHead(status).end(text);
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/reward?secret=1`;
  }

  test("is posted the draw and answers with reward or verdict", async () => {
    const address = await serving((body) => [
      200,
      JSON.stringify({ reward: JSON.parse(body).response.length / 4 }),
    ]);
    expect(await httpVerifier(address).verify(draw)).toMatchObject({ reward: 0.25, verdict: "unscored" });
  });

  test("gets the key, which shows in no name and no error", async () => {
    const address = await serving((_, key) => [
      key === "Bearer k-123" ? 200 : 500,
      key === undefined ? "" : "what",
    ]);
    const verifier = httpVerifier(address, { key: "k-123" });
    const failure = await verifier.verify(draw).catch(String);
    expect(failure).toMatch(/answered neither a number nor JSON/);
    expect(`${failure}${verifier.name}`).not.toMatch(/k-123|secret/);
  });

  test("that fails, redirects or answers nonsense gives no verdict", async () => {
    for (const [status, text] of [
      [500, "1"],
      [302, "1"],
      [200, "<html>"],
      [200, "{}"],
      [200, "x".repeat(2 ** 20 + 1)],
    ] as const) {
      const address = await serving(() => [status, text]);
      const retryable = status === 500;
      await expect(httpVerifier(address).verify(draw)).rejects.toMatchObject({
        name: "JudgeError",
        retryable,
      });
      server?.close();
    }
  });
});

test("verifiers go by their names, and an unknown one is refused with those there are", async () => {
  expect((await asyncVerifierByName("numeric")).name).toBe("numeric");
  expect((await asyncVerifierByName("command:exit 0")).name).toBe("command:exit 0");
  expect((await asyncVerifierByName("http://localhost:1/reward?x=1")).name).toBe("http://localhost:1/reward");
  await expect(asyncVerifierByName("unknown")).rejects.toThrow(
    /No verifier is called "unknown"; there are exact, .*path, python:TESTS.*, command:WORDS, http\(s\):/,
  );
  await expect(asyncVerifierByName("python:")).rejects.toThrow(/needs a file of tests/);
  await expect(asyncVerifierByName("command: ")).rejects.toThrow(/needs a command/);
});
