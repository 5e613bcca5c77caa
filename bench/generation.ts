/** Generation of 256 sequences with a cache of keys and values against a forward pass over whole prefixes for each token. */
import {
  cachedDecoder,
  cachedTransformer,
  type Decoder,
  forwardDecoder,
  generate,
} from "../src/decode/index.ts";
import { initialParameters, transformerModel } from "../src/model/index.ts";
import { randomGenerator } from "../src/numeric/index.ts";
import { onnxruntimeExecutor } from "../src/tensor/index.ts";
import type { Measurement } from "./run.ts";
import { median } from "./train-child.ts";

const rows = 256;
const length = 128;
const runs = 5;

export async function measureGeneration(threads: number): Promise<Measurement> {
  const config = {
    vocabularySize: 110,
    contextLength: length,
    layers: 2,
    heads: 4,
    width: 128,
    tiedEmbeddings: false,
    layerNormEpsilon: 1e-5,
  };
  const executor = await onnxruntimeExecutor({ threads });
  const parameters = initialParameters(config, randomGenerator("bench"));
  const cached = cachedDecoder({ model: cachedTransformer(config), parameters, executor });
  const forward = forwardDecoder({ model: transformerModel(config), parameters, executor, ...config });
  const tokensPerSecond = async (decoder: Decoder, run: number): Promise<number> => {
    const requests = Array.from({ length: rows }, (_, row) => ({
      prompt: [row % config.vocabularySize],
      generator: randomGenerator(`${run} ${row}`),
      maxTokens: length,
    }));
    const start = performance.now();
    const drawn = await generate(decoder, requests, { batch: rows });
    const tokens = drawn.reduce((sum, each) => sum + each.tokens.length, 0);
    return (1000 * tokens) / (performance.now() - start);
  };
  await tokensPerSecond(cached, 0);
  const ours: number[] = [];
  const peers: number[] = [];
  for (let run = 1; run <= runs; run++) {
    ours.push(await tokensPerSecond(cached, run));
    if (run % 2 === 1) peers.push(await tokensPerSecond(forward, run));
  }
  await cached.release();
  await forward.release();
  await executor.release();
  const ratio = median(ours) / median(peers);
  return {
    name: `generation of ${rows} × ${length} tokens, 2/128, ${threads} threads, with a cache (peer: re-forwarding)`,
    ours: median(ours),
    peer: median(peers),
    ratio,
    unit: "tokens/s",
    target: ">= 20 × re-forwarding",
    met: ratio >= 20,
  };
}
