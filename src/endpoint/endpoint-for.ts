/** The endpoint that a `--model` word means: a server by its address, or a file or folder in this process. */
import { InputError } from "../record/index.ts";
import type { Endpoint, ServerKind } from "./endpoint.ts";
import { HttpClient, serverAddress } from "./http-client.ts";
import type { LlamaRoute } from "./llama-routes.ts";
import { llamaServer } from "./llama-server.ts";
import { lmcovServer } from "./lmcov-server.ts";
import { localModelFor } from "./local-model-for.ts";
import type { ModelSpec } from "./model-spec.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiCompletions } from "./openai-completions.ts";
import type { Patience } from "./patience.ts";
import { secretFor } from "./secret.ts";
import { type ServerSigns, serverKind } from "./server-kind.ts";
import { sglang } from "./sglang.ts";
import { tgi } from "./tgi.ts";
import { vllm } from "./vllm.ts";

/** Options of `endpointFor`. */
export interface EndpointOptions {
  /** Instead of recognising it. */
  readonly kind?: ServerKind | undefined;
  /** How a llama.cpp server scores. */
  readonly route?: LlamaRoute | undefined;
  readonly keyFile?: string | undefined;
  /** Milliseconds until a request is given up. */
  readonly timeout?: number | undefined;
  readonly connections?: number | undefined;
  /** How often to ask again while the server is being opened; not at all where absent. */
  readonly patience?: Patience | undefined;
  /** Threads of a model in this process. */
  readonly threads?: number | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens the endpoint: recognises the server, settles which of its models is meant, asks for its limits.
 * Throws InputError where the model is not there or there are several to choose from, EndpointError where the server
 * does not answer.
 */
export async function endpointFor(
  spec: ModelSpec,
  options: EndpointOptions,
  signal: AbortSignal,
): Promise<Endpoint> {
  if (!/^https?:\/\//i.test(spec.place)) return localModelFor(spec.place, options);
  const address = serverAddress(spec.place);
  const secret = secretFor(address, options);
  const client = new HttpClient(address, {
    secret,
    ...(options.timeout !== undefined && { timeout: options.timeout }),
    ...(options.connections !== undefined && { connections: options.connections }),
  });
  if (options.patience !== undefined) client.patience = options.patience;
  try {
    const signs = await serverKind(client, signal).catch((error: unknown) => {
      if (options.kind === undefined || !(error instanceof InputError)) throw error;
      return { kind: options.kind, models: [], contextLengths: [], reason: "--kind" };
    });
    const model = modelAt(spec, signs, client.address);
    const endpoint = await serverEndpoint(
      { ...signs, kind: options.kind ?? signs.kind },
      { client, model, options },
      signal,
    );
    client.patience = { waits: [] };
    return endpoint;
  } catch (error) {
    client.close();
    throw error;
  }
}

interface Opening {
  readonly client: HttpClient;
  readonly model: string;
  readonly options: EndpointOptions;
}

async function serverEndpoint(signs: ServerSigns, opening: Opening, signal: AbortSignal): Promise<Endpoint> {
  const { client, model, options } = opening;
  const contextLength = signs.contextLengths[signs.models.indexOf(model)];
  switch (signs.kind) {
    case "llama-server":
      return llamaServer({ client, model, route: options.route }, signal);
    case "vllm":
      return vllm({ client, model, contextLength }, signal);
    case "sglang":
      return sglang({ client, model, contextLength }, signal);
    case "tgi":
      return tgi({ client, model }, signal);
    case "openai-completions":
      return signs.lmcov
        ? lmcovServer({ client, model, contextLength })
        : openaiCompletions({ client, model });
    case "openai-chat":
      return openaiChat({ client, model });
  }
}

/** The one model that is meant among those that the server lists. */
function modelAt(spec: ModelSpec, signs: ServerSigns, address: string): string {
  const { models } = signs;
  const asked = spec.remoteModel ?? (models.includes(spec.name) ? spec.name : undefined);
  if (asked !== undefined) {
    if (models.length === 0 || models.includes(asked)) return asked;
    throw new InputError(`${address}: has no model ${JSON.stringify(asked)}; it lists ${listed(models)}`);
  }
  if (models.length > 1) {
    throw new InputError(
      `${address}: serves several models; choose one, as ${address}#${models[0]} (${listed(models)})`,
    );
  }
  return models[0] ?? spec.name;
}

const listed = (models: readonly string[]) =>
  models.slice(0, 5).join(", ") + (models.length > 5 ? `, … (${models.length})` : "");
