/** SGLang, Text Generation Inference and llama.cpp's server over the scripted model, by their native interfaces. */
import {
  beginning,
  end,
  nextLogProbabilities,
  pieceOf,
  scoreOf,
  textOf,
  tokenise,
  vocabularySize,
} from "./scripted-model.ts";
import { chatCompletion, chatPrompt } from "./scripted-openai.ts";
import {
  drawn,
  type Fault,
  faulty,
  type Json,
  numberAt,
  type Reply,
  type Routes,
  withNaN,
} from "./scripted-server.ts";

const modelDefaults = { temperature: 0.7, top_p: 0.8, top_k: 20 };
const withBeginning = (text: unknown): number[] => [beginning, ...tokenise(text as string)];

export function sglangRoutes(fault?: Fault): Routes {
  return {
    "GET /get_model_info": () => ({ body: { model_path: "scripted", is_generation: true } }),
    "GET /v1/models": () => ({
      body: { data: [{ id: "scripted", owned_by: "sglang", max_model_len: 512 }] },
    }),
    "POST /generate": (body) => sglangGenerate(body, fault),
    "POST /v1/chat/completions": (body) => chatCompletion(body, fault, modelDefaults),
  };
}

function sglangGenerate(body: Json, fault: Fault | undefined): Reply {
  const prompt = (body.input_ids as number[] | undefined) ?? withBeginning(body.text);
  const params = (body.sampling_params ?? {}) as Json;
  const chooser = {
    temperature: numberAt(params, "temperature", modelDefaults.temperature),
    topP: numberAt(params, "top_p", modelDefaults.top_p),
    topK: Math.max(0, numberAt(params, "top_k", modelDefaults.top_k)),
    minP: numberAt(params, "min_p", 0),
  };
  const most = numberAt(params, "max_new_tokens", 128);
  const { tokens, finish } = drawn(prompt, { chooser, most, seed: params.sampling_seed });
  const told = (id: number) => (body.return_text_in_logprobs === true ? pieceOf(id) : null);
  const triples = (ids: readonly number[], scores: readonly number[]) =>
    ids.map((id, index) => [faulty(scores[index] as number, fault), id, told(id)]);
  let input: unknown[] = [
    [null, prompt[0], null],
    ...triples(prompt.slice(1), scoreOf([prompt[0] as number], prompt.slice(1))),
  ];
  if (fault === "shifted") {
    const scores = (input as [unknown, number, null][]).map(([score]) => score);
    input = prompt.map((id, index) => [index < 2 ? null : scores[index - 1], id, null]);
  }
  // Log-probabilities of the output are scaled by the temperature, as SGLang's are.
  const output = triples(tokens, scoreOf(prompt, tokens, chooser.temperature));
  const logprob = body.return_logprob === true && fault !== "ignores echo";
  return {
    body: withNaN({
      text: textOf(tokens),
      meta_info: {
        finish_reason: finish === "stop" ? { type: "stop", matched: end } : { type: "length", length: most },
        prompt_tokens: prompt.length,
        completion_tokens: tokens.length,
        ...(logprob && { input_token_logprobs: input, output_token_logprobs: output }),
      },
    }),
  };
}

export function tgiRoutes(fault?: Fault): Routes {
  return {
    "GET /info": () => ({ body: { model_id: "scripted", version: "3.3.0", max_total_tokens: 512 } }),
    "POST /generate": ({ inputs, parameters }) => tgiGenerate(inputs, (parameters ?? {}) as Json, fault),
  };
}

