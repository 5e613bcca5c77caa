/** `lmcov serve-model`: a checkpoint as an OpenAI-compatible completions server on this machine. */
import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { InputError } from "../record/index.ts";
import { printable } from "../report/index.ts";
import { findCheckpoint } from "./generate-checkpoints.ts";
import { type EngineOptions, engineOptions, openLocalModel } from "./generate-model.ts";
import { listen, portOf } from "./local-server.ts";
import { positiveInteger } from "./log-options.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { modelServer } from "./serve-model-http.ts";
import { completionService } from "./serve-model-service.ts";

interface ServeOptions extends EngineOptions {
  readonly host: string;
  readonly port: number;
  readonly allowHost: string[];
  readonly seed?: string;
  readonly largestBody: number;
  readonly json?: boolean;
}

const examples = `
Examples:
  lmcov serve-model runs/arithmetic --step last --port 8080
  curl http://127.0.0.1:8080/v1/completions -H 'content-type: application/json' \\
    -d '{"prompt": "1+1=", "max_tokens": 0, "echo": true, "logprobs": 1}'

Answers /v1/completions (prompt as text, texts or token ids; echo, logprobs, n, seed, temperature, top_p, top_k, min_p, max_tokens,
stop), /v1/models and /health. Log-probabilities are the model's own at temperature 1. There is no authentication: it listens
on the loopback address unless --host says otherwise.`;

export function command(): Command {
  return engineOptions(
    new Command("serve-model")
      .argument("<checkpoint>", "a checkpoint folder, or a training run with --step")
      .option("--host <address>", "address to listen on", "127.0.0.1")
      .option("--port <number>", "port; 0 takes a free one", portOf, 8080)
      .option("--allow-host <names...>", "further host names that requests may be addressed to", [])
      .option("--seed <text>", "seed of requests that give none (default: a new one each time)")
      .option("--largest-body <bytes>", "longest request that is read", positiveInteger, 8_388_608),
  )
    .addHelpText("after", examples)
    .action(run);
}

async function run(word: string, options: ServeOptions): Promise<void> {
  const place = await findCheckpoint(word, options);
  if (options.testTimeTraining !== undefined) {
    throw new InputError(
      "--test-time-training: is not served, as an echoed prompt does not say where its response begins",
    );
  }
  const local = await openLocalModel(place, { ...options, testTimeTraining: undefined });
  const { model, step } = place.name;
  const name = step === undefined ? model : `${model}/step-${step}`;
  const server = modelServer({
    service: completionService(local, { key: options.seed ?? randomUUID(), batch: options.batch }),
    decoder: local.tokenizer,
    model: name,
    contextLength: local.decoder.contextLength,
    hosts: [...options.allowHost, options.host],
    largestBody: options.largestBody,
    clock: secondsSinceEpoch,
  });
  const { url, address, loopback } = await listen(server, options);
  if (!loopback) {
    printRemark(`• ${address} can be reached from other machines, and there is no authentication`);
  }
  if (options.json) printResult(jsonText({ schema: "lmcov/serve-model@1", url, model: name }));
  else printResult(`${printable(name, 200)} answers at ${url}/v1/completions (Ctrl-C ends it)`);
}

// The one place of the server that knows the time: it dates answers, as the protocol wants, and decides nothing.
// biome-ignore lint/plugin: OpenAI's answers carry the time
const secondsSinceEpoch = () => Math.floor(Date.now() / 1000);
