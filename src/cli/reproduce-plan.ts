/** What a figure's plan trains and costs, before anything runs. */
import { countText, plural } from "../report/index.ts";
import { type FigurePlan, type TrainingCost, trainingCost } from "../reproduce/index.ts";

export interface PlanCost {
  readonly trainings: readonly { readonly folder: string; readonly cost: TrainingCost }[];
  readonly tokens: number;
  readonly operations: number;
  /** Of the largest training. */
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/** Sustained float32 operations a second that hours are quoted for. */
const speeds = [
  ["two server cores", 9e10],
  ["a GPU at 5·10¹² operations/s", 5e12],
] as const;

export function planCost(plan: FigurePlan): PlanCost {
  const trainings = plan.trainings.map(({ folder, sizes }) => ({ folder, cost: trainingCost(sizes) }));
  const sum = (value: (cost: TrainingCost) => number) =>
    trainings.reduce((total, { cost }) => total + value(cost), 0);
  return {
    trainings,
    tokens: sum(({ tokens }) => tokens),
    operations: sum(({ operations }) => operations),
    memoryBytes: Math.max(...trainings.map(({ cost }) => cost.memoryBytes)),
    diskBytes: sum(({ diskBytes }) => diskBytes),
  };
}

export function planText(plan: FigurePlan, cost: PlanCost): string {
  const trainings = plan.trainings.map(({ folder, sizes }) => {
    const { layers, heads, width, steps, batch, length } = sizes;
    return `  ${folder}: ${layers} layers, ${heads} heads, width ${width}; ${countText(steps)} steps of ${batch} sequences of ${length} tokens`;
  });
  const hours = speeds.map(([name, speed]) => `${hoursText(cost.operations / speed / 3600)} on ${name}`);
  return [
    `${plural(plan.trainings.length, "training")} one after another, ${plural(plan.scorings.length, "checkpoint")} scored:`,
    ...trainings,
    `${scientific(cost.operations)} floating-point operations over ${scientific(cost.tokens)} tokens: about ${hours.join(", ")}`,
    `memory about ${gigabytes(cost.memoryBytes)} GB, disk about ${gigabytes(cost.diskBytes)} GB`,
  ].join("\n");
}

function hoursText(hours: number): string {
  if (hours >= 48) return `${countText(hours / 24)} days`;
  return hours >= 1.5 ? `${countText(hours)} hours` : plural(Math.max(1, Math.round(hours * 60)), "minute");
}

const gigabytes = (bytes: number) => Number((bytes / 1e9).toPrecision(2));

function scientific(value: number): string {
  const exponent = Math.floor(Math.log10(value));
  const digits = [...String(exponent)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
  return `${(value / 10 ** exponent).toFixed(1)}·10${digits}`;
}
