/**
 * Runs of an earlier lmcov, whose scores name the drawer of a response by its model alone: the draws of all checkpoints
 * of a training stood under one name there, and those of one checkpoint cannot be told among them.
 */
import { cameWithDraw, InputError } from "../record/index.ts";
import { isRunFolder, readRun } from "../store/index.ts";

/** The model in a checkpoint's name, as `checkpointName` makes it; undefined where the name has no step. */
const modelIn = (drawnBy: string): string | undefined =>
  /^(.+), (?:step [\d.e+]+|[\d.e+]+ tokens)$/su.exec(drawnBy)?.[1];

/** Refuses to score draws of checkpoints into such a run, where each would be scored again beside its old score. */
export async function refuseBareDrawers(folder: string, drawers: ReadonlySet<string>): Promise<void> {
  const models = new Set([...drawers].flatMap((drawer) => modelIn(drawer) ?? []));
  for (const drawer of drawers) models.delete(drawer);
  if (models.size === 0 || !isRunFolder(folder)) return;
  for await (const batch of readRun(folder, { tables: ["likelihoods"] })) {
    for (const row of batch) {
      if (row.kind !== "likelihood" || row.drawnBy === undefined || cameWithDraw(row)) continue;
      if (!models.has(row.drawnBy)) continue;
      throw new InputError(
        `${folder}: holds scores of draws by ${row.drawnBy} that an earlier lmcov wrote, which do not say which checkpoint drew: they cannot be continued; score into another folder with --out`,
      );
    }
  }
}
