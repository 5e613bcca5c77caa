/** vLLM and OpenAI-compatible servers over the scripted model; field names and shapes as in vLLM's sources. */
import {
  beginning,
  type Chooser,
  end,
  nextLogProbabilities,
  pieceOf,
  scoreOf,
  textOf,
  tokenise,
} from "./scripted-model.ts";
import {
  choicesOf,
  drawn,
  type Fault,
  faulty,
  type Json,
  numberAt,
  type Reply,
  type Routes,
  withNaN,
} from "./scripted-server.ts";

/** The model folder's generation_config.json, which counts where a request says nothing. */
const modelDefaults = { temperature: 0.7, top_p: 0.8, top_k: 20 };

export function vllmRoutes(fault?: Fault): Routes {
  return {
    "GET /v1/models": () => models("vllm", 512),
    "GET /version": () => ({ body: { version: "0.11.0" } }),
    "POST /tokenize": ({ prompt, add_special_tokens }) => {
      const tokens = [...(add_special_tokens === false ? [] : [beginning]), ...tokenise(prompt as string)];
      return { body: { count: tokens.length, max_model_len: 512, tokens } };
    },
    "POST /detokenize": ({ tokens }) => ({ body: { prompt: textOf(tokens as number[]) } }),
    "POST /v1/completions": (body) => vllmCompletion(body, fault),
    "POST /v1/chat/completions": (body) => chatCompletion(body, fault, modelDefaults),
  };
}

export function openaiRoutes(fault?: Fault): Routes {
  return {
    "GET /v1/models": () => models("someone", undefined),
    "POST /v1/completions": (body) => echoCompletion(body, fault),
    "POST /v1/chat/completions": (body) =>
      chatCompletion(body, fault, { temperature: 1, top_p: 1, top_k: 0 }),
  };
}

function models(owned_by: string, max_model_len: number | undefined): Reply {
  return { body: { object: "list", data: [{ id: "scripted", object: "model", owned_by, max_model_len }] } };
}

const idsOf = (prompt: unknown): number[] =>
  typeof prompt === "string" ? [beginning, ...tokenise(prompt)] : (prompt as number[]);

function chooserOf(body: Json, defaults: { temperature: number; top_p: number; top_k: number }): Chooser {
  return {
    temperature: numberAt(body, "temperature", defaults.temperature),
    topP: numberAt(body, "top_p", defaults.top_p),
    topK: Math.max(0, numberAt(body, "top_k", defaults.top_k)),
    minP: numberAt(body, "min_p", 0),
  };
}

function vllmCompletion(body: Json, fault: Fault | undefined): Reply {
  const prompt = idsOf(body.prompt);
  const most = numberAt(body, "max_tokens", 16);
  if (prompt.length + most > 512) {
    const message = `This model's maximum context length is 512 tokens. However, you requested ${prompt.length + most} tokens.`;
    return { status: 400, body: { error: { message, type: "BadRequestError", code: 400 } } };
  }
  const chooser = chooserOf(body, modelDefaults);
  const { tokens, finish } = drawn(prompt, { chooser, most, seed: body.seed });
  const temperature = fault === "tempered" ? chooser.temperature : 1;
  const shift = fault === "logits" ? 3 : 0;
  const scores = scoreOf(prompt, tokens, temperature).map((score) => score - shift);
  const returnsIds = body.return_token_ids === true && fault !== "no token ids";
  const choice = {
    index: 0,
    text: textOf(tokens),
    finish_reason: endOf(finish, fault),
    stop_reason: null,
    token_ids: returnsIds ? tokens : null,
    prompt_token_ids: returnsIds ? prompt : null,
    prompt_logprobs:
      typeof body.prompt_logprobs === "number" && fault !== "ignores echo"
        ? promptLogprobs(prompt, body.prompt_logprobs, fault)
        : null,
    logprobs:
      typeof body.logprobs === "number"
        ? {
            tokens: tokens.map((id) =>
              body.return_tokens_as_token_ids === true ? `token_id:${id}` : pieceOf(id),
            ),
            token_logprobs: scores.map((score) => faulty(score, fault)),
            text_offset: tokens.map((_, index) => textOf(tokens.slice(0, index)).length),
          }
        : null,
  };
  const usage = { prompt_tokens: prompt.length, completion_tokens: tokens.length };
  return {
    body: withNaN({ id: "cmpl-1", object: "text_completion", choices: choicesOf(choice, fault), usage }),
  };
}