function tgiGenerate(inputs: unknown, params: Json, fault: Fault | undefined): Reply {
  if (typeof params.top_p === "number" && !(params.top_p < 1)) {
    return { status: 422, body: { error: "`top_p` must be > 0.0 and < 1.0", error_type: "validation" } };
  }
  const prompt = withBeginning(inputs);
  const chooser = {
    temperature: numberAt(params, "temperature", 1),
    topP: numberAt(params, "top_p", 1),
    topK: params.do_sample === true ? numberAt(params, "top_k", 0) : 1,
    minP: 0,
  };
  const { tokens, finish } = drawn(prompt, {
    chooser,
    most: numberAt(params, "max_new_tokens", 100),
    seed: params.seed,
  });
  const scores = scoreOf(prompt, tokens, chooser.temperature);
  const before = [null, ...scoreOf([beginning], prompt.slice(1)).map((score) => faulty(score, fault))];
  const listed = fault === "shifted" ? [null, ...before.slice(0, -1)] : before;
  return {
    body: withNaN({
      generated_text: textOf(tokens),
      details: {
        finish_reason: finish === "stop" ? "eos_token" : "length",
        prefill:
          params.decoder_input_details === true && fault !== "ignores echo"
            ? prompt.map((id, index) => ({ id, text: pieceOf(id), logprob: listed[index] }))
            : [],
        tokens: tokens.map((id, index) => ({
          id,
          text: pieceOf(id),
          logprob: faulty(scores[index] as number, fault),
          special: id <= end,
        })),
      },
    }),
  };
}

/** `old`: a version whose grammars know no token ids. */
export function llamaRoutes(fault?: Fault, old = false): Routes {
  return {
    "GET /v1/models": () => ({
      body: { data: [{ id: "scripted", owned_by: "llamacpp", meta: { n_vocab: vocabularySize } }] },
    }),
    "GET /props": () => ({
      body: {
        default_generation_settings: {
          n_ctx: 512,
          params: { temperature: 0.8, top_k: 40, top_p: 0.95, min_p: 0.05 },
        },
        build_info: "b1",
      },
    }),
    "POST /tokenize": ({ content, add_special, with_pieces }) => {
      const tokens = add_special === true ? withBeginning(content) : tokenise(content as string);
      const named = tokens.map((id) => ({ id, piece: pieceOf(id) }));
      return { body: { tokens: with_pieces === true && !old ? named : tokens } };
    },
    "POST /detokenize": ({ tokens }) => ({ body: { content: textOf(tokens as number[]) } }),
    "POST /apply-template": ({ messages }) => ({ body: { prompt: textOf(chatPrompt(messages)) } }),
    "POST /completion": (body) => llamaCompletion(body, fault, old),
  };
}

function llamaCompletion(body: Json, fault: Fault | undefined, old: boolean): Reply {
  const prompt = body.prompt as number[];
  const most = numberAt(body, "n_predict", 16);
  const written = typeof body.grammar === "string" ? body.grammar : "";
  if (written !== "" && (old || fault === "ignores echo")) {
    return { status: 400, body: { error: { message: "failed to parse grammar", code: 400 } } };
  }
  const forced = [...written.matchAll(/<\[(\d+)\]>/g)].map((match) => Number(match[1]));
  const bias = (body.logit_bias as [number, number][] | undefined)?.[0]?.[0];
  const chooser = {
    temperature: numberAt(body, "temperature", 0.8),
    topP: numberAt(body, "top_p", 0.95),
    topK: numberAt(body, "top_k", 40),
    minP: numberAt(body, "min_p", 0.05),
  };
  const free = drawn(prompt, { chooser, most, seed: body.seed });
  const tokens = forced.length > 0 ? forced : bias !== undefined ? [bias] : free.tokens;
  const scores = scoreOf(prompt, tokens).map((score) => faulty(score, fault));
  if (fault === "shifted") scores.unshift(scores.pop() as number);
  const listed = Array.from(nextLogProbabilities(prompt), (logprob, id) => ({
    id,
    logprob: faulty(logprob, fault),
  }));
  return {
    body: withNaN({
      content: textOf(tokens),
      tokens: body.return_tokens === true ? tokens : [],
      stop_type: tokens.at(-1) === end ? "eos" : "limit",
      completion_probabilities: tokens.map((id, index) => ({
        id,
        token: pieceOf(id),
        logprob: scores[index],
        top_logprobs: numberAt(body, "n_probs", 0) > 1 ? listed.slice().reverse() : [],
      })),
    }),
  };
}
