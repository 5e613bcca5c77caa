/** Every row at the fast scale: its criteria hold and can fail, its names are unique, and a seed decides everything. */
import { describe, expect, test } from "vitest";
import {
  runTheoryRow,
  type TheoryCriterion,
  type TheoryRecord,
  type TheoryRow,
  theoryPiece,
  theoryRows,
} from "./index.ts";

type Change = (value: number, record: TheoryRecord) => number;

/** The table with one column changed. */
const changed = (table: readonly TheoryRecord[], column: string, change: Change): TheoryRecord[] =>
  table.map((record) => {
    const value = record[column];
    return typeof value === "number" ? { ...record, [column]: change(value, record) } : record;
  });

/** Whether a criterion passes; undefined where the table is no possible one, such as more events than replicates. */
function passes(criterion: TheoryCriterion, table: readonly TheoryRecord[]): boolean | undefined {
  try {
    return criterion.judge(table).pass;
  } catch {
    return undefined;
  }
}

const coarse: readonly Change[] = [
  (value) => 100 * value,
  (value) => value / 100,
  (value) => value + 1,
  () => 1,
  (value, record) => value * (Number(record.H ?? record.n ?? record.N) || 1),
];

/** Criteria that no change of one measured column makes fail. */
function unfailing({ criteria, settings }: TheoryRow, table: readonly TheoryRecord[]): string[] {
  const given = new Set(settings("fast").flatMap((setting) => Object.keys(setting)));
  const columns = new Set(table.flatMap((record) => Object.keys(record)));
  const measured = [...columns].filter((column) => !given.has(column));
  const canFail = (criterion: TheoryCriterion) =>
    measured.some((column) =>
      coarse.some((change) => passes(criterion, changed(table, column, change)) === false),
    );
  return criteria.filter((criterion) => !canFail(criterion)).map(({ name }) => name);
}

/** Criteria on slopes that pass although y has been multiplied by √x or 1/√x. */
function blurred({ criteria }: TheoryRow, table: readonly TheoryRecord[]): string[] {
  return criteria
    .filter((criterion) => {
      const [, y, x] = /^log-log slope of (\S+) against (\S+)/.exec(criterion.statement) ?? [];
      if (y === undefined || x === undefined) return false;
      return [0.5, -0.5].some(
        (power) =>
          passes(
            criterion,
            changed(table, y, (value, record) => value * Number(record[x]) ** power),
          ) !== false,
      );
    })
    .map(({ name }) => name);
}

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

  test.each(theoryRows.map((row) => [row.name, row] as const))(
    "%s holds at the fast scale",
    (_, row) => {
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
      expect(unfailing(row, table)).toEqual([]);
      expect(blurred(row, table)).toEqual([]);
    },
    240_000,
  );

  test("gives a piece the same numbers alone, and other numbers under another seed", () => {
    const row = theoryRows.find(({ name }) => name === "kl-lower-bound")!;
    const whole = runTheoryRow(row, { scale: "fast", seed: "a" }).table;
    expect(theoryPiece(row, 3, { scale: "fast", seed: "a" })).toEqual([whole[3]]);
    expect(theoryPiece(row, 3, { scale: "fast", seed: "b" })).not.toEqual([whole[3]]);
  });
});
