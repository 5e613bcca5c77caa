/** The model in this process that a path means: by what is there. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../record/index.ts";
import { checkpointFolder } from "./checkpoint-folder.ts";
import type { ScoringEndpoint } from "./endpoint.ts";
import { ggufFile } from "./gguf-file.ts";
import { localEndpoint } from "./local-model.ts";
import { onnxFolder, onnxModelPath } from "./onnx-folder.ts";

/** Throws InputError where the path is nothing that can be loaded, saying what can. */
export async function localModelFor(
  path: string,
  options: { readonly threads?: number | undefined },
): Promise<ScoringEndpoint> {
  const threads = options.threads ?? 1;
  if (!existsSync(path)) {
    throw new InputError(
      `--model ${path}: is neither an address such as http://127.0.0.1:8000 nor a file or folder`,
    );
  }
  if (!statSync(path).isDirectory()) {
    if (path.endsWith(".gguf")) return localEndpoint(await ggufFile(path, { threads }));
    throw new InputError(`--model ${path}: of files, only .gguf can be loaded`);
  }
  if (onnxModelPath(path) !== undefined) return localEndpoint(await onnxFolder(path, { threads }));
  if (existsSync(join(path, "model.safetensors")) || existsSync(join(path, "model.safetensors.index.json"))) {
    return localEndpoint(await checkpointFolder(path, { threads }));
  }
  const found = existsSync(join(path, "config.json")) ? "a config.json and no model" : "no model";
  throw new InputError(
    `--model ${path}: holds ${found}: expected model.safetensors of a checkpoint, or onnx/model.onnx with tokenizer.json`,
  );
}
