/** The figures that can be reproduced, by name. */
import type { Figure } from "./figure.ts";
import { figureOne } from "./figure-one.ts";
import { figureTwo } from "./figure-two.ts";
import { interventionsFigure } from "./interventions.ts";

export const figures: readonly Figure[] = [figureOne, figureTwo, interventionsFigure];

/** Throws RangeError for a name that is none, with those that there are. */
export function figureNamed(name: string): Figure {
  const found = figures.find((figure) => figure.name === name);
  if (found !== undefined) return found;
  throw new RangeError(`figure is ${name}: must be ${figures.map((figure) => figure.name).join(" or ")}`);
}
