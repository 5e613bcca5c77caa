/** Dumps of completion servers: prompt log-probabilities by token id, and sampled answers of every server. */
import { afterAll, describe, expect, test } from "vitest";
import { reading, testFolder } from "./reading.ts";
import { dumpWriter, echoed, serverDumpRecords, sums } from "./server-answers.ts";

const folder = testFolder();
afterAll(() => folder.remove());
const dump = dumpWriter(folder);

describe("vLLM prompt_logprobs", () => {
  const positions = [
    null,
    {
      "9": { logprob: -1, rank: 1, decoded_token: "z" },
      "20": { logprob: -4, rank: 5, decoded_token: " two" },
    },
    {
      "7": { logprob: -2, rank: 2, decoded_token: " three" },
      "3": { logprob: -0.5, rank: 1, decoded_token: "z" },
    },
  ];
  const answer = (change: Readonly<Record<string, unknown>> = {}) => ({
    object: "text_completion",
    model: "m",
    usage: { prompt_tokens: 3, completion_tokens: 1 },
    choices: [
      { index: 0, text: "x", finish_reason: "length", logprobs: null, prompt_logprobs: positions, ...change },
    ],
  });

  test("the token of each position is looked up by its id, not by the order of keys", async () => {
    const { likelihoods, outcomes } = await reading(dump(answer({ prompt_token_ids: [1, 20, 7] })));
    expect(sums(likelihoods)).toEqual([["data", -6]]);
    expect(likelihoods[0]?.tokens).toEqual([" two", " three"]);
    expect(outcomes).toEqual([]);
  });

  test("a prompt beside the request tells where the response begins", async () => {
    const record = {
      prompt: "one two",
      request: { prompt: "one two three", prompt_logprobs: 1, max_tokens: 1 },
      response: answer({ prompt_token_ids: [1, 20, 7] }),
    };
    const { likelihoods, responses } = await reading(dump(record), { texts: true });
    expect(sums(likelihoods)).toEqual([["data", -2]]);
    expect(responses).toMatchObject([{ role: "data", text: " three", prompt: "one two" }]);
  });

  test("chat answers hold them at top level", async () => {
    const { likelihoods } = await reading(
      dump({
        object: "chat.completion",
        model: "m",
        usage: { completion_tokens: 1 },
        prompt_token_ids: [1, 20, 7],
        prompt_logprobs: positions,
        choices: [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "length" }],
      }),
    );
    expect(sums(likelihoods)).toEqual([["data", -6]]);
  });

  test.each([
    ["several tokens and no ids", answer(), "choices[0].prompt_logprobs[1]", "return_token_ids"],
    [
      "an id that is not there",
      answer({ prompt_token_ids: [1, 2, 7] }),
      "choices[0].prompt_logprobs[1]",
      "token 2",
    ],
    [
      "ids of another length",
      answer({ prompt_token_ids: [1, 20] }),
      "choices[0].prompt_logprobs",
      "2 token ids",
    ],
  ])("%s: rejected", async (_, response, field, reason) => {
    const { rejections } = await reading(dump(response, echoed()));
    expect(rejections).toMatchObject([{ line: 1, field, reason: expect.stringContaining(reason) }]);
  });
});

