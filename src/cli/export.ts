/** `lmcov export`: a checkpoint as a GGUF file for llama.cpp, or as a plain folder for transformers. */
import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import {
  type OpenCheckpoint,
  openCheckpoint,
  parameterCount,
  readCheckpoint,
  writeCheckpoint,
  writeGguf,
} from "../model/index.ts";
import { InputError } from "../record/index.ts";
import { countText, printable } from "../report/index.ts";
import { findCheckpoint } from "./generate-checkpoints.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { progressLine } from "./progress.ts";

interface ExportOptions {
  readonly out: string;
  readonly step?: string;
  readonly format: "gguf" | "safetensors";
  readonly json?: boolean;
}

const examples = `
Examples:
  lmcov export runs/my-training --step last --out model.gguf
  llama-server -m model.gguf -fa off --cache-type-k f32 --cache-type-v f32
  lmcov export gpt2/ --format safetensors --out plain/     one float32 file with full names, whatever came

llama.cpp keeps keys and values in half precision unless the flags above are given, and looks GELU up in a
half-precision table: see docs/checkpoints.md for what that costs.`;

export function command(): Command {
  return new Command("export")
    .argument("<checkpoint>", "checkpoint: config.json, model.safetensors and tokenizer; or a training run")
    .option("--step <number>", "checkpoint of a training run: last, or a step")
    .requiredOption("--out <path>", "file (gguf) or folder (safetensors) to write")
    .addOption(
      new Option("--format <name>", "what to write").choices(["gguf", "safetensors"]).default("gguf"),
    )
    .option("--json", "stable JSON on standard output")
    .addHelpText("after", examples)
    .action(run);
}

async function run(word: string, options: ExportOptions): Promise<void> {
  const { folder } = await findCheckpoint(word, { step: options.step });
  const { out, format } = options;
  const opened = await openCheckpoint(folder);
  let notes: readonly string[] = [];
  try {
    if (format === "gguf") notes = await exportGguf(opened, out);
    else await exportFolder(folder, out);
  } finally {
    await opened.close();
  }
  const parameters = parameterCount(opened.config);
  if (options.json) {
    printResult(jsonText({ schema: "lmcov/export@1", checkpoint: word, out, format, parameters, notes }));
    return;
  }
  for (const note of notes) printRemark(`note: ${note}`);
  printResult(`${countText(parameters)} parameters → ${printable(out)}`);
}

async function exportGguf(opened: OpenCheckpoint, out: string): Promise<readonly string[]> {
  if ((await stat(out).catch(() => undefined))?.isDirectory()) {
    throw new InputError(`${out}: is a folder; --out names the file to write`);
  }
  const progress = progressLine({ title: "tensors", total: opened.entries.size });
  let done = 0;
  const watched: OpenCheckpoint = {
    ...opened,
    read: async (name) => {
      progress.update(done++);
      return opened.read(name);
    },
  };
  try {
    return (await writeGguf(out, watched)).notes;
  } finally {
    progress.finish();
  }
}

async function exportFolder(folder: string, out: string): Promise<void> {
  const target = await realpath(out).catch(() => resolve(out));
  if (target === (await realpath(folder))) throw new InputError(`${out}: is the checkpoint itself`);
  await writeCheckpoint(out, await readCheckpoint(folder));
}
