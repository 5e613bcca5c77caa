/** Which models' servers give the model's own log-probabilities of draws. */
import { type DrawSettings, drawsAsScored, drawsFromModel, rawDraws } from "../endpoint/index.ts";
import { printable } from "../report/index.ts";
import type { OpenModel } from "./model-options.ts";
import { printRemark } from "./print.ts";

/** Models whose log-probabilities of draws are the model's own under these settings; says of the others why not. */
export async function modelsWithOwnScores(
  models: readonly OpenModel[],
  settings: DrawSettings,
  signal: AbortSignal,
): Promise<Set<OpenModel>> {
  const own = new Set<OpenModel>();
  for (const model of models) {
    const reason = await reasonAgainst(model, settings, signal);
    if (reason === undefined) own.add(model);
    else {
      printRemark(
        `• ${printable(model.spec.name)}: ${reason}: draws are written without; lmcov score adds them`,
      );
    }
  }
  return own;
}

async function reasonAgainst(
  { endpoint }: OpenModel,
  settings: DrawSettings,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!drawsFromModel(settings)) {
    if ((await rawDraws(endpoint, signal)) === "raw") return undefined;
    return "its server scales log-probabilities by the temperature, or does not show that it does not";
  }
  const inThisProcess =
    endpoint.kind === "gguf" || endpoint.kind === "onnx" || endpoint.kind === "checkpoint";
  if (inThisProcess || (await drawsAsScored(endpoint, { temperature: 1, signal })) !== false)
    return undefined;
  return "its server's log-probabilities of draws are not those that it scores the same tokens with (vLLM's are under --logprobs-mode raw_logprobs)";
}
