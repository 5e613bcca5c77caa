/** Which steps get a checkpoint, and which checkpoints stay. */

export interface CheckpointRule {
  /** Every so many steps. */
  readonly every?: number | undefined;
  /** So many for each tenfold of steps, evenly on a logarithmic scale. */
  readonly perDecade?: number | undefined;
  readonly keepLast?: number | undefined;
  /** Keep so many with the least probed loss. */
  readonly keepBest?: number | undefined;
}

/**
 * The steps with a checkpoint, in order; the last step always has one.
 *
 * @example
 * checkpointSteps({ every: 40 }, 100); // [40, 80, 100]
 * checkpointSteps({ perDecade: 2 }, 100); // [1, 3, 10, 32, 100]
 */
export function checkpointSteps(rule: CheckpointRule, steps: number): number[] {
  const chosen = new Set<number>([steps]);
  if (rule.every !== undefined) {
    for (let step = rule.every; step <= steps; step += rule.every) chosen.add(step);
  }
  if (rule.perDecade !== undefined) {
    for (let index = 0; ; index += 1) {
      const step = Math.round(10 ** (index / rule.perDecade));
      if (step > steps) break;
      chosen.add(step);
    }
  }
  return [...chosen].sort((left, right) => left - right);
}

/**
 * The checkpoints that stay, among those written so far: all without a rule, else the last and the best. The newest
 * always stays. `lossAt` is the probed loss of a step, where there is one; equal losses keep the earlier step.
 *
 * @example
 * const losses = new Map([[10, 2], [20, 1], [30, 1.5], [40, 1.7]]);
 * keptCheckpoints({ keepBest: 1, keepLast: 2 }, [10, 20, 30, 40], (step) => losses.get(step)); // [20, 30, 40]
 */
export function keptCheckpoints(
  rule: CheckpointRule,
  written: readonly number[],
  lossAt: (step: number) => number | undefined,
): number[] {
  if (rule.keepLast === undefined && rule.keepBest === undefined) return [...written];
  const kept = new Set(written.slice(-Math.max(1, rule.keepLast ?? 1)));
  if (rule.keepBest !== undefined) {
    const probed = written.flatMap((step) => {
      const loss = lossAt(step);
      return loss === undefined ? [] : [{ step, loss }];
    });
    probed.sort((left, right) => left.loss - right.loss || left.step - right.step);
    for (const { step } of probed.slice(0, rule.keepBest)) kept.add(step);
  }
  return written.filter((step) => kept.has(step));
}

/** A checkpoint's folder name, so that names sort as steps do. */
export const checkpointName = (step: number): string => `step-${String(step).padStart(8, "0")}`;
