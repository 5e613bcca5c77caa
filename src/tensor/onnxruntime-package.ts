/** Loads onnxruntime-node, an optional package. */
import { optionalPackage } from "../optional/optional-package.ts";

export type Onnxruntime = typeof import("onnxruntime-node");

/** Throws MissingPackageError, an error of name InputError, if it is not installed. */
export async function loadOnnxruntime(purpose: string): Promise<Onnxruntime> {
  const loaded = await optionalPackage<Onnxruntime & { default?: Onnxruntime }>("onnxruntime-node", {
    purpose,
    version: "1.30.0",
  });
  return loaded.default ?? loaded;
}
