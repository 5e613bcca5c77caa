/** Every row at the fast scale: its criteria hold, its names are unique, and a seed decides everything. */
import { describe, expect, test } from "vitest";
import { runTheoryRow, theoryPiece, theoryRows } from "./index.ts";

describe("the theory lab", () => {
  test("names rows and their criteria in kebab-case, once each", () => {
    const names = theoryRows.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, criteria } of theoryRows) {
      const all = [name, ...criteria.map((criterion) => criterion.name)];
      expect(all.filter((word) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(word))).toEqual([]);
      expect(new Set(all).size).toBe(all.length);
      expect(criteria.length).toBeGreaterThan(0);
    }
  });

  test("has settings that differ, so that each has random numbers of its own", () => {
    for (const row of theoryRows) {
      for (const scale of ["fast", "full"] as const) {
        const keys = row.settings(scale).map((setting) => JSON.stringify(setting));
        expect(new Set(keys).size, row.name).toBe(keys.length);
      }
    }
  });

  test.each(theoryRows.map((row) => [row.name, row] as const))("%s holds at the fast scale", (_, row) => {
    const { instances, table } = runTheoryRow(row, { scale: "fast", seed: "lmcov" });
    const outside = instances.filter(({ pass }) => !pass);
    expect(outside).toEqual([]);
    // What is drawn is measured.
    const drawn = [row.plot.x, ...row.plot.quantities.map(({ column }) => column)];
    for (const column of drawn)
      expect(
        table.some((record) => typeof record[column] === "number"),
        column,
      ).toBe(true);
  });

  test("gives a piece the same numbers alone, and other numbers under another seed", () => {
    const row = theoryRows.find(({ name }) => name === "kl-lower-bound")!;
    const whole = runTheoryRow(row, { scale: "fast", seed: "a" }).table;
    expect(theoryPiece(row, 3, { scale: "fast", seed: "a" })).toEqual([whole[3]]);
    expect(theoryPiece(row, 3, { scale: "fast", seed: "b" })).not.toEqual([whole[3]]);
  });
});
