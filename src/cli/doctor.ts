/** `lmcov doctor`: what a server is, what it can do, and whether its numbers can be trusted. */
import { Command } from "commander";
import {
  type CanaryResult,
  canary,
  type Endpoint,
  EndpointError,
  inParallel,
  modelSpecs,
  type Rawness,
  rawDraws,
  type SampleFit,
  type ScoringEndpoint,
  sampleFit,
  type Trial,
  trialFor,
} from "../endpoint/index.ts";
import { plural, printable } from "../report/index.ts";
import { exitCode } from "./exit-code.ts";
import { positiveInteger } from "./log-options.ts";
import { endpointOptions, type ModelOptions, openEndpoint } from "./model-options.ts";
import { jsonText, printResult } from "./print.ts";
import { millisecondsNow } from "./progress.ts";

interface DoctorOptions extends Omit<ModelOptions, "model" | "concurrency"> {
  readonly sampleCheck?: boolean;
  readonly draws: number;
}

/** What the examination of one endpoint found. */
interface Findings {
  readonly address: string;
  readonly kind: string;
  readonly model: string;
  readonly software: string | undefined;
  readonly contextLength: number | undefined;
  readonly vocabularySize: number | undefined;
  readonly draws: boolean;
  readonly scores: boolean;
  readonly method: string | undefined;
  readonly canary:
    | { passed: boolean; reason?: string; probable?: number; absurd?: number; ordered?: boolean | undefined }
    | undefined;
  readonly beginningOfSequence: number | null | undefined;
  /** Nats that evaluating the same text at once and token by token makes to a token; undefined if not measured. */
  readonly rounding: number | undefined;
  /** Tokens of a prompt that ends in a space which its response's first token replaces; undefined without English. */
  readonly straddling: number | undefined;
  readonly logProbabilitiesOfDraws: Rawness;
  readonly samplingDefaults: Readonly<Record<string, unknown>> | undefined;
  /** Defaults that change the distribution. */
  readonly biasing: readonly string[];
  readonly fit: { switchedOff: SampleFit; serverDefaults?: SampleFit } | undefined;
  readonly scoredPerSecond: number | undefined;
  readonly drawsPerSecond: number | undefined;
  /** Tokens of each of these draws, at most. */
  readonly drawnTokens: number;
}

const examples = `
Examples:
  lmcov doctor http://127.0.0.1:8080
  lmcov doctor http://127.0.0.1:8080 --sample-check     draws some hundred tokens with defaults and without
  lmcov doctor http://gateway/v1#org/model --kind vllm --json
  lmcov doctor model.gguf                                lmcov doctor runs/sums/checkpoints/step-00001000

Exit code 1 if the canary or the check of the draws fails.`;

export function command(): Command {
  return endpointOptions(
    new Command("doctor").argument(
      "<model>",
      "a server (URL or URL#MODEL), a .gguf file, or a folder with an ONNX model or a checkpoint",
    ),
  )
    .option("--sample-check", "compare draws with the scored next-token distribution")
    .option("--draws <n>", "draws a prompt of --sample-check", positiveInteger, 400)
    .addHelpText("after", examples)
    .action(run);
}

/** Draws that come from the scored distribution fail the check once in a thousand. */
const level = 0.001;

async function run(word: string, options: DoctorOptions): Promise<void> {
  const { signal } = new AbortController();
  const [spec] = modelSpecs([word]);
  if (spec === undefined) throw new Error("one word is one model");
  const endpoint = await openEndpoint(spec, options, signal);
  try {
    const findings = await examine(endpoint, options, signal);
    if (options.json) printResult(jsonText({ schema: "lmcov/doctor@1", ...findings }));
    else printResult(findingLines(findings).join("\n"));
    const failed = findings.canary?.passed === false || (findings.fit?.switchedOff.pValue ?? 1) < level;
    if (failed) process.exitCode = exitCode.checkFailed;
  } finally {
    await endpoint.close();
  }
}

