/** Which kind of server stands at an address, by what it answers; nothing is generated to find out. */
import { InputError } from "../record/index.ts";
import { Answer } from "./answer.ts";
import type { ServerKind } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";
import type { HttpClient } from "./http-client.ts";

/** All kinds of servers, as `--kind` takes them. */
export const serverKinds: readonly ServerKind[] = [
  "vllm",
  "sglang",
  "tgi",
  "openai-completions",
  "openai-chat",
  "llama-server",
];

/** What a server is by what it answers, made by `serverKind`. */
export interface ServerSigns {
  readonly kind: ServerKind;
  /** Models that the server lists; empty where it lists none. */
  readonly models: readonly string[];
  /** What `/v1/models` says of the longest sequence of each model, by its place in `models`. */
  readonly contextLengths: readonly (number | undefined)[];
  /** The server is `lmcov serve-model`, which returns the tokens of every text. */
  readonly lmcov?: true;
  /** Why this kind, for `doctor`. */
  readonly reason: string;
}

/**
 * Asks `/v1/models` and what each kind alone has: `/props` (llama.cpp), `/get_model_info` (SGLang), `/info` (TGI),
 * `/version` (vLLM). Another server with `/v1/models` is taken for a chat server, which needs no trust in `echo`;
 * `--kind openai-completions` claims more, and the canary checks it.
 */
export async function serverKind(client: HttpClient, signal: AbortSignal): Promise<ServerSigns> {
  const listed = new Answer(await client.find("/v1/models", signal), `${client.address}/v1/models`);
  const entries = Array.isArray(listed.at("data").raw) ? listed.at("data").items() : [];
  const models = entries.map((entry) => entry.at("id").textOr("")).filter((id) => id !== "");
  const contextLengths = entries.map((entry) => entry.at("max_model_len").countOr(undefined));
  const owner = entries[0]?.at("owned_by").textOr("") ?? "";
  const signs = (kind: ServerKind, reason: string): ServerSigns => ({
    kind,
    models,
    contextLengths,
    reason,
  });
  if (owner === "llamacpp") return signs("llama-server", "/v1/models is owned by llamacpp");
  if (owner === "vllm") return signs("vllm", "/v1/models is owned by vllm");
  if (owner === "sglang") return signs("sglang", "/v1/models is owned by sglang");
  if (owner === "lmcov") {
    return {
      ...signs("openai-completions", "/v1/models is owned by lmcov, which echoes and returns tokens"),
      lmcov: true,
    };
  }
  const found = async (path: string) =>
    new Answer(await client.find(path, signal), `${client.address}${path}`);
  const props = await found("/props");
  if (isObject(props) && isObject(props.at("default_generation_settings"))) {
    return signs("llama-server", "/props has default_generation_settings");
  }
  const info = await found("/get_model_info");
  if (isObject(info) && typeof info.at("model_path").raw === "string") {
    return signs("sglang", "/get_model_info has model_path");
  }
  const tgi = await found("/info");
  if (isObject(tgi) && typeof tgi.at("model_id").raw === "string") return signs("tgi", "/info has model_id");
  if (models.length > 0) {
    const version = await found("/version");
    if (isObject(version) && typeof version.at("version").raw === "string" && /vllm/i.test(owner)) {
      return signs("vllm", "/version answers");
    }
    return signs("openai-chat", "/v1/models answers and no sign of a server that scores");
  }
  const refusal = await refusalOf(client, signal);
  throw new InputError(
    `${client.address}: no server of a kind that is known (no /v1/models, /props, /get_model_info or /info)${refusal}; name it with --kind, one of ${serverKinds.join(", ")}`,
  );
}

/** What the server says of its list of models, such as that it wants a key. */
async function refusalOf(client: HttpClient, signal: AbortSignal): Promise<string> {
  try {
    await client.get("/v1/models", signal);
    return "";
  } catch (error) {
    if (!(error instanceof EndpointError)) throw error;
    return `: ${error.message}`;
  }
}

function isObject(answer: Answer): boolean {
  return typeof answer.raw === "object" && answer.raw !== null && !Array.isArray(answer.raw);
}
