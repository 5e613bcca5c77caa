/** What a run may cost in all, resumed runs included. */
import type { UnitUsage } from "../store/index.ts";

/** Prices per million tokens, in any currency. */
export interface Prices {
  readonly input: number;
  readonly output: number;
}

/** What a run may cost in all, resumed runs included; what is absent is not limited. */
export interface Budget {
  readonly units?: number;
  readonly tokens?: number;
  /** In the currency of the prices. */
  readonly money?: number;
  readonly prices?: Prices;
}

/**
 * What tokens cost at these prices.
 *
 * @example
 * costOf({ inputTokens: 2e6, outputTokens: 1e5 }, { input: 0.5, output: 2 }); // 1.2
 */
export function costOf(usage: UnitUsage, prices: Prices): number {
  return (usage.inputTokens * prices.input + usage.outputTokens * prices.output) / 1e6;
}

/** What was spent, and what units under way may add. */
export interface Spending {
  readonly units: number;
  readonly usage: UnitUsage;
  readonly active: number;
}

/** True if one more unit is likely to stay within the budget; a unit under way is taken to cost what one did on average. */
export function allowsAnother(budget: Budget, { units, usage, active }: Spending): boolean {
  if (budget.units !== undefined && units + active >= budget.units) return false;
  const share = units === 0 ? active : 1 + active / units;
  const within = (spent: number, limit: number) => (units === 0 ? active < 4 : spent * share < limit);
  const { tokens, money, prices } = budget;
  if (tokens !== undefined && !within(usage.inputTokens + usage.outputTokens, tokens)) return false;
  if (money !== undefined && prices !== undefined && !within(costOf(usage, prices), money)) return false;
  return true;
}
