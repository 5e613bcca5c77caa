import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countRow, outcomeRow } from "../../test/rows.ts";
import { InputError, type Outcome, samplingHash } from "../record/index.ts";
import { Ledger } from "./ledger.ts";

const only = <T>(items: readonly T[]): T => {
  expect(items).toHaveLength(1);
  return items[0] as T;
};

describe("the ledger", () => {
  test("counts scored draws, successes and unscored draws a problem", () => {
    const ledger = new Ledger();
    ledger.add([
      outcomeRow({ problem: "p", draw: 0, verdict: "correct" }),
      outcomeRow({ problem: "p", draw: 1, verdict: "incorrect" }),
      outcomeRow({ problem: "p", draw: 2, verdict: "unscored", reason: "timeout" }),
      outcomeRow({ problem: "q", draw: 0, verdict: "incorrect" }),
    ]);
    const group = only(ledger.groups());
    expect(group.problems).toMatchObject([
      { problem: "p", n: 2, correct: 1, unscored: 1 },
      { problem: "q", n: 1, correct: 0, unscored: 0 },
    ]);
  });

  test("the order of rows and their repetition change no count", () => {
    const draws = fc.array(
      fc.record({
        problem: fc.constantFrom("p", "q", "r"),
        draw: fc.oneof(fc.nat(40), fc.nat(10_000_000)),
        drawSet: fc.constantFrom("", "a", "b"),
        verdict: fc.constantFrom("correct", "incorrect", "unscored") as fc.Arbitrary<Outcome["verdict"]>,
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(draws, fc.array(fc.nat(1000), { minLength: 1, maxLength: 20 }), (list, repeats) => {
        const unique = [
          ...new Map(list.map((draw) => [`${draw.problem} ${draw.drawSet} ${draw.draw}`, draw])).values(),
        ].map((draw) => outcomeRow(draw));
        const tally = (rows: Outcome[]) => {
          const ledger = new Ledger();
          ledger.add(rows);
          return new Map(ledger.groups()[0]?.problems.map((p) => [p.problem, [p.n, p.correct, p.unscored]]));
        };
        const again = unique.length === 0 ? [] : repeats.map((at) => unique[at % unique.length] as Outcome);
        const shuffled = [...unique].reverse();
        expect(tally([...shuffled, ...again])).toEqual(tally(unique));
      }),
    );
  });

  test("the same draw with another verdict is an error that names place, draw, problem and model", () => {
    const ledger = new Ledger();
    ledger.add([outcomeRow({ problem: "p", draw: 3, verdict: "correct" })]);
    const contradiction = outcomeRow({
      problem: "p",
      draw: 3,
      verdict: "incorrect",
      source: { file: "b.jsonl", line: 7 },
    });
    expect(() => ledger.add([contradiction])).toThrow(InputError);
    expect(() => ledger.add([contradiction])).toThrow(
      'b.jsonl:7: draw 3 of problem "p" (model "model-a") was already read with different content',
    );
  });

  test("the same draw with another text is an error even if the verdict agrees", () => {
    const ledger = new Ledger();
    ledger.add([outcomeRow({ problem: "p", draw: 0, verdict: "correct", fingerprint: 1 })]);
    const other = outcomeRow({ problem: "p", draw: 0, verdict: "correct", fingerprint: 2 });
    expect(() => ledger.add([other])).toThrow("different content");
  });

  test("draws under different temperatures stay apart, and are pooled only when asked", () => {
    const cold = { temperature: 0.2 };
    const rows = [
      outcomeRow({ problem: "p", draw: 0, verdict: "correct" }),
      outcomeRow({
        problem: "p",
        draw: 0,
        verdict: "incorrect",
        sampling: cold,
        samplingHash: samplingHash(cold),
      }),
    ];
    const apart = new Ledger();
    apart.add(rows);
    expect(apart.groups().map((group) => group.problems[0]?.n)).toEqual([1, 1]);
    const pooled = new Ledger({ poolSampling: true });
    pooled.add(rows);
    expect(only(pooled.groups()).problems).toMatchObject([{ n: 2, correct: 1 }]);
  });

  test("aggregates of different files append, the same aggregate twice counts once, another one is an error", () => {
    const ledger = new Ledger();
    ledger.add([countRow({ problem: "p", n: 100, correct: 3, drawSet: "a" })]);
    ledger.add([countRow({ problem: "p", n: 100, correct: 3, drawSet: "a" })]);
    ledger.add([countRow({ problem: "p", n: 50, correct: 1, drawSet: "b" })]);
    const group = only(ledger.groups());
    expect(group.problems).toMatchObject([{ n: 150, correct: 4 }]);
    expect(group.repeated).toBe(1);
    expect(() => ledger.add([countRow({ problem: "p", n: 100, correct: 4, drawSet: "a" })])).toThrow(
      "already read with other counts",
    );
  });

  test("one problem name with two prompts is two problems, told apart by the prompt's hash", () => {
    const ledger = new Ledger();
    ledger.add([
      outcomeRow({ problem: "p", draw: 0, verdict: "correct", promptHash: "0000000000000001" }),
      outcomeRow({ problem: "p", draw: 0, verdict: "incorrect", promptHash: "0000000000000002" }),
    ]);
    expect(only(ledger.groups()).problems.map(({ problem }) => problem)).toEqual([
      "p (prompt 0000000000000001)",
      "p (prompt 0000000000000002)",
    ]);
  });

  test("checkpoints of one model stay apart by step", () => {
    const ledger = new Ledger();
    ledger.add([1000, 2000].map((step) => outcomeRow({ problem: "p", draw: 0, verdict: "correct", step })));
    expect(ledger.groups().map((group) => group.step)).toEqual([1000, 2000]);
  });

  test("rewards of draws are kept when asked, and draws without one are counted alone", () => {
    const rows = [
      outcomeRow({ problem: "p", draw: 0, verdict: "incorrect", reward: 0.5 }),
      outcomeRow({ problem: "p", draw: 1, verdict: "correct" }),
      outcomeRow({ problem: "p", draw: 2, verdict: "correct", reward: 1.5, gold: 1, answer: "42" }),
      outcomeRow({ problem: "q", draw: 0, verdict: "correct" }),
    ];
    const ledger = new Ledger({ keepRewards: true });
    ledger.add(rows);
    ledger.add(rows);
    const [p, q] = only(ledger.groups()).problems;
    expect({ ...p?.rewarded }).toEqual({
      rewards: [0.5, 1.5],
      verdicts: ["incorrect", "correct"],
      golds: [undefined, 1],
      answers: [undefined, "42"],
    });
    expect(p?.n).toBe(3);
    expect(q?.rewarded).toBeUndefined();
    const plain = new Ledger();
    plain.add(rows);
    expect(only(plain.groups()).problems[0]?.rewarded).toBeUndefined();
  });
});