describe("sampled answers", () => {
  test("draws of one prompt are numbered over lines, with token log-probabilities and texts", async () => {
    const line = (text: string, logprob: number) => ({
      problem_id: "p1",
      answer: "4",
      request: { messages: [{ role: "user", content: "2+2?" }], temperature: 1, seed: 3 },
      response: {
        object: "chat.completion",
        model: "m",
        choices: [
          {
            index: 0,
            message: { role: "assistant", content: text },
            finish_reason: "stop",
            logprobs: { content: [{ token: text, logprob }] },
          },
        ],
      },
    });
    const { likelihoods, responses, notes } = await reading(dump(line("4", -0.5), line("5", -2)), {
      texts: true,
    });
    expect(likelihoods.map(({ tokens }) => tokens)).toEqual([["4"], ["5"]]);
    expect(likelihoods.map(({ draw, logProbability, problem }) => [draw, logProbability, problem])).toEqual([
      [0, -0.5, "p1"],
      [1, -2, "p1"],
    ]);
    expect(likelihoods[0]?.sampling).toEqual({ temperature: 1 });
    expect(responses[1]).toMatchObject({
      prompt: "user: 2+2?",
      text: "5",
      target: "4",
      seed: 3,
      finishReason: "stop",
    });
    expect(notes).toEqual([]);
  });

  test("temperature and truncation are in the settings and the method, and a note says what they mean", async () => {
    const record = {
      request: { prompt: "Q", temperature: 0.7, top_p: 0.9, top_k: -1, max_tokens: 5 },
      response: {
        object: "text_completion",
        model: "m",
        choices: [
          {
            index: 0,
            text: "a",
            finish_reason: "stop",
            logprobs: { tokens: ["a"], token_logprobs: [-1], text_offset: [1] },
          },
        ],
      },
    };
    const { likelihoods, notes } = await reading(dump(record));
    expect(likelihoods[0]).toMatchObject({
      sampling: { temperature: 0.7, topP: 0.9, topK: -1, maxTokens: 5 },
      method: expect.stringContaining("drawn tempered (temperature 0.7, top-p 0.9)"),
    });
    expect(notes.join()).toContain("not draws from the model's own distribution");
  });

  test("several prompts of one request are answered in their order, n each", async () => {
    const { responses } = await reading(
      dump({
        request: { prompt: ["P", "R"], n: 2 },
        response: {
          object: "text_completion",
          model: "m",
          choices: [0, 1, 2, 3].map((index) => ({
            index,
            text: `t${index}`,
            finish_reason: "stop",
            logprobs: null,
          })),
        },
      }),
      { texts: true },
    );
    expect(responses.map(({ prompt, text, draw }) => `${prompt} ${text} ${draw}`)).toEqual([
      "P t0 0",
      "P t1 1",
      "R t2 0",
      "R t3 1",
    ]);
  });

  test("without requests every line is its own problem, and it is said", async () => {
    const response = {
      object: "text_completion",
      model: "m",
      choices: [{ index: 0, text: "a", finish_reason: "stop", logprobs: null }],
    };
    const { outcomes, notes } = await reading(dump(response, response));
    expect(new Set(outcomes.map(({ problem }) => problem)).size).toBe(2);
    expect(notes.join()).toContain("the requests are not in the dump");
  });

  test("SGLang's output is tempered, its input scored from logprob_start_len on", async () => {
    const meta = { id: "x", finish_reason: { type: "length" }, prompt_tokens: 2 };
    const { likelihoods } = await reading(
      dump(
        {
          request: { text: "P", sampling_params: { temperature: 0.5 } },
          response: {
            text: " ab",
            meta_info: {
              ...meta,
              output_token_logprobs: [
                [-1, 5, " a"],
                [-2, 6, "b"],
              ],
            },
          },
        },
        {
          request: { text: "P q r", logprob_start_len: 1, sampling_params: { max_new_tokens: 1 } },
          response: {
            text: "x",
            meta_info: {
              ...meta,
              input_token_logprobs: [
                [null, 7, null],
                [-4, 8, null],
              ],
              output_token_logprobs: [[-1, 5, "x"]],
            },
          },
        },
      ),
    );
    expect(sums(likelihoods)).toEqual([
      ["draw", -3],
      ["data", -4],
    ]);
    expect(likelihoods.map(({ tokens }) => tokens)).toEqual([[" a", "b"], undefined]);
    expect(likelihoods[0]?.method).toContain("scaled by the temperature 0.5");
    expect(likelihoods[1]?.method).toContain("from token 2 of the prompt on");
  });

  test("llama.cpp's answers, new and old", async () => {
    const { likelihoods, rejections } = await reading(
      dump(
        {
          content: " ab",
          prompt: "P",
          generation_settings: {
            model: "tiny",
            temperature: 1,
            top_k: 0,
            top_p: 1,
            min_p: 0,
            repeat_penalty: 1,
          },
          completion_probabilities: [
            { id: 1, token: " a", logprob: -1, top_logprobs: [] },
            { id: 2, token: "b", logprob: -2, top_logprobs: [] },
          ],
        },
        {
          content: "a",
          prompt: "P",
          completion_probabilities: [
            {
              content: "a",
              probs: [
                { tok_str: "b", prob: 0.75 },
                { tok_str: "a", prob: 0.25 },
              ],
            },
          ],
        },
        {
          content: "c",
          prompt: "P",
          completion_probabilities: [{ content: "c", probs: [{ tok_str: "b", prob: 0.75 }] }],
        },
        { content: "c", prompt: "P", completion_probabilities: [{ token: "c", prob: 0 }] },
      ),
    );
    expect(likelihoods.map(({ logProbability }) => logProbability)).toEqual([-3, Math.log(0.25)]);
    expect(likelihoods.map(({ tokens }) => tokens)).toEqual([[" a", "b"], ["a"]]);
    expect(likelihoods[0]).toMatchObject({
      model: "tiny",
      sampling: { temperature: 1, topK: 0, topP: 1, minP: 0 },
    });
    expect(likelihoods[0]?.method).toContain("raw; drawn untempered");
    expect(likelihoods[1]?.method).toContain("tempered");
    expect(rejections.map(({ line, field }) => [line, field])).toEqual([
      [3, "completion_probabilities[0].probs"],
      [4, "completion_probabilities[0].prob"],
    ]);
  });

  test("another model's draws scored here keep their drawer and number", async () => {
    const { likelihoods } = await reading(
      dump(
        echoed(
          {},
          {
            prompt: "Q: é? A:",
            drawn_by: "teacher",
            draw: 5,
            request: { prompt: "Q: é? A: b c", echo: true, max_tokens: 0 },
          },
        ),
      ),
    );
    expect(likelihoods).toMatchObject([
      { role: "draw", drawnBy: "teacher", model: "m", draw: 5, drawSet: "" },
    ]);
  });

  test("the answers of the small input are all read", async () => {
    const { likelihoods, outcomes } = await reading(dump(...serverDumpRecords));
    expect(sums(likelihoods)).toEqual([
      ["data", -0.625],
      ["draw", -0.5],
      ["draw", -1.75],
      ["data", -3.25],
      ["draw", -0.5],
      ["draw", -0.375],
    ]);
    expect(outcomes).toEqual([]);
  });

  test("errors of a batch are rejected with the server's message", async () => {
    const { rejections } = await reading(
      dump(
        { custom_id: "a", response: { status_code: 200, body: echoed().response } },
        { custom_id: "b", response: { status_code: 429, body: { error: { message: "slow down" } } } },
      ),
    );
    expect(rejections).toMatchObject([{ line: 2, reason: "the server answered with an error: slow down" }]);
  });
});
