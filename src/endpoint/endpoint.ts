/** What an endpoint is: a model that draws responses (Sampler), scores given ones (Likelihood), or both. */

/** One turn of a conversation. */
export interface Message {
  readonly role: string;
  readonly content: string;
}

/** What a model is asked: a text, a conversation (its template is the server's), or token ids as they are. */
export type Prompt =
  | { readonly text: string }
  | { readonly messages: readonly Message[] }
  | { readonly tokens: readonly number[] };

/** How to draw. An absent field is switched off: nothing is left to the server's defaults. */
export interface DrawSettings {
  readonly temperature: number;
  readonly maxTokens: number;
  /** Nucleus: 1 is off. */
  readonly topP?: number;
  /** Most likely tokens kept: 0 is off. */
  readonly topK?: number;
  readonly minP?: number;
  /** Texts that end a response and are not part of it. */
  readonly stop?: readonly string[];
}

/** One draw that is asked for. */
export interface DrawRequest {
  readonly prompt: Prompt;
  readonly settings: DrawSettings;
  /** One seed a draw, 0 to 2^31 − 1. */
  readonly seed: number;
}

/** One response that a model drew. */
export interface Draw {
  readonly text: string;
  readonly tokens?: readonly number[];
  readonly tokenCount?: number;
  /** Tokens of the prompt, as the server counts them. */
  readonly promptTokens?: number;
  /**
   * Log-probability of each token under the model itself, in nats; absent where the server gives none or only
   * tempered ones. The end token is not among them.
   */
  readonly tokenLogProbabilities?: readonly number[];
  /** The text of each of these tokens, where all are known. */
  readonly tokenTexts?: readonly string[] | undefined;
  /** `stop`, `length`, or another word of the server. */
  readonly finishReason: string;
}

/** A prompt and the response to score after it, each as text or token ids. */
export interface ScoreRequest {
  readonly prompt: { readonly text: string } | { readonly tokens: readonly number[] };
  readonly response: { readonly text: string } | { readonly tokens: readonly number[] };
}

export interface ConversationRequest {
  readonly messages: readonly Message[];
  readonly response: string;
}

/** How probable a model finds one given response. */
export interface ScoredResponse {
  /** Sum over the response's tokens, in nats; no end token is counted. */
  readonly logProbability: number;
  readonly tokenLogProbabilities: readonly number[];
  /** The text of each token, where all are known. */
  readonly tokenTexts?: readonly string[] | undefined;
  readonly tokenCount: number;
  /** Tokens of the prompt on its own that the joint tokenisation replaces by one that reaches into the response. */
  readonly straddling: number;
}

/** Draws responses. Draws are independent: one request, one seed, one draw. */
export interface Sampler {
  sample(request: DrawRequest, signal: AbortSignal): Promise<Draw>;
  /** The request's fields that switch the server's own sampling defaults off, for people to check. */
  readonly switchedOff: Readonly<Record<string, unknown>>;
  /** A draw with the server's own defaults: what `doctor` compares against; no other use. */
  sampleWithDefaults?(request: DrawRequest, signal: AbortSignal): Promise<Draw>;
}

/** Scores given responses. */
export interface Likelihood {
  score(request: ScoreRequest, signal: AbortSignal): Promise<ScoredResponse>;
  /** The response as the next turn, by the model's own template; absent where that template is not to be had. */
  scoreConversation?(request: ConversationRequest, signal: AbortSignal): Promise<ScoredResponse>;
  /** How it is done, as the rows carry it: server, route, beginning-of-sequence token. */
  readonly method: string;
}

/** What is known of a server before it is used. */
export interface EndpointFacts {
  /** Longest prompt and response together, in tokens. */
  readonly contextLength?: number;
  readonly vocabularySize?: number;
  /** The server's own sampling settings, where it tells them. */
  readonly samplingDefaults?: Readonly<Record<string, unknown>>;
  /** The token that the server puts before every text; undefined if unknown, null if there is none. */
  readonly beginningOfSequence?: number | null;
  readonly software?: string;
}

interface EndpointBase {
  /** Kind of server, such as `vllm`. */
  readonly kind: EndpointKind;
  /** Where it is, without any secret. */
  readonly address: string;
  /** The model's name there. */
  readonly model: string;
  readonly facts: EndpointFacts;
  /**
   * A model of lmcov's own, in this process or served: it need not know any English nor have room for a sentence, and
   * the canary's texts are no question to put to it.
   */
  readonly ours?: true;
  close(): Promise<void>;
}

/** Kinds of servers that are spoken to. */
export type ServerKind = "vllm" | "sglang" | "tgi" | "openai-completions" | "openai-chat" | "llama-server";

/** In this process: a GGUF file, an ONNX model folder, a checkpoint of ours. */
export type LocalKind = "gguf" | "onnx" | "checkpoint";

/** What can stand behind an endpoint: a kind of server, or a model in this process. */
export type EndpointKind = ServerKind | LocalKind;

/** An endpoint that only draws, such as a chat server: it has no likelihood to ask for. */
export interface SamplingEndpoint extends EndpointBase {
  readonly sampler: Sampler;
  readonly likelihood?: undefined;
}

/** An endpoint that draws and scores. */
export interface ScoringEndpoint extends EndpointBase {
  readonly sampler: Sampler;
  readonly likelihood: Likelihood;
  /**
   * The largest difference, in nats, that the same text's evaluation at once and token by token makes to a token's
   * log-probability; absent where it is not to be measured.
   */
  readonly rounding?: (signal: AbortSignal) => Promise<number>;
  /** A text's tokens, undefined where the vocabulary lacks a part of it; absent where that is not to be found out. */
  readonly spelling?: (text: string, signal: AbortSignal) => Promise<readonly number[] | undefined>;
}

/** A model that draws; one that scores given responses too is a `ScoringEndpoint`. */
export type Endpoint = SamplingEndpoint | ScoringEndpoint;
