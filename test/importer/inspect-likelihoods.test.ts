/** Log-probabilities in Inspect logs, against a model with exact ones: which are imported, as what, and which are not. */
import { afterAll, describe, expect, test } from "vitest";
import { beginning, end, pieceOf, scoreOf, textOf, tokenise } from "../endpoint/scripted-model.ts";
import { drawn } from "../endpoint/scripted-server.ts";
import { reading, testFolder } from "./reading.ts";
import { zipOf } from "./zip-writer.ts";

const folder = testFolder();
afterAll(() => folder.remove());

type Json = Readonly<Record<string, unknown>>;
interface Log {
  readonly samples: readonly Json[];
  readonly config?: Json;
  readonly model?: string;
  readonly steps?: readonly Json[];
}

const prompt = [beginning, ...tokenise("The")];
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Draws of the scripted model as a chat server lists them, the end token with an empty text. */
const draws = Array.from({ length: 20 }, (_, seed) => {
  const chooser = { temperature: 1, topP: 1, topK: 0, minP: 0 };
  const { tokens, finish } = drawn(prompt, { chooser, most: 60, seed });
  const scores = scoreOf(prompt, tokens);
  const own = tokens.filter((token) => token !== end);
  return { tokens, scores, finish, text: textOf(own), exact: sum(scoreOf(prompt, own)), own };
});
const content = ({ tokens, scores }: Pick<(typeof draws)[number], "tokens" | "scores">) =>
  tokens.map((token, index) => {
    const text = token === end ? "" : pieceOf(token);
    return { token: text, logprob: scores[index], bytes: [...Buffer.from(text)], top_logprobs: [] };
  });

function sampleOf(epoch: number, text: string, choice: Json, changes: Json = {}): Json {
  const message = { role: "assistant", content: text, source: "generate" };
  return {
    id: "q",
    epoch,
    input: "The",
    target: "A",
    messages: [{ role: "user", content: "The", source: "input" }, message],
    output: { model: "m", choices: [{ message, stop_reason: "stop", ...choice }], completion: text },
    scores: { match: { value: "C" } },
    ...changes,
  };
}

const drawnSamples = draws.map((draw, index) =>
  sampleOf(index + 1, draw.text, {
    stop_reason: draw.finish === "length" ? "max_tokens" : "stop",
    logprobs: { content: content(draw) },
  }),
);

const headOf = ({ config = {}, model = "openai/m", steps = [] }: Omit<Log, "samples">) => ({
  version: 2,
  status: "success",
  eval: { eval_id: "e", task: "t", model, model_generate_config: config, scorers: [{ name: "match" }] },
  plan: { name: "plan", steps, config: {} },
});
const asJson = ({ samples, ...head }: Log) =>
  folder.write("log.json", JSON.stringify({ ...headOf(head), samples }));
function asArchive({ samples, ...head }: Log): string {
  const member = (name: string, value: unknown) => ({
    name,
    content: JSON.stringify(value),
    method: "deflate" as const,
  });
  const summary = ({ messages: _messages, output: _output, ...rest }: Json) => ({ ...rest, completed: true });
  return folder.write(
    "log.eval",
    zipOf([
      member("header.json", headOf(head)),
      ...samples.map((sample) => member(`samples/${sample.id}_epoch_${sample.epoch}.json`, sample)),
      member("summaries.json", samples.map(summary)),
    ]),
  );
}

const asked = { logprobs: true, temperature: 1 };

describe.each([
  { form: "the JSON document", write: asJson },
  { form: "the archive", write: asArchive },
])("$form", ({ write }) => {
  test.each([true, false])(
    "gives the exact sums in nats of every draw, texts asked for: %s",
    async (texts) => {
      const log = await reading(write({ samples: drawnSamples, config: asked }), { texts });
      const spoken = draws.filter(({ text }) => text !== "");
      expect(new Set(spoken.map(({ finish }) => finish))).toEqual(new Set(["stop", "length"]));
      expect([log.rejections, log.drops, log.notes]).toEqual([[], [], []]);
      expect(log.outcomes).toHaveLength(draws.length);
      expect(log.responses).toHaveLength(texts ? draws.length : 0);
      const rows = [...log.likelihoods].sort((left, right) => left.draw - right.draw);
      expect(rows.map(({ draw }) => draw)).toEqual(
        draws.flatMap(({ text }, index) => (text === "" ? [] : [index])),
      );
      rows.forEach((row, index) => {
        const draw = spoken[index] as (typeof draws)[number];
        expect(row.logProbability).toBeCloseTo(draw.exact, 12);
        expect(row.tokenLogProbabilities).toEqual(draw.scores.slice(0, draw.own.length));
        expect(row.tokens?.join("")).toBe(draw.text);
        expect(row).toMatchObject({ role: "draw", model: "openai/m", drawnBy: "openai/m", drawSet: "e" });
        expect(row.tokenCount).toBe(draw.own.length);
      });
      expect(rows[0]?.method).toBe("Inspect, raw as the server defines it, no end token; drawn untempered");
    },
  );

  test("a step of the plan may have asked for them", async () => {
    const steps = [{ solver: "generate", params: { logprobs: true } }];
    const { likelihoods } = await reading(write({ samples: drawnSamples.slice(0, 1), steps }));
    expect(likelihoods).toHaveLength(1);
    expect(likelihoods[0]?.method).toContain("drawn under settings that the log does not tell");
  });
});

