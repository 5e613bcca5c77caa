/** A GGUF file in this process, by node-llama-cpp (optional package). */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { optionalPackage } from "../optional/optional-package.ts";
import { InputError } from "../record/index.ts";
import { templateOf } from "./chat-template.ts";
import { EndpointError } from "./endpoint-error.ts";
import type { LocalModel, LocalReading, NextToken } from "./local-model.ts";

/** What is used of node-llama-cpp; its own types need the package installed. */
interface LlamaModule {
  getLlama(options: Readonly<Record<string, unknown>>): Promise<{
    loadModel(options: { modelPath: string }): Promise<Model>;
    dispose(): Promise<void>;
  }>;
  LlamaLogLevel: { readonly error: string };
}
interface Model {
  readonly tokens: {
    readonly bos: number | null;
    readonly eos: number | null;
    readonly eot: number | null;
    readonly shouldPrependBosToken: boolean;
  };
  readonly trainContextSize: number;
  readonly fileInfo: {
    readonly metadata: {
      readonly tokenizer?: {
        readonly chat_template?: unknown;
        readonly ggml?: { readonly tokens?: readonly string[] };
      };
    };
  };
  tokenize(text: string, specialTokens?: boolean): number[];
  detokenize(tokens: readonly number[], specialTokens?: boolean): string;
  createContext(options: Readonly<Record<string, unknown>>): Promise<Context>;
  dispose(): Promise<void>;
}
interface Context {
  readonly contextSize: number;
  getSequence(): Sequence;
}
type Evaluated = { readonly next?: { readonly probabilities?: ReadonlyMap<number, number> } } | undefined;
interface Sequence {
  clearHistory(): Promise<void>;
  controlledEvaluate(
    input: readonly (number | [number, { generateNext: Readonly<Record<string, unknown>> }])[],
  ): Promise<readonly Evaluated[]>;
}

const version = "3.22.1";
/** Positions whose whole distributions are held at a time. */
const chunk = 16;
/** The distribution itself, nothing switched on that bends it. */
const everyProbability = {
  generateNext: { probabilities: true, options: { temperature: 1, topK: 0, topP: 1, minP: 0 } },
};

export interface GgufOptions {
  readonly threads?: number;
  /** Tokens that fit; the model's own length if not given. */
  readonly contextLength?: number;
}

/** Loads the file. Throws InputError if it is not there or no model, MissingPackageError without node-llama-cpp. */
export async function ggufFile(path: string, options: GgufOptions = {}): Promise<LocalModel> {
  if (!existsSync(path)) throw new InputError(`${path}: there is no such file`);
  const { getLlama, LlamaLogLevel } = await optionalPackage<LlamaModule>("node-llama-cpp", {
    purpose: "running a GGUF file in this process",
    version,
  });
  const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error });
  const model = await llama.loadModel({ modelPath: path }).catch((error: unknown) => {
    throw new InputError(`${path}: is no model that llama.cpp reads: ${String(error).slice(0, 200)}`);
  });
  const contextLength = options.contextLength ?? model.trainContextSize;
  const context = await model.createContext({
    contextSize: contextLength,
    batchSize: Math.min(512, contextLength),
    threads: options.threads ?? 1,
    // The defaults keep keys and values in half precision: log-probabilities then move by hundredths of a nat.
    flashAttention: false,
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
  });
  const sequence = context.getSequence();
  const { ggml, chat_template: jinja } = model.fileInfo.metadata.tokenizer ?? {};
  const vocabulary = ggml?.tokens;
  const { bos, eos, eot, shouldPrependBosToken } = model.tokens;
  const textOf = (token: number | null) => (token === null ? undefined : vocabulary?.[token]) ?? "";
  return {
    kind: "gguf",
    address: path,
    model: basename(path),
    facts: {
      contextLength,
      ...(vocabulary !== undefined && { vocabularySize: vocabulary.length }),
      beginningOfSequence: shouldPrependBosToken ? bos : null,
      software: `node-llama-cpp ${version}`,
    },
    computation: `node-llama-cpp ${version}, float32 probabilities`,
    endOfSequence: [eos, eot].filter((token): token is number => token !== null),
    tokenizer: {
      encode: (text) => model.tokenize(text),
      decode: (tokens) => model.detokenize(tokens.filter((token) => token !== bos)),
    },
    ...(typeof jinja === "string" && {
      template: templateOf(jinja, { place: path, beginning: textOf(bos), end: textOf(eos) }),
    }),
    templatedTokens(text) {
      const tokens = model.tokenize(text, true);
      // Some templates write the beginning-of-sequence token and some leave it to the program.
      return shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : tokens;
    },
    read: async () => {
      await sequence.clearHistory();
      return reading(sequence, path);
    },
    scoreTokens: (tokens, first, signal) => scored(sequence, { tokens, first, path }, signal),
    close: async () => {
      await model.dispose();
      await llama.dispose();
    },
  };
}

function reading(sequence: Sequence, path: string): LocalReading {
  return {
    async extend(tokens, signal): Promise<NextToken> {
      signal.throwIfAborted();
      const last = tokens.at(-1);
      if (last === undefined) throw new RangeError("number of tokens is 0: must be at least 1");
      const output = await sequence.controlledEvaluate([...tokens.slice(0, -1), [last, everyProbability]]);
      const probabilities = probabilitiesOf(output.at(-1), path);
      const row = new Float64Array(Math.max(...probabilities.keys()) + 1).fill(Number.NEGATIVE_INFINITY);
      for (const [token, probability] of probabilities) row[token] = Math.log(probability);
      return row;
    },
    close: async () => {},
  };
}

async function scored(
  sequence: Sequence,
  given: { readonly tokens: readonly number[]; readonly first: number; readonly path: string },
  signal: AbortSignal,
): Promise<number[]> {
  const { tokens, first, path } = given;
  await sequence.clearHistory();
  const logProbabilities: number[] = [];
  for (let start = 0; start < tokens.length - 1; start += chunk) {
    signal.throwIfAborted();
    const part = tokens.slice(start, Math.min(start + chunk, tokens.length - 1));
    const asked = (index: number) => start + index + 1 >= first;
    const output = await sequence.controlledEvaluate(
      part.map((token, index) => (asked(index) ? [token, everyProbability] : token)),
    );
    part.forEach((_, index) => {
      if (!asked(index)) return;
      const next = tokens[start + index + 1] as number;
      const probability = probabilitiesOf(output[index], path).get(next);
      if (probability === undefined) {
        throw new EndpointError("answer", `${path}: token ${next} is not in the distribution`);
      }
      // A float32 probability below e^−103 is 0: the logarithm is not known, only that it is smaller.
      if (probability === 0) {
        throw new EndpointError(
          "unsupported",
          `${path}: token ${next} of the response has a log-probability below −103, which node-llama-cpp cannot tell: score it through a llama.cpp server`,
        );
      }
      logProbabilities.push(Math.min(0, Math.log(probability)));
    });
  }
  return logProbabilities;
}

function probabilitiesOf(output: Evaluated, path: string): ReadonlyMap<number, number> {
  const probabilities = output?.next?.probabilities;
  if (probabilities === undefined || probabilities.size === 0) {
    throw new EndpointError("answer", `${path}: node-llama-cpp gave no probabilities`);
  }
  return probabilities;
}
