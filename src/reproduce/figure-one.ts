/** Figure 1 of the paper. */
import type { Figure } from "./figure.ts";
import { figureOnePlan } from "./figure-one-plan.ts";

export const figureOne: Figure = {
  name: "figure-1",
  title: "Figure 1: fine-tuning lowers KL while coverage falls, then rises",
  scales: ["laptop", "paper"],
  plan: figureOnePlan,
  result: () => {
    throw new RangeError("record is empty: must hold scores");
  },
};
