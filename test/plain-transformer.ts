/**
 * The transformer once more, in plain float64 loops that share nothing with the engine, with any activation: to say
 * what another program's GELU costs.
 */
import type { Checkpoint } from "../src/model/index.ts";

/** The tanh form of GELU. */
export function gelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** ggml's: between −10 and 10 a table from half precision to half precision. */
export function tabulatedGelu(x: number): number {
  if (x <= -10) return 0;
  return x >= 10 ? x : nearestHalf(gelu(nearestHalf(x)));
}

/** Rounds to the nearest number of IEEE 754 binary16, ties to even; |x| below 65504. */
function nearestHalf(x: number): number {
  if (x === 0) return x;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), -14);
  const unit = 2 ** (exponent - 10);
  const steps = Math.abs(x) / unit;
  const below = Math.floor(steps);
  const isUp = steps - below > 0.5 || (steps - below === 0.5 && below % 2 === 1);
  return Math.sign(x) * (below + (isUp ? 1 : 0)) * unit;
}

type Row = Float64Array;

/** log π of the next token after each prefix [length][vocabulary]. */
export function plainLogProbabilities(
  model: Checkpoint,
  tokens: readonly number[],
  activation: (x: number) => number = gelu,
): number[][] {
  const { width, heads, layers, vocabularySize, layerNormEpsilon, tiedEmbeddings } = model.config;
  const numbers = (name: string) => model.parameters[name]!.data;
  const add = (a: readonly Row[], b: readonly Row[]) =>
    a.map((row, t) => row.map((value, i) => value + b[t]![i]!));
  const linear = (x: readonly Row[], name: string): Row[] => {
    const [weight, bias] = [numbers(`${name}.weight`), numbers(`${name}.bias`)];
    return x.map((row) =>
      Float64Array.from(bias, (start, j) =>
        row.reduce((sum, value, i) => sum + value * weight[i * bias.length + j]!, start),
      ),
    );
  };
  const norm = (x: readonly Row[], name: string): Row[] => {
    const [gain, bias] = [numbers(`${name}.weight`), numbers(`${name}.bias`)];
    return x.map((row) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / width;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
      return row.map(
        (value, i) => ((value - mean) / Math.sqrt(variance + layerNormEpsilon)) * gain[i]! + bias[i]!,
      );
    });
  };
  const attention = (all: readonly Row[]): Row[] => {
    const size = width / heads;
    return all.map((query, t) => {
      const mixed = new Float64Array(width);
      for (let from = 0; from < width; from += size) {
        const scores = all.slice(0, t + 1).map((key) => {
          let product = 0;
          for (let i = from; i < from + size; i++) product += query[i]! * key[width + i]!;
          return product / Math.sqrt(size);
        });
        logSoftmax(scores).forEach((weight, at) => {
          for (let i = from; i < from + size; i++) mixed[i]! += Math.exp(weight) * all[at]![2 * width + i]!;
        });
      }
      return mixed;
    });
  };
  const [embedding, position] = [numbers("transformer.wte.weight"), numbers("transformer.wpe.weight")];
  let x = tokens.map((token, t) =>
    Float64Array.from({ length: width }, (_, i) => embedding[token * width + i]! + position[t * width + i]!),
  );
  for (let layer = 0; layer < layers; layer++) {
    const home = `transformer.h.${layer}`;
    const mixed = attention(linear(norm(x, `${home}.ln_1`), `${home}.attn.c_attn`));
    x = add(x, linear(mixed, `${home}.attn.c_proj`));
    const wide = linear(norm(x, `${home}.ln_2`), `${home}.mlp.c_fc`).map((row) => row.map(activation));
    x = add(x, linear(wide, `${home}.mlp.c_proj`));
  }
  const head = tiedEmbeddings ? embedding : numbers("lm_head.weight");
  return norm(x, "transformer.ln_f").map((row) =>
    logSoftmax(
      Array.from({ length: vocabularySize }, (_, token) =>
        row.reduce((sum, value, i) => sum + value * head[token * width + i]!, 0),
      ),
    ),
  );
}

function logSoftmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const total = largest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - largest), 0));
  return scores.map((score) => score - total);
}
