/** Answers of completion servers for tests, made by hand in the servers' forms. */

/** Completions with echo, one with a prompt to tell the boundary by, and sampled answers of the usual servers. */
export const serverDumpRecords = [
  {
    prompt: "Two and two",
    request: { model: "m", prompt: "Two and two is four", echo: true, logprobs: 1, max_tokens: 0 },
    response: {
      object: "text_completion",
      model: "m",
      choices: [
        {
          index: 0,
          text: "Two and two is four",
          finish_reason: "length",
          logprobs: {
            tokens: ["Two", " and", " two", " is", " four"],
            token_logprobs: [null, -1.5, -0.25, -0.5, -0.125],
            text_offset: [0, 3, 7, 11, 14],
          },
        },
      ],
    },
  },
  {
    request: { messages: [{ role: "user", content: "Hi" }], temperature: 1, n: 2, seed: 7 },
    response: {
      object: "chat.completion",
      model: "m",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hey" },
          finish_reason: "stop",
          logprobs: { content: [{ token: "Hey", logprob: -0.5, top_logprobs: [] }] },
        },
        {
          index: 1,
          message: { role: "assistant", content: "Ho!" },
          finish_reason: "length",
          logprobs: {
            content: [
              { token: "Ho", logprob: -1.5 },
              { token: "!", logprob: -0.25 },
            ],
          },
        },
      ],
    },
  },
  {
    request: { prompt: [5, 17, 9], prompt_logprobs: 1, max_tokens: 1 },
    response: {
      object: "text_completion",
      model: "m",
      choices: [
        {
          index: 0,
          text: "x",
          finish_reason: "length",
          logprobs: null,
          prompt_logprobs: [
            null,
            {
              "9": { logprob: -0.5, rank: 1, decoded_token: "b" },
              "17": { logprob: -2.5, rank: 3, decoded_token: "a" },
            },
            { "9": { logprob: -0.75, rank: 1, decoded_token: "b" } },
          ],
        },
      ],
    },
  },
  {
    request: { text: "Say", sampling_params: { temperature: 0.5, max_new_tokens: 4 } },
    response: {
      text: " yes",
      meta_info: {
        id: "1",
        finish_reason: { type: "stop" },
        prompt_tokens: 1,
        output_token_logprobs: [
          [-0.5, 3, " yes"],
          [-0.125, 0, null],
        ],
      },
    },
  },
  {
    content: " no",
    prompt: "Say",
    model: "m",
    generation_settings: { temperature: 1, top_k: 0, top_p: 1, min_p: 0 },
    completion_probabilities: [{ id: 4, token: " no", logprob: -0.375, top_logprobs: [] }],
  },
];

/** A completion with echo, with changes to its choice and fields beside the response. */
export const echoed = (
  change: Readonly<Record<string, unknown>> = {},
  beside: Readonly<Record<string, unknown>> = {},
) => ({
  response: {
    object: "text_completion",
    model: "m",
    choices: [
      {
        index: 0,
        text: "Q: é? A: b c",
        finish_reason: "length",
        logprobs: {
          tokens: ["Q:", " é", "?", " A:", " b", " c"],
          token_logprobs: [null, -1, -2, -4, -8, -16],
          text_offset: [0, 2, 4, 5, 8, 10],
        },
        ...change,
      },
    ],
  },
  ...beside,
});

/** Role and log-probability of rows. */
export const sums = (rows: readonly { role: string; logProbability: number }[]) =>
  rows.map(({ role, logProbability }) => [role, logProbability]);

/** Writes records as JSON lines into files of their own. */
export function dumpWriter(folder: { write(name: string, content: string): string }) {
  let files = 0;
  return (...records: readonly unknown[]): string => {
    files += 1;
    return folder.write(`dump${files}.jsonl`, records.map((record) => JSON.stringify(record)).join("\n"));
  };
}