async function examine(endpoint: Endpoint, options: DoctorOptions, signal: AbortSignal): Promise<Findings> {
  const { facts, kind, address, model, likelihood } = endpoint;
  const checked = likelihood === undefined ? undefined : await canaryOf(endpoint, signal);
  const sound = checked?.passed === true && likelihood !== undefined ? endpoint : undefined;
  const defaults = facts.samplingDefaults;
  const trial = sound && (await during("choosing texts to try", trialFor(sound, signal)));
  const drawnTokens = Math.min(longestDraw, roomOf(facts.contextLength, trial));
  const drawing = (index: number) => drawOnce(endpoint, { index, trial, drawnTokens }, signal);
  return {
    address,
    kind,
    model,
    software: facts.software,
    contextLength: facts.contextLength,
    vocabularySize: facts.vocabularySize,
    draws: true,
    scores: likelihood !== undefined,
    method: likelihood?.method,
    canary: checked,
    beginningOfSequence: facts.beginningOfSequence,
    rounding: await during("measuring its rounding", sound?.rounding?.(signal)),
    straddling:
      sound && trial?.english
        ? await during("trying the boundary of prompt and response", straddlingOf(sound, signal))
        : undefined,
    logProbabilitiesOfDraws:
      sound === undefined
        ? "unknown"
        : await during("comparing its draws with scores", rawDraws(sound, signal)),
    samplingDefaults: defaults,
    biasing: biasingDefaults(defaults ?? {}),
    fit:
      sound && options.sampleCheck
        ? await during("checking draws against scores", fitOf(sound, options.draws, signal))
        : undefined,
    scoredPerSecond:
      sound &&
      (await during(
        "timing its scores",
        rate((index) => scoreOnce(sound, { index, trial }, signal)),
      )),
    drawsPerSecond: drawnTokens > 0 ? await during("timing its draws", rate(drawing)) : undefined,
    drawnTokens,
  };
}

/** Says what doctor was at when the server failed, which a message about one request does not. */
async function during<Value>(what: string, work: Promise<Value> | Value): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof EndpointError)) throw error;
    const { fault, message, retryAfter, status } = error;
    throw new EndpointError(fault, `${message} (while ${what})`, { retryAfter, status });
  }
}

const longestDraw = 16;

/** Tokens that can be drawn after the prompt of `drawOnce`. */
function roomOf(contextLength: number | undefined, trial: Trial | undefined): number {
  if (contextLength === undefined || trial === undefined || !("tokens" in trial.prompt)) return longestDraw;
  // A llama.cpp server keeps one place of its context free.
  return Math.max(0, contextLength - trial.prompt.tokens.length - 1);
}

async function canaryOf(endpoint: ScoringEndpoint, signal: AbortSignal): Promise<Findings["canary"]> {
  try {
    const { probable, absurd, ordered }: CanaryResult = await canary(endpoint, signal);
    return { passed: true, probable: probable.logProbability, absurd: absurd.logProbability, ordered };
  } catch (error) {
    if (!(error instanceof EndpointError) || !["refused", "unsupported"].includes(error.fault)) throw error;
    return { passed: false, reason: error.message };
  }
}

async function straddlingOf(endpoint: ScoringEndpoint, signal: AbortSignal): Promise<number> {
  const request = { prompt: { text: "The capital of France is " }, response: { text: "Paris" } };
  return (await endpoint.likelihood.score(request, signal)).straddling;
}

async function fitOf(
  endpoint: ScoringEndpoint,
  draws: number,
  signal: AbortSignal,
): Promise<Findings["fit"]> {
  const switchedOff = await sampleFit(endpoint, { draws }, signal);
  if (endpoint.sampler.sampleWithDefaults === undefined) return { switchedOff };
  return { switchedOff, serverDefaults: await sampleFit(endpoint, { draws, serverDefaults: true }, signal) };
}

/** Settings that change the distribution, with the value that does not. */
const neutral: Readonly<Record<string, readonly unknown[]>> = {
  temperature: [1],
  top_k: [0, -1],
  top_p: [1],
  min_p: [0],
  typical_p: [1],
  top_n_sigma: [-1],
  xtc_probability: [0],
  dynatemp_range: [0],
  repeat_penalty: [1],
  repetition_penalty: [1],
  presence_penalty: [0],
  frequency_penalty: [0],
  dry_multiplier: [0],
  mirostat: [0],
};

function biasingDefaults(defaults: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(neutral)
    .filter(([name, values]) => typeof defaults[name] === "number" && !values.includes(defaults[name]))
    .map(([name]) => `${name} ${shortNumber(defaults[name] as number)}`);
}

const rateWork = 48;
const rateConcurrency = 8;

async function rate(work: (index: number) => Promise<unknown>): Promise<number> {
  const started = millisecondsNow();
  await inParallel(rateWork, rateConcurrency, async (index) => void (await work(index)));
  return rateWork / ((millisecondsNow() - started) / 1000);
}

interface Turn {
  readonly index: number;
  readonly trial: Trial | undefined;
  readonly drawnTokens: number;
}

const counting = { text: "Count on: 1, 2, 3," };
const promptOf = (trial: Trial | undefined) => (trial?.english === false ? trial.prompt : counting);

const scoreOnce = (
  endpoint: ScoringEndpoint,
  { index, trial }: Pick<Turn, "index" | "trial">,
  signal: AbortSignal,
) =>
  endpoint.likelihood.score(
    {
      prompt: promptOf(trial),
      response: trial?.english === false ? trial.absurd : { text: ` ${index}, ${index + 1} and so on` },
    },
    signal,
  );

