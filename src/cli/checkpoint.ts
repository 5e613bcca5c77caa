/** `lmcov checkpoint`: what is in a checkpoint folder, without reading its numbers. */
import { Command } from "commander";
import { type OpenCheckpoint, openCheckpoint, parameterCount } from "../model/index.ts";
import { countText, printable, type TableColumn, tableLines } from "../report/index.ts";
import { findCheckpoint } from "./generate-checkpoints.ts";
import { jsonText, printResult } from "./print.ts";

const examples = `
Examples:
  lmcov checkpoint runs/my-training --step last
  lmcov checkpoint gpt2/ --json                 a GPT-2 of Hugging Face's, with the shapes of its tensors

A folder that is damaged, or holds another architecture, is refused with the file and tensor that say so.`;

export function command(): Command {
  return new Command("checkpoint")
    .argument("<folder>", "checkpoint: config.json, model.safetensors and tokenizer; or a training run")
    .option("--step <number>", "checkpoint of a training run: last, or a step")
    .option("--json", "stable JSON on standard output")
    .addHelpText("after", examples)
    .action(run);
}

async function run(
  word: string,
  options: { readonly step?: string; readonly json?: boolean },
): Promise<void> {
  const { folder } = await findCheckpoint(word, { step: options.step });
  const opened = await openCheckpoint(folder);
  try {
    printResult(options.json ? jsonText(fields(folder, opened)) : text(folder, opened));
  } finally {
    await opened.close();
  }
}

function fields(folder: string, opened: OpenCheckpoint) {
  const { config, tokenizer, training, entries } = opened;
  return {
    schema: "lmcov/checkpoint@1",
    folder,
    config,
    parameters: parameterCount(config),
    tokenizer:
      tokenizer === undefined
        ? null
        : {
            kind: tokenizer.description.kind,
            vocabularySize: tokenizer.vocabularySize,
            beginningOfSequence: tokenizer.beginningOfSequence ?? null,
            endOfSequence: tokenizer.endOfSequence ?? null,
            padding: tokenizer.padding ?? null,
            addsBeginning: tokenizer.addsBeginning,
          },
    training: training ?? null,
    tensors: [...entries].map(([name, { type, shape }]) => ({ name, type, shape })),
  };
}

const columns: readonly TableColumn[] = [
  { key: "name", title: "tensor", kind: "text" },
  { key: "shape", title: "shape", kind: "text" },
  { key: "type", title: "type", kind: "text" },
];

function text(folder: string, opened: OpenCheckpoint): string {
  const { config, tokenizer, training, entries } = opened;
  const rows = [...entries].map(([name, { type, shape }]) => ({ name, type, shape: shape.join(" × ") }));
  return [
    `${printable(folder)}: GPT-2, ${countText(parameterCount(config))} parameters`,
    `${config.layers} layers, ${config.heads} heads, width ${config.width}, context ${config.contextLength}, vocabulary ${config.vocabularySize}, ${config.tiedEmbeddings ? "tied" : "separate"} output head`,
    `tokenizer: ${tokenizer === undefined ? "none" : tokenizerText(tokenizer)}`,
    ...(training === undefined ? [] : [`training: ${printable(JSON.stringify(training), 300)}`]),
    "",
    ...tableLines({ columns, rows }),
  ].join("\n");
}

function tokenizerText(tokenizer: NonNullable<OpenCheckpoint["tokenizer"]>): string {
  const special = [
    ["begins", tokenizer.beginningOfSequence],
    ["ends", tokenizer.endOfSequence],
    ["pads", tokenizer.padding],
  ].flatMap(([role, id]) => (id === undefined ? [] : [`${id} ${role}`]));
  return [`${tokenizer.description.kind}, ${tokenizer.vocabularySize} tokens`, ...special].join(", ");
}