function endOf(finish: string, fault: Fault | undefined): string {
  if (fault === "aborts") return "abort";
  return fault === "filters" ? "content_filter" : finish;
}

/** A position is an object keyed by token id: the token that stands there, and the most likely ones asked for. */
function promptLogprobs(prompt: readonly number[], asked: number, fault: Fault | undefined): unknown[] {
  const positions = prompt.map((token, index) => {
    if (index === 0) return null;
    const row = nextLogProbabilities(prompt.slice(0, index));
    const entry = (id: number) => ({
      logprob: faulty(row[id] as number, fault),
      rank: row.filter((score) => score > (row[id] as number)).length + 1,
      decoded_token: pieceOf(id),
    });
    const position: Record<string, unknown> = { [token]: entry(token) };
    const best = Array.from(row.keys()).sort((left, right) => (row[right] as number) - (row[left] as number));
    for (const id of best.slice(0, fault === "crowded" ? 20 : asked)) position[id] = entry(id);
    return position;
  });
  return fault === "shifted" ? [null, ...positions.slice(0, -1)] : positions;
}

/** Echo as OpenAI and vLLM answer it: tokens of the prompt first, offsets in code points, the first score null. */
function echoCompletion(body: Json, fault: Fault | undefined): Reply {
  const prompt = idsOf(body.prompt);
  const most = numberAt(body, "max_tokens", 16);
  const chooser = chooserOf(body, { temperature: 1, top_p: 1, top_k: 0 });
  const { tokens, finish } = drawn(prompt, { chooser, most, seed: body.seed });
  const echo = body.echo === true && fault !== "ignores echo";
  const listed = echo ? [...prompt.slice(1), ...tokens] : tokens;
  const before = echo ? [beginning] : prompt;
  const scores: (number | string | null)[] = scoreOf(
    before,
    listed,
    fault === "tempered" ? chooser.temperature : 1,
  ).map((score) => faulty(score, fault));
  if (echo) scores[0] = null;
  if (fault === "shifted" && echo) scores.splice(0, scores.length, null, ...scores.slice(0, -1));
  let offset = 0;
  const offsets = listed.map((id) => {
    const at = offset;
    if (id > end) offset += [...pieceOf(id)].length;
    return at;
  });
  const choice = {
    index: 0,
    text: textOf(listed),
    finish_reason: finish,
    logprobs: {
      tokens: listed.map((id) => (id > end ? pieceOf(id) : "")),
      token_logprobs: scores,
      top_logprobs: null,
      text_offset: offsets,
    },
  };
  return { body: withNaN({ id: "cmpl-1", object: "text_completion", choices: choicesOf(choice, fault) }) };
}

/** The scripted chat template: each message as `role: content` and a line break, then the assistant's turn. */
export function chatPrompt(messages: unknown): number[] {
  const turns = messages as readonly { role: string; content: string }[];
  return [
    beginning,
    ...tokenise(`${turns.map(({ role, content }) => `${role}: ${content}\n`).join("")}assistant: `),
  ];
}

export function chatCompletion(
  body: Json,
  fault: Fault | undefined,
  defaults: { temperature: number; top_p: number; top_k: number },
): Reply {
  const prompt = chatPrompt(body.messages);
  const chooser = chooserOf(body, defaults);
  const { tokens, finish } = drawn(prompt, {
    chooser,
    most: numberAt(body, "max_tokens", 16),
    seed: body.seed,
  });
  const scores = scoreOf(prompt, tokens, fault === "tempered" ? chooser.temperature : 1);
  const listed = (id: number) => {
    if (id <= end) return "";
    const piece = pieceOf(id);
    return fault === "broken characters" && /[^\x20-\x7e]/.test(piece) ? "\ufffd" : piece;
  };
  const content = tokens.map((id, index) => ({
    token: listed(id),
    bytes: [...Buffer.from(listed(id))],
    logprob: faulty(scores[index] as number, fault),
    top_logprobs: [],
  }));
  const choice = {
    index: 0,
    message: { role: "assistant", content: textOf(tokens) },
    finish_reason: endOf(finish, fault),
    logprobs: body.logprobs === true ? { content } : null,
  };
  return { body: withNaN({ id: "chat-1", object: "chat.completion", choices: choicesOf(choice, fault) }) };
}