const drawOnce = (endpoint: Endpoint, { index, trial, drawnTokens }: Turn, signal: AbortSignal) =>
  endpoint.sampler.sample(
    { prompt: promptOf(trial), seed: index, settings: { temperature: 1, maxTokens: drawnTokens } },
    signal,
  );

function findingLines(findings: Findings): string[] {
  const { canary: checked, fit } = findings;
  const lines = [`${findings.address}: ${findings.kind}${findings.software ? `, ${findings.software}` : ""}`];
  const line = (name: string, text: string | undefined) => {
    if (text !== undefined) lines.push(`  ${name.padEnd(19)} ${text}`);
  };
  line("model", findings.model);
  line("can", findings.scores ? "draw, and score given responses" : "draw; cannot score given responses");
  line("scores by", findings.method);
  line("context", findings.contextLength === undefined ? undefined : `${findings.contextLength} tokens`);
  line("vocabulary", findings.vocabularySize === undefined ? undefined : `${findings.vocabularySize} tokens`);
  line("canary", canaryText(checked));
  line("rounding", roundingText(findings));
  line("BOS", bosText(findings.beginningOfSequence));
  line("boundary", boundaryText(findings.straddling));
  line("draws' log-probs", rawText[findings.logProbabilitiesOfDraws]);
  line("its defaults", defaultsText(findings));
  if (fit !== undefined) {
    line("draws, defaults off", fitText(fit.switchedOff));
    line("draws, defaults on", fit.serverDefaults && fitText(fit.serverDefaults));
  }
  const speeds = [
    ...(findings.scoredPerSecond === undefined ? [] : [`${shortNumber(findings.scoredPerSecond)} scored`]),
    ...(findings.drawsPerSecond === undefined
      ? []
      : [`${shortNumber(findings.drawsPerSecond)} draws of ${plural(findings.drawnTokens, "token")}`]),
  ];
  if (findings.drawnTokens === 0) line("draws", "not timed: its context has no room behind a prompt");
  line("a second", `${speeds.join(", ")} (${rateConcurrency} requests at once)`);
  return lines.map((text) => printable(text, 1000));
}

function canaryText(checked: Findings["canary"]): string | undefined {
  if (checked === undefined) return undefined;
  if (!checked.passed) return `FAILED: ${checked.reason}`;
  const values = `probable ${checked.probable?.toFixed(2)}, absurd ${checked.absurd?.toFixed(2)} nats`;
  if (checked.ordered === undefined) {
    return `passed, with tokens of its own vocabulary as it has no room or no tokens for English: ${values.replace("probable", "one response").replace("absurd", "another")}`;
  }
  return checked.ordered ? `passed: ${values}` : `passed, but no better than chance at English: ${values}`;
}

/** More than this is no rounding of single precision. */
const visibleRounding = 1e-3;

function roundingText({ rounding, kind }: Findings): string | undefined {
  if (rounding === undefined) return undefined;
  const size = `${shortNumber(rounding)} nats a token between a text evaluated at once and token by token`;
  if (rounding < visibleRounding) return size;
  const way = kind === "llama-server" ? "; start it with -ctk f32 -ctv f32 -fa off for less" : "";
  return `WARNING: ${size}, as a cache in half precision makes it${way}`;
}

function bosText(token: number | null | undefined): string {
  if (token === undefined) return "not told; the server adds what its tokeniser adds";
  return token === null ? "none is added" : `token ${token} is put before every text`;
}

function boundaryText(straddling: number | undefined): string | undefined {
  if (straddling === undefined) return undefined;
  return straddling === 0
    ? "a space that ends a prompt stays its own token"
    : "a space that ends a prompt merges into the response's first token, which then counts to the response";
}

const rawText: Readonly<Record<Rawness, string>> = {
  raw: "raw: the model's own at any temperature",
  scaled: "scaled by the temperature: kept at temperature 1 only",
  other: "WARNING: not those that it scores the same tokens with, at temperature 1 either: never kept",
  unknown: "cannot be compared with scores",
};

function defaultsText({ samplingDefaults, biasing }: Findings): string {
  if (samplingDefaults === undefined) return "not told; lmcov switches off what it knows of";
  if (biasing.length === 0) return "change nothing";
  return `bias every draw (${biasing.join(", ")}); lmcov switches them off`;
}

function fitText({ draws, statistic, degrees, pValue }: SampleFit): string {
  if (degrees === 0) return `${draws} draws do not tell: no token is expected often enough; raise --draws`;
  const verdict =
    pValue < level ? "do NOT come from the scored distribution" : "come from the scored distribution";
  return `${draws} draws ${verdict} (χ² ${statistic.toFixed(1)} on ${degrees} degrees, p = ${shortNumber(pValue)})`;
}

const shortNumber = (value: number): string => String(Number(value.toPrecision(3)));
