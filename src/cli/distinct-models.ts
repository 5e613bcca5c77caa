/** Models of several inputs that are to be compared although they have the same name. */
import type { Row } from "../record/index.ts";
import { referenceModel } from "./train-evaluation.ts";

/**
 * Calls a model `model (name)` in rows of an input if an earlier input has a model of that name: `name` tells the inputs
 * apart. The distribution of the data is one and keeps its name.
 */
export class DistinctModels {
  readonly #owner = new Map<string, string>();

  named(row: Row, name: string): Row {
    const model = this.#nameOf(row.model, name);
    const drawnBy =
      "drawnBy" in row && row.drawnBy !== undefined ? this.#nameOf(row.drawnBy, name) : undefined;
    if (model === row.model && (drawnBy === undefined || !("drawnBy" in row) || drawnBy === row.drawnBy))
      return row;
    return { ...row, model, ...(drawnBy !== undefined && { drawnBy }) } as Row;
  }

  /** Whose rows a model's are, by the name that `named` gave it. */
  ownerOf(model: string): string | undefined {
    return this.#owner.get(model);
  }

  #nameOf(model: string, name: string): string {
    if (model === referenceModel) return model;
    const owner = this.#owner.get(model) ?? name;
    const distinct = owner === name ? model : `${model} (${name})`;
    this.#owner.set(distinct, name);
    return distinct;
  }
}
