/** The options that every command on models shares: which, where, how to ask. */
import { Command, InvalidArgumentError, Option } from "commander";
import {
  canary,
  type Endpoint,
  endpointFor,
  type LlamaRoute,
  type ModelSpec,
  modelSpecs,
  openingWaits,
  type Patience,
  patiently,
  type ServerKind,
  serverKinds,
} from "../endpoint/index.ts";
import { InputError } from "../record/index.ts";
import { printable } from "../report/index.ts";
import { positiveInteger } from "./log-options.ts";
import { type InputField, inputFields } from "./model-input.ts";
import { printRemark } from "./print.ts";

export interface ModelOptions {
  readonly model: string[];
  readonly kind?: ServerKind;
  readonly route?: LlamaRoute;
  readonly keyFile?: string;
  readonly threads?: number;
  readonly timeout: number;
  readonly concurrency: number;
  readonly task?: string;
  readonly map?: readonly string[];
  readonly attempts: number;
  readonly longestWait: number;
  readonly retryFailed?: boolean;
  readonly shard?: string;
  readonly queue?: string;
  readonly json?: boolean;
}

/** A command on models, with the shared options. */
export function modelCommand(name: string): Command {
  return askingOptions(endpointOptions(new Command(name)))
    .requiredOption(
      "--model <models...>",
      "models: PLACE or NAME=PLACE, where PLACE is URL, URL#MODEL, a .gguf file, or a folder with an ONNX model or a checkpoint; step-{1000..20000..1000}=… is several",
    )
    .option("--map <pairs...>", `fields of the input, as role=field; roles: ${inputFields.join(", ")}`)
    .option("--task <name>", "task name (default: the input's field task, else the file's name)")
    .option("--retry-failed", "try again what failed for good before")
    .option("--shard <i/k>", "do the i-th of k shares; auto in a Slurm array, auto/k in a Kubernetes job")
    .option("--queue <url>", "leave the work to lmcov worker, through redis://host:port");
}

/** The options that say how hard to ask. */
export function askingOptions(command: Command): Command {
  return command
    .option("--concurrency <n>", "requests at once to a model, at most; it adapts below", positiveInteger, 64)
    .option("--attempts <n>", "attempts at a request before it is recorded as failed", positiveInteger, 12)
    .option("--longest-wait <seconds>", "longest wait before another attempt", secondsOf, 60);
}

/** The options that say how to reach a server or to load a model. */
export function endpointOptions(command: Command): Command {
  return command
    .addOption(new Option("--kind <kind>", "kind of server, instead of recognising it").choices(serverKinds))
    .addOption(
      new Option("--route <route>", "how a llama.cpp server scores").choices([
        "grammar",
        "steps",
        "vocabulary",
      ]),
    )
    .option("--key-file <file>", "file with the server's key (default: environment variable LMCOV_API_KEY)")
    .option("--threads <n>", "threads of a model in this process (default: 1)", positiveInteger)
    .option("--timeout <seconds>", "give a request up after this time", secondsOf, 600)
    .option("--json", "print JSON");
}

/** The roles and fields of `--map`; throws InputError for a role that there is not. */
export function inputMap(pairs: readonly string[] | undefined): Partial<Record<InputField, string>> {
  const map: Partial<Record<InputField, string>> = {};
  for (const pair of pairs ?? []) {
    const at = pair.indexOf("=");
    const role = pair.slice(0, at) as InputField;
    if (at < 0 || !inputFields.includes(role)) {
      throw new InputError(`--map ${pair}: give role=field; roles are ${inputFields.join(", ")}`);
    }
    map[role] = pair.slice(at + 1);
  }
  return map;
}

/** A model that is ready to be asked. */
export interface OpenModel {
  readonly spec: ModelSpec;
  readonly endpoint: Endpoint;
}

/**
 * Opens every model; where one of others is to score, its canary runs first. Throws where one cannot be reached, or two names
 * lead to one model: their results would be copies.
 */
export async function openModels(
  options: ModelOptions,
  request: { readonly scoring: boolean; readonly signal: AbortSignal },
): Promise<OpenModel[]> {
  const opened: OpenModel[] = [];
  const places = new Map<string, string>();
  for (const spec of modelSpecs(options.model)) {
    const model = await openModel(spec, options, request);
    const { endpoint } = model;
    const place = `${endpoint.address}#${endpoint.model}`;
    const other = places.get(place);
    if (other !== undefined) {
      throw new InputError(
        `--model: ${other} and ${spec.name} are both ${place}; name the model as URL#MODEL`,
      );
    }
    places.set(place, spec.name);
    opened.push(model);
  }
  return opened;
}

/** Opens one model; where it is to score and is not ours, its canary runs first. */
export async function openModel(
  spec: ModelSpec,
  options: EndpointWords,
  request: { readonly scoring: boolean; readonly signal: AbortSignal },
): Promise<OpenModel> {
  const patience: Patience = {
    waits: openingWaits,
    onWait: ({ message }) => printRemark(`• ${printable(message, 500)}; asking again`),
  };
  const endpoint = await openEndpoint(spec, { ...options, patience }, request.signal);
  if (request.scoring) {
    if (endpoint.likelihood === undefined) throw cannotScore(spec, endpoint);
    if (!endpoint.ours) await patiently(() => canary(endpoint, request.signal), patience, request.signal);
  }
  return { spec, endpoint };
}

type EndpointWords = Pick<ModelOptions, "kind" | "route" | "keyFile" | "timeout" | "threads">;

export function openEndpoint(
  spec: ModelSpec,
  options: EndpointWords & { readonly patience?: Patience },
  signal: AbortSignal,
): Promise<Endpoint> {
  const { kind, route, keyFile, threads, patience } = options;
  return endpointFor(
    spec,
    { kind, route, keyFile, threads, patience, timeout: 1000 * options.timeout, environment: process.env },
    signal,
  );
}

function cannotScore(spec: ModelSpec, endpoint: Endpoint): InputError {
  return new InputError(
    `${spec.name}: ${endpoint.address} was recognised as ${endpoint.kind}, which cannot score given responses; score with a vLLM, SGLang or llama.cpp server, or say --kind openai-completions if it echoes`,
  );
}

function secondsOf(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 86_400) return value;
  throw new InvalidArgumentError("seconds between 0 and 86400.");
}
