/** Models of several inputs that are to be compared although they have the same name. */
import type { Row } from "../record/index.ts";
import { referenceModel } from "./train-evaluation.ts";

/** The input that holds a model, and the model's name there. */
export interface ModelOrigin {
  readonly input: string;
  readonly model: string;
}

/**
 * Calls a model `model (name)` in rows of an input if an earlier input has a model of that name: `name` tells the inputs
 * apart. The distribution of the data is one and keeps its name.
 */
export class DistinctModels {
  readonly #origins = new Map<string, ModelOrigin>();

  named(row: Row, name: string): Row {
    const model = this.#nameOf(row.model, name);
    const drawnBy =
      "drawnBy" in row && row.drawnBy !== undefined ? this.#drawerOf(row.drawnBy, name) : undefined;
    if (model === row.model && (drawnBy === undefined || !("drawnBy" in row) || drawnBy === row.drawnBy))
      return row;
    return { ...row, model, ...(drawnBy !== undefined && { drawnBy }) } as Row;
  }

  /** The drawer as `checkpointName` has it: its model is what is named. */
  #drawerOf(drawnBy: string, name: string): string {
    const [, model = drawnBy, checkpoint = ""] =
      /^(.+?)(, (?:step )?[\d.e+]+(?: tokens)?(?: \(.*)?)$/su.exec(drawnBy) ?? [];
    return this.#nameOf(model, name) + checkpoint;
  }

  /** Where a model comes from, by the name that `named` gave it. */
  originOf(model: string): ModelOrigin | undefined {
    return this.#origins.get(model);
  }

  #nameOf(model: string, name: string): string {
    if (model === referenceModel) return model;
    const owner = this.#origins.get(model)?.input ?? name;
    const distinct = owner === name ? model : `${model} (${name})`;
    this.#origins.set(distinct, { input: name, model });
    return distinct;
  }
}
