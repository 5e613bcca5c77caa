/** Checkpoints of one model in the order of training, from counts and from log-probabilities alike. */

/** What tells a checkpoint's place in training. */
export interface CheckpointPlace {
  readonly step?: number;
  readonly trainingTokens?: number;
}

export interface TrainingOrder<Item> {
  readonly unit: "step" | "training tokens";
  /** From the earliest on; every item has a place of its own. */
  readonly checkpoints: readonly { readonly at: number; readonly item: Item }[];
}

/** Fewer checkpoints make no trajectory. */
const fewestCheckpoints = 3;

/** The items by step, else by training tokens; undefined unless each of at least three has a place of its own. */
export function trainingOrder<Item>(
  items: readonly Item[],
  placeOf: (item: Item) => CheckpointPlace,
): TrainingOrder<Item> | undefined {
  if (items.length < fewestCheckpoints) return undefined;
  for (const unit of ["step", "training tokens"] as const) {
    const checkpoints = items.flatMap((item) => {
      const { step, trainingTokens } = placeOf(item);
      const at = unit === "step" ? step : trainingTokens;
      return at === undefined ? [] : [{ at, item }];
    });
    const places = new Set(checkpoints.map(({ at }) => at)).size;
    if (places !== items.length) continue;
    return { unit, checkpoints: checkpoints.sort((left, right) => left.at - right.at) };
  }
  return undefined;
}
