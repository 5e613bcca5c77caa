/** Which models' servers give the model's own log-probabilities of draws. */
import { type DrawSettings, drawsFromModel, rawDraws } from "../endpoint/index.ts";
import { printable } from "../report/index.ts";
import type { OpenModel } from "./model-options.ts";
import { printRemark } from "./print.ts";

/** Drawn from the model itself, any server's log-probabilities are the model's own; else only those that are raw. */
export async function modelsWithOwnScores(
  models: readonly OpenModel[],
  settings: DrawSettings,
  signal: AbortSignal,
): Promise<Set<OpenModel>> {
  const own = new Set<OpenModel>();
  for (const model of models) {
    if (drawsFromModel(settings) || (await rawDraws(model.endpoint, signal)) === "raw") own.add(model);
    else {
      const { name } = model.spec;
      printRemark(
        `• ${printable(name)}: its server scales log-probabilities by the temperature, or does not show that it does not: draws are written without; lmcov score adds them`,
      );
    }
  }
  return own;
}
