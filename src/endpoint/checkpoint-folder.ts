/** A checkpoint of ours, or a GPT-2 of Hugging Face's, in this process. */
import { basename, join, resolve } from "node:path";
import {
  cachedDecoder,
  cachedTransformer,
  type DecodingBatch,
  forwardScorer,
  logSoftmax,
} from "../decode/index.ts";
import { readCheckpoint, trainingRecord, transformerModel } from "../model/index.ts";
import { InputError } from "../record/index.ts";
import { onnxruntimeExecutor } from "../tensor/index.ts";
import { chatTemplate } from "./chat-template.ts";
import { EndpointError } from "./endpoint-error.ts";
import type { LocalModel, LocalReading } from "./local-model.ts";

/** Throws an error of name InputError where the folder is no checkpoint, has no tokenizer, or onnxruntime is missing. */
export async function checkpointFolder(
  folder: string,
  options: { readonly threads?: number } = {},
): Promise<LocalModel> {
  const { config, parameters, tokenizer, training } = await readCheckpoint(folder);
  if (tokenizer === undefined)
    throw new InputError(`${folder}: has no tokenizer: texts cannot be scored with it`);
  const executor = await onnxruntimeExecutor({ threads: options.threads ?? 1 });
  const { vocabularySize, contextLength } = config;
  const loaded = { model: transformerModel(config), parameters, executor, vocabularySize, contextLength };
  const decoder = cachedDecoder({ model: cachedTransformer(config), parameters, executor });
  const scorer = forwardScorer(loaded);
  const { addsBeginning, beginningOfSequence } = tokenizer;
  const endOfSequence =
    trainingRecord(training, join(folder, "training.json")).endOfSequence === false
      ? undefined
      : tokenizer.endOfSequence;
  return {
    kind: "checkpoint",
    address: folder,
    model: basename(resolve(folder)),
    facts: {
      contextLength,
      vocabularySize,
      beginningOfSequence: addsBeginning ? (beginningOfSequence ?? null) : null,
      software: executor.name,
    },
    computation: `${executor.name}, float32 logits`,
    endOfSequence: endOfSequence === undefined ? [] : [endOfSequence],
    beginsEmpty: beginningOfSequence ?? tokenizer.endOfSequence,
    lastUnread: true,
    tokenizer,
    template: chatTemplate(folder),
    read: async (longest) => {
      let batch: DecodingBatch | undefined;
      const reading: LocalReading = {
        async extend(tokens, signal) {
          signal.throwIfAborted();
          if (batch === undefined)
            batch = await decoder.begin([tokens], { reserve: longest - tokens.length });
          else for (const token of tokens) await batch.read([token]);
          return logSoftmax(batch.logits(0));
        },
        close: async () => {},
      };
      return reading;
    },
    async scoreTokens(tokens, first, signal) {
      const request = { prompt: tokens.slice(0, first), response: tokens.slice(first) };
      const [scored] = await scorer.score([request], { signal });
      if (scored === undefined) throw new EndpointError("answer", `${folder}: gave no log-probabilities`);
      return scored.logProbabilities.map((value) => Math.min(0, value));
    },
    async close() {
      await decoder.release();
      await scorer.release();
      await executor.release();
    },
  };
}
