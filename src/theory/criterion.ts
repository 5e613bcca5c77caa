/** The criteria that rows share; each says its statistic and tolerance itself, so that words and test cannot differ. */
import { clopperPearson } from "../coverage/index.ts";
import type { TheoryCriterion, TheoryRecord } from "./instance.ts";

/** Confidence of the test behind every "with probability at least". */
const probabilityLevel = 0.999;
const fewestReplicates = 400;

/** Records whose columns have the values asked for. */
export function selected(table: readonly TheoryRecord[], where: TheoryRecord = {}): readonly TheoryRecord[] {
  return table.filter((record) => Object.entries(where).every(([key, value]) => record[key] === value));
}

/** A column's number. @throws Error naming a column that is absent or text. */
export function numberIn(record: TheoryRecord, column: string): number {
  const value = record[column];
  if (typeof value === "number") return value;
  throw new Error(`column ${column} holds ${value === undefined ? "nothing" : `"${value}"`}, not a number`);
}

/** Least-squares slope of log y on log x; undefined for fewer than two x or a value that is not positive and finite. */
export function logLogSlope(
  points: readonly { readonly x: number; readonly y: number }[],
): number | undefined {
  const usable = ({ x, y }: { x: number; y: number }) => x > 0 && y > 0 && x + y < Number.POSITIVE_INFINITY;
  if (points.length < 2 || !points.every(usable)) return undefined;
  const xs = points.map(({ x }) => Math.log(x));
  const ys = points.map(({ y }) => Math.log(y));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [centreX, centreY] = [mean(xs), mean(ys)];
  let across = 0;
  let along = 0;
  xs.forEach((x, index) => {
    across += (x - centreX) ** 2;
    along += (x - centreX) * (ys[index]! - centreY);
  });
  return across > 0 ? along / across : undefined;
}

/**
 * The log-log slope of one column against another lies in a range.
 *
 * @example
 * const rate = slopeWithin({ name: "slope-in-n", y: "coverage", x: "n", within: [-1.2, -0.8] });
 * rate.judge([{ n: 10, coverage: 0.1 }, { n: 100, coverage: 0.01 }]); // { measured: -1, pass: true }
 */
export function slopeWithin(given: {
  readonly name: string;
  readonly y: string;
  readonly x: string;
  readonly where?: TheoryRecord;
  readonly within: readonly [number, number];
}): TheoryCriterion {
  const { name, y, x, where, within } = given;
  const [least, most] = within;
  return {
    name,
    statement: `log-log slope of ${y} against ${x}${whereText(where)} within [${least}, ${most}]`,
    predicted: `[${least}, ${most}]`,
    judge(table) {
      const points = selected(table, where).map((record) => ({
        x: numberIn(record, x),
        y: numberIn(record, y),
      }));
      const measured = logLogSlope(points);
      return { measured, pass: measured !== undefined && measured >= least && measured <= most };
    },
  };
}

/**
 * An event has probability at least `atLeast`: in every record the lower end of the 99.9% Clopper–Pearson interval of
 * `events` among `replicates` reaches it; the worst record is shown.
 *
 * @throws Error, when judging, for a record of fewer than 400 replicates.
 * @example
 * const likely = probabilityAtLeast({ name: "half", event: "coverage is large", events: "large", atLeast: 0.5 });
 * likely.judge([{ large: 390, replicates: 400 }]).pass; // true
 */
export function probabilityAtLeast(given: {
  readonly name: string;
  /** The event in words. */
  readonly event: string;
  /** The column that counts it. */
  readonly events: string;
  /** The column of replicates. */
  readonly replicates?: string;
  readonly where?: TheoryRecord;
  readonly atLeast: number;
}): TheoryCriterion {
  const { name, event, events, replicates = "replicates", where, atLeast } = given;
  return {
    name,
    statement: `P[${event}] ≥ ${atLeast}${whereText(where)}: the lower end of a 99.9% Clopper–Pearson interval from at least ${fewestReplicates} replicates, at every setting`,
    predicted: `≥ ${atLeast}`,
    judge(table) {
      const shares = selected(table, where).map((record) => {
        const trials = numberIn(record, replicates);
        if (trials < fewestReplicates) {
          throw new Error(`${name}: ${trials} replicates, where ${fewestReplicates} are the fewest`);
        }
        const successes = numberIn(record, events);
        return {
          measured: successes / trials,
          ...clopperPearson({ successes, trials, level: probabilityLevel }),
        };
      });
      const worst = shares.toSorted((left, right) => left.lower - right.lower)[0];
      if (worst === undefined) return { measured: undefined, pass: false };
      return { ...worst, pass: worst.lower >= atLeast };
    },
  };
}

