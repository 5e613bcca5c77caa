/** What a run's stopping rule says of one problem as its draws stand. */
import type { StoppingRule } from "../record/index.ts";

/**
 * The rule under which a problem's scored draws may be read. At the s-th success it is the run's own; short of it the
 * draws at hand are the cap: a draw may have failed or stayed unscored, or the run is not through, and none of these
 * depends on what the draws say. `unknown` where there are fewer draws than successes asked for, or more successes.
 */
export function stoppingOfProblem(
  { n, correct }: { readonly n: number; readonly correct: number },
  rule: StoppingRule,
): StoppingRule {
  if (rule.kind !== "successes") return rule;
  const { successes } = rule;
  if (correct === successes && n <= rule.cap) return rule;
  if (correct > successes || n < successes) return { kind: "unknown" };
  return { kind: "successes", successes, cap: n };
}
