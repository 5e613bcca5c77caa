/** Which of the models `--only` names. */
import { checkpointName } from "../record/index.ts";

type Named = Parameters<typeof checkpointName>[0];

/** The checkpoint of exactly this name, such as `sums, step 50`, where there is one; else all whose name contains the text. */
export function namedModels<Model extends Named>(models: readonly Model[], only: string): readonly Model[] {
  const exact = models.filter((model) => checkpointName(model) === only);
  return exact.length > 0 ? exact : models.filter((model) => checkpointName(model).includes(only));
}
