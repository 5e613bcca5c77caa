/** Dumps of completion servers: echoed prompts, where the response begins, and what is refused. */
import { afterAll, describe, expect, test } from "vitest";
import { reading, testFolder } from "./reading.ts";
import { dumpWriter, echoed, sums } from "./server-answers.ts";

const folder = testFolder();
afterAll(() => folder.remove());
const dump = dumpWriter(folder);

describe("completions with echo", () => {
  test("a prompt beside the request tells where the given response begins", async () => {
    const { likelihoods, responses, importer } = await reading(
      dump(
        echoed(
          {},
          { prompt: "Q: é? A:", request: { prompt: "Q: é? A: b c", echo: true, logprobs: 1, max_tokens: 0 } },
        ),
      ),
      { texts: true },
    );
    expect(importer).toBe("server-dump");
    expect(sums(likelihoods)).toEqual([["data", -24]]);
    expect(likelihoods[0]).toMatchObject({
      tokenLogProbabilities: [-8, -16],
      tokens: [" b", " c"],
      tokenCount: 2,
      model: "m",
    });
    expect(responses).toMatchObject([{ role: "data", prompt: "Q: é? A:", text: " b c" }]);
  });

  test("tokens that are told by their ids have no texts", async () => {
    const logprobs = {
      tokens: ["token_id:4", "token_id:5", "token_id:6"],
      token_logprobs: [null, -1, -2],
      text_offset: [0, 8, 10],
    };
    const request = { prompt: "Q: é? A: b c", echo: true, logprobs: 1, max_tokens: 0 };
    const { likelihoods } = await reading(dump(echoed({ logprobs }, { prompt: "Q: é? A:", request })));
    expect(likelihoods[0]).toMatchObject({ tokenLogProbabilities: [-1, -2] });
    expect(likelihoods[0]?.tokens).toBeUndefined();
  });

  test("what the server generated after a given text is no part of it", async () => {
    const { likelihoods } = await reading(
      dump(
        echoed(
          {},
          { prompt: "Q: é? A:", request: { prompt: "Q: é? A: b", echo: true, logprobs: 1, max_tokens: 1 } },
        ),
      ),
    );
    expect(sums(likelihoods)).toEqual([["data", -8]]);
  });

  test("what follows the request's prompt was drawn by the model", async () => {
    const { likelihoods, responses, outcomes } = await reading(
      dump(
        echoed(
          {},
          { request: { prompt: "Q: é? A:", echo: true, logprobs: 1, max_tokens: 9, temperature: 1 } },
        ),
      ),
      { texts: true },
    );
    expect(likelihoods).toMatchObject([
      {
        role: "draw",
        drawnBy: "m",
        draw: 0,
        logProbability: -24,
        method: expect.stringMatching(/drawn untempered$/),
      },
    ]);
    expect(responses[0]?.text).toBe(" b c");
    expect(outcomes).toEqual([]);
  });

  test("without a prompt the whole text is data, and it is said", async () => {
    const { likelihoods, notes } = await reading(dump(echoed().response));
    expect(sums(likelihoods)).toEqual([["data", -31]]);
    expect(likelihoods[0]?.method).toContain("the whole text, without the first token");
    expect(notes.join()).toContain("nothing tells where prompts end");
  });

  test("a beginning-of-sequence token shifts no boundary", async () => {
    const logprobs = {
      tokens: ["<s>", "Q:", " é", "?", " A:", " b", " c"],
      token_logprobs: [null, -32, -1, -2, -4, -8, -16],
      text_offset: [0, 3, 5, 7, 8, 11, 13],
    };
    const beside = { prompt: "Q: é? A:", request: { prompt: "Q: é? A: b c", echo: true, max_tokens: 0 } };
    expect(sums((await reading(dump(echoed({ logprobs }, beside)))).likelihoods)).toEqual([["data", -24]]);
  });

  test("offsets tell the boundary where tokens are fragments of characters", async () => {
    const logprobs = {
      tokens: ["Q:", " ", "bytes:\\xc3", "bytes:\\xa9", "? A:", " b c"],
      token_logprobs: [null, -1, -2, -4, -8, -16],
      text_offset: [0, 2, 3, 3, 4, 8],
    };
    const beside = { prompt: "Q: é? A:", request: { prompt: "Q: é? A: b c", echo: true, max_tokens: 0 } };
    expect(sums((await reading(dump(echoed({ logprobs }, beside)))).likelihoods)).toEqual([["data", -16]]);
  });

  test("a token over the boundary counts to the response, and the method says so", async () => {
    const beside = { prompt: "Q: é? A: ", request: { prompt: "Q: é? A: b c", echo: true, max_tokens: 0 } };
    const { likelihoods } = await reading(dump(echoed({}, beside)));
    expect(sums(likelihoods)).toEqual([["data", -24]]);
    expect(likelihoods[0]?.method).toContain("a token over the boundary");
  });

  test("the same text under two models has one number, whatever the order", async () => {
    const request = (text: string) => ({
      prompt: "Q: é? A:",
      request: { prompt: text, echo: true, max_tokens: 1 },
    });
    const first = echoed({}, request("Q: é? A: b"));
    const second = echoed({}, request("Q: é? A: b c"));
    const one = (await reading(dump(first, second))).likelihoods;
    const two = (await reading(dump(second, first))).likelihoods;
    expect(one.map(({ draw, drawSet }) => [draw, drawSet])).toEqual(
      two.map(({ draw, drawSet }) => [draw, drawSet]).reverse(),
    );
    expect(one[0]?.draw).not.toBe(one[1]?.draw);
    expect(new Set([...one, ...two].map(({ promptHash }) => promptHash)).size).toBe(1);
  });

  test("a text scored twice is dropped where alike and rejected where not", async () => {
    const other = { tokens: ["Q: é? A: b", " c"], token_logprobs: [null, -3], text_offset: [0, 10] };
    const { likelihoods, drops, rejections } = await reading(
      dump(echoed(), echoed(), echoed({ logprobs: other })),
    );
    expect(likelihoods.length).toBe(1);
    expect(drops).toEqual([{ reason: "the same text scored again, alike", rows: 1 }]);
    expect(rejections).toMatchObject([{ line: 3, field: "logprobs" }]);
  });

  test.each([
    ["no log-probabilities", { logprobs: null }, "choices[0].logprobs", "ignores echo"],
    [
      "a first token with a log-probability",
      { text: " b", logprobs: { tokens: [" b"], token_logprobs: [-1], text_offset: [8] } },
      "choices[0].logprobs",
      "ignored echo",
    ],
    [
      "a null within the response",
      { logprobs: { tokens: ["Q: é? A:", " b", " c"], token_logprobs: [null, -1, null] } },
      "choices[0].logprobs.token_logprobs[2]",
      "no log-probability",
    ],
    [
      "a positive number",
      { logprobs: { tokens: ["Q: é? A:", " b c"], token_logprobs: [null, 0.5] } },
      "choices[0].logprobs.token_logprobs[1]",
      "at most 0",
    ],
    [
      "a placeholder",
      { logprobs: { tokens: ["Q: é? A:", " b c"], token_logprobs: [null, -9999] } },
      "choices[0].logprobs.token_logprobs[1]",
      "stands for",
    ],
    [
      "lists of different length",
      { logprobs: { tokens: ["Q: é? A:"], token_logprobs: [null, -1] } },
      "choices[0].logprobs.tokens",
      "beside 2",
    ],
    [
      "tokens that do not spell the text",
      { logprobs: { tokens: ["Q", "b c"], token_logprobs: [null, -1] } },
      "choices[0].logprobs.token_logprobs",
      "do not tell where the prompt ends",
    ],
    ["another prompt", { text: "Other" }, "choices[0].text", "does not begin with the prompt"],
  ])("%s is rejected with its field, never scored 0", async (_, change, field, reason) => {
    const request = { prompt: "Q: é? A: b c", echo: true, logprobs: 1, max_tokens: 0 };
    const { rejections, likelihoods } = await reading(
      dump(echoed(change, { prompt: "Q: é? A:", request }), echoed()),
    );
    expect(rejections).toMatchObject([{ line: 1, field, reason: expect.stringContaining(reason) }]);
    expect(likelihoods.length).toBe(1);
  });
});