/**
 * In every record one column is at most another one (or a number), but for rounding by the relative `slack`; the
 * statistic is the largest of measured / bound, and predicted at most 1.
 *
 * @example
 * const below = atMost({ name: "bound", y: "coverage", bound: "bound" });
 * below.judge([{ coverage: 0.25, bound: 0.5 }]); // { measured: 0.5, pass: true }
 */
export function atMost(given: Bounded): TheoryCriterion {
  const { slack = 1e-9 } = given;
  return quotientCriterion(given, {
    sign: "≤",
    statistic: "largest quotient, at most 1",
    worst: Math.max,
    holds: (measured) => measured <= 1 + slack,
  });
}

/** As `atMost`, the other way round: the smallest of measured / bound is at least 1. */
export function atLeast(given: Bounded): TheoryCriterion {
  const { slack = 1e-9 } = given;
  return quotientCriterion(given, {
    sign: "≥",
    statistic: "smallest quotient, at least 1",
    worst: Math.min,
    holds: (measured) => measured >= 1 - slack,
  });
}

interface Bounded {
  readonly name: string;
  readonly y: string;
  readonly bound: string | number;
  readonly where?: TheoryRecord;
  /** Relative rounding allowed, 1e-9 where absent. */
  readonly slack?: number;
}

function quotientCriterion(
  { name, y, bound, where }: Bounded,
  side: {
    readonly sign: "≤" | "≥";
    readonly statistic: string;
    readonly worst: (...quotients: number[]) => number;
    readonly holds: (measured: number) => boolean;
  },
): TheoryCriterion {
  return {
    name,
    statement: `${y} ${side.sign} ${boundText(bound)} at every setting${whereText(where)}; ${side.statistic}`,
    predicted: `${side.sign} 1`,
    judge(table) {
      const records = selected(table, where);
      if (records.length === 0) return { measured: undefined, pass: false };
      const quotients = records.map((record) =>
        quotientOf(numberIn(record, y), typeof bound === "number" ? bound : numberIn(record, bound)),
      );
      const measured = side.worst(...quotients);
      return { measured, pass: side.holds(measured) };
    },
  };
}

/**
 * A number lies in a range: of the only record that `where` leaves, or a statistic of several.
 *
 * @example
 * const near = valueWithin({ name: "half", y: "share", within: [0.4, 0.6] });
 * near.judge([{ share: 0.5 }]); // { measured: 0.5, pass: true }
 */
export function valueWithin(given: {
  readonly name: string;
  readonly y: string;
  readonly where?: TheoryRecord;
  readonly within: readonly [number, number];
  /** Words for the statistic, where it is none of one record. */
  readonly statistic?: { readonly words: string; of(records: readonly TheoryRecord[]): number | undefined };
  readonly predicted?: number;
}): TheoryCriterion {
  const { name, y, where, within, statistic } = given;
  const [least, most] = within;
  return {
    name,
    statement: `${statistic?.words ?? y}${whereText(where)} within [${least}, ${most}]`,
    predicted: given.predicted ?? `[${least}, ${most}]`,
    judge(table) {
      const records = selected(table, where);
      const measured =
        statistic === undefined
          ? records.length === 1
            ? numberIn(records[0]!, y)
            : undefined
          : statistic.of(records);
      return { measured, pass: measured !== undefined && measured >= least && measured <= most };
    },
  };
}

function quotientOf(value: number, bound: number): number {
  if (value === bound) return 1;
  return value / bound;
}

/** A column's name, or a number without the digits of its rounding. */
const boundText = (bound: string | number): string | number =>
  typeof bound === "number" ? Number(bound.toPrecision(12)) : bound;

function whereText(where: TheoryRecord | undefined): string {
  const parts = Object.entries(where ?? {}).map(([key, value]) => `${key} = ${value}`);
  return parts.length === 0 ? "" : ` at ${parts.join(", ")}`;
}
