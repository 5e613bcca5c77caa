/** Whether draws come from the distribution that the same server scores: a goodness-of-fit test on next tokens. */
import { chiSquareQuantile } from "../numeric/index.ts";
import type { Draw, DrawRequest, ScoreRequest, ScoringEndpoint } from "./endpoint.ts";
import { inParallel } from "./in-parallel.ts";
import { trialFor } from "./trial.ts";

/** The goodness of fit of draws to the distribution that the same endpoint scores, made by `sampleFit`. */
export interface SampleFit {
  readonly draws: number;
  /** Pearson's statistic over all prompts. */
  readonly statistic: number;
  readonly degrees: number;
  /** Probability of a statistic this large if the draws come from the scored distribution (chi-squared). */
  readonly pValue: number;
}

/** Options of `sampleFit`. */
export interface SampleFitOptions {
  /** Draws a prompt. */
  readonly draws: number;
  /** Leave the server's own sampling defaults on. */
  readonly serverDefaults?: boolean;
  readonly concurrency?: number;
  readonly prompts?: readonly string[];
  /** First seed. */
  readonly seed?: number;
}

/** Fewer expected draws than this share one cell, as the chi-squared approximation wants. */
const smallestCell = 5;

/**
 * Draws one token a seed after each prompt at temperature 1 and compares how often each came with the probability
 * that the endpoint scores it with. Tokens that are rare, or that a text cannot name, share one cell.
 */
export async function sampleFit(
  endpoint: ScoringEndpoint,
  options: SampleFitOptions,
  signal: AbortSignal,
): Promise<SampleFit> {
  const prompts = options.prompts?.map((text) => ({ text })) ?? (await trialFor(endpoint, signal)).prompts;
  let statistic = 0;
  let degrees = 0;
  for (const prompt of prompts) {
    const cells = await cellsOf(endpoint, { ...options, prompt }, signal);
    for (const { observed, expected } of cells) statistic += (observed - expected) ** 2 / expected;
    degrees += cells.length - 1;
  }
  return {
    draws: options.draws * prompts.length,
    statistic,
    degrees,
    pValue: degrees === 0 ? 1 : chiSquareTail(statistic, degrees),
  };
}

interface Cell {
  readonly observed: number;
  readonly expected: number;
}

async function cellsOf(
  endpoint: ScoringEndpoint,
  input: SampleFitOptions & { readonly prompt: ScoreRequest["prompt"] },
  signal: AbortSignal,
): Promise<Cell[]> {
  const { draws, prompt, concurrency = 8, seed = 0, serverDefaults = false } = input;
  const counts = new Map<string, { draw: Draw; observed: number }>();
  await inParallel(draws, concurrency, async (index) => {
    const request: DrawRequest = {
      prompt,
      seed: seed + index,
      settings: { temperature: 1, maxTokens: 1 },
    };
    const draw = await drawFor(endpoint, request, serverDefaults, signal);
    const key = JSON.stringify(draw.tokens ?? draw.text);
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { draw, observed: 1 });
    else known.observed += 1;
  });
  const seen = [...counts.values()];
  const cells: Cell[] = [];
  let [restObserved, restExpected] = [draws, draws];
  await inParallel(seen.length, concurrency, async (index) => {
    const { draw, observed } = seen[index] as { draw: Draw; observed: number };
    const expected = draws * (await probabilityOf(endpoint, prompt, draw, signal));
    if (expected < smallestCell) return;
    cells.push({ observed, expected });
    restObserved -= observed;
    restExpected -= expected;
  });
  if (restExpected >= smallestCell || restObserved > 0) {
    cells.push({ observed: restObserved, expected: Math.max(restExpected, 0.5) });
  }
  return cells;
}

function drawFor(
  { sampler, address }: ScoringEndpoint,
  request: DrawRequest,
  serverDefaults: boolean,
  signal: AbortSignal,
): Promise<Draw> {
  if (!serverDefaults) return sampler.sample(request, signal);
  if (sampler.sampleWithDefaults === undefined) throw new Error(`${address}: draws only as asked`);
  return sampler.sampleWithDefaults(request, signal);
}

/** 0 for the end token and for what is not one token: these go to the cell of the rest. */
async function probabilityOf(
  endpoint: ScoringEndpoint,
  prompt: ScoreRequest["prompt"],
  draw: Draw,
  signal: AbortSignal,
): Promise<number> {
  if (draw.text === "" && (draw.tokens?.length ?? 0) === 0) return 0;
  const byTokens = draw.tokens !== undefined && endpoint.kind !== "tgi";
  const response = byTokens ? { tokens: draw.tokens ?? [] } : { text: draw.text };
  const scored = await endpoint.likelihood.score({ prompt, response }, signal);
  return scored.tokenCount === 1 && scored.straddling === 0 ? Math.exp(scored.logProbability) : 0;
}

/** Below this the tail is not told apart from zero. */
const smallestTail = 1e-12;

/** P[χ² ≥ statistic], by bisection of the quantile function; at least 1e-12. */
function chiSquareTail(statistic: number, degreesOfFreedom: number): number {
  let [lower, upper] = [smallestTail, 1 - smallestTail];
  for (let step = 0; step < 60; step += 1) {
    const middle = (lower + upper) / 2;
    if (chiSquareQuantile({ probability: 1 - middle, degreesOfFreedom }) > statistic) lower = middle;
    else upper = middle;
  }
  return upper;
}