const one = (choice: Json, changes: Json = {}) => ({
  samples: [sampleOf(1, "a b", { logprobs: { content: listed("a", " b") }, ...choice }, changes)],
});
const listed = (...tokens: string[]) => tokens.map((token) => ({ token, logprob: -1 }));
const read = (log: Log) => reading(asJson({ config: asked, ...log }));

describe("what is tempered is said", () => {
  test.each<[string, Json, string]>([
    ["a temperature", { temperature: 0.7 }, "temperature 0.7"],
    ["truncation", { ...asked, top_p: 0.9, top_k: 20 }, "top-p 0.9, top-k 20"],
    ["penalties", { ...asked, frequency_penalty: 0.5 }, "frequency_penalty 0.5"],
    ["a bias of tokens", { ...asked, logit_bias: { "5": 3 } }, "logit_bias set"],
    ["fields of the server's own", { ...asked, extra_body: { min_p: 0.1 } }, "min-p 0.1"],
  ])("%s, in the method and in a note", async (_, config, words) => {
    const { likelihoods, notes } = await read({ ...one({}), config });
    expect(likelihoods[0]?.method).toContain(`drawn tempered (${words})`);
    expect(notes.join()).toContain(`drawn under ${words}: not draws from the model's own distribution`);
  });

  test("neutral settings are none, and what task and prompt are is none", async () => {
    const config = { ...asked, top_p: 1, presence_penalty: 0, system_message: "Be brief." };
    const { likelihoods, notes } = await read({ ...one({}), config });
    expect(likelihoods[0]?.method).toContain("drawn untempered");
    expect(notes).toEqual([]);
  });

  test.each([
    [0.7, "tempered: scaled by the temperature, 0.7"],
    [undefined, "tempered: scaled by the temperature, which is unknown"],
    [1, "raw as the server defines it"],
  ])("an SGLang server's values at temperature %s are %s", async (temperature, words) => {
    const { likelihoods } = await read({
      ...one({}),
      model: "sglang/m",
      config: { logprobs: true, temperature },
    });
    expect(likelihoods[0]?.method).toContain(words);
  });
});

describe("what is no log-probability of the response is left out and counted", () => {
  test.each<[string, Json]>([
    ["a part of the tokens", { logprobs: { content: listed("a") } }],
    ["the last tokens alone", { logprobs: { content: listed(" b") } }],
    ["a part of the tokens at the length", { stop_reason: "max_tokens", logprobs: { content: listed("a") } }],
    ["the most likely tokens of the hf provider", { logprobs: { content: listed("Ġthe", "Ġcat") } }],
    ["the same at the length", { stop_reason: "max_tokens", logprobs: { content: listed("Ġthe", "Ġcat") } }],
    ["a text that a filter cut", { stop_reason: "content_filter" }],
  ])("%s", async (_, choice) => {
    const { likelihoods, outcomes, drops } = await read(one(choice));
    expect(likelihoods).toEqual([]);
    expect(outcomes).toHaveLength(1);
    expect(drops).toEqual([{ reason: expect.stringContaining("do not spell the response"), rows: 1 }]);
  });

  test("a later turn, which answers more than the prompt; examples in the input are no turns", async () => {
    const turn = (content: string, source?: string) => ({ role: "assistant", content, source });
    const user = { role: "user", content: "The" };
    const turns = (messages: Json[], input: unknown = "The") => read(one({}, { messages, input }));
    const later = await turns([user, turn("x", "generate"), user, turn("a b", "generate")]);
    expect(later.likelihoods).toEqual([]);
    expect(later.drops).toEqual([{ reason: expect.stringContaining("not the sample's only one"), rows: 1 }]);
    expect((await turns([user, turn("x"), user, turn("a b")])).likelihoods).toEqual([]);
    const examples = [user, turn("x"), user];
    expect((await turns([...examples, turn("a b")], examples)).likelihoods).toHaveLength(1);
    expect((await turns([user, turn("x", "input"), user, turn("a b", "generate")])).likelihoods).toHaveLength(
      1,
    );
  });

  test.each([
    [-9999, "does not tell"],
    [0.5, "at most 0"],
    ["low", "not a finite number"],
    [null, "missing"],
  ])("a value %s is rejected by its field, and the verdict stays", async (logprob, reason) => {
    const { likelihoods, rejections, outcomes } = await read(
      one({
        logprobs: {
          content: [
            { token: "a", logprob: -1 },
            { token: " b", logprob },
          ],
        },
      }),
    );
    expect([likelihoods, outcomes.length]).toEqual([[], 1]);
    expect(rejections).toMatchObject([
      {
        member: "samples[0]",
        field: "output.choices[0].logprobs.content[1].logprob",
        reason: expect.stringContaining(reason),
      },
    ]);
  });
});

test("code points written as bytes do not keep the texts from spelling the response", async () => {
  const samples = [
    sampleOf(1, "é日", {
      logprobs: {
        content: ["é", "日"].map((token) => ({ token, logprob: -1, bytes: [token.codePointAt(0)] })),
      },
    }),
  ];
  expect((await read({ samples })).likelihoods).toMatchObject([{ logProbability: -2, tokens: ["é", "日"] }]);
});
