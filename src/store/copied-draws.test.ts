import { expect, test } from "vitest";
import { countRow, outcomeRow } from "../../test/rows.ts";
import { copiedDraws } from "./copied-draws.ts";
import { Ledger } from "./ledger.ts";

/** Problems of four draws; the text is the problem's own where `textOf` gives it. */
const problems = (count: number, textOf: (index: number) => number | undefined) =>
  Array.from({ length: count }, (_, index) => {
    const sameText = textOf(index);
    return { draws: 4, ...(sameText !== undefined && { sameText }) };
  });

test("draws are copies where nearly all problems have one text each, and these differ", () => {
  expect(copiedDraws(problems(20, (index) => index))).toEqual({ copied: 20, problems: 20 });
  expect(copiedDraws(problems(20, (index) => (index < 2 ? undefined : index)))).toEqual({
    copied: 18,
    problems: 20,
  });
  expect(copiedDraws(problems(20, (index) => (index < 3 ? undefined : index)))).toBeUndefined();
});

test("few problems, the letters of a multiple choice and single draws are no copies", () => {
  expect(copiedDraws(problems(5, (index) => index))).toBeDefined();
  expect(copiedDraws(problems(4, (index) => index))).toBeUndefined();
  expect(copiedDraws(problems(20, (index) => index % 4))).toBeUndefined();
  expect(copiedDraws(problems(20, (index) => index).map((one) => ({ ...one, draws: 1 })))).toBeUndefined();
  const single = Array.from({ length: 50 }, () => ({ draws: 1 }));
  expect(copiedDraws([...single, ...problems(6, (index) => index)])).toEqual({ copied: 6, problems: 6 });
});

test("the ledger knows the text that all draws of a problem are, of draws and of counts", () => {
  const sameText = (...rows: Parameters<Ledger["add"]>[0][]) => {
    const ledger = new Ledger();
    for (const added of rows) ledger.add(added);
    return ledger.groups()[0]?.problems[0]?.sameText;
  };
  const drawn = (draw: number, fingerprint?: number) =>
    outcomeRow({
      problem: "p",
      draw,
      verdict: draw === 0 ? "correct" : "unscored",
      ...(fingerprint !== undefined && { fingerprint }),
    });
  expect(sameText([drawn(0, 7), drawn(1, 7)], [drawn(1, 7)])).toBe(7);
  expect(sameText([drawn(0, 0), drawn(1, 0)])).toBe(0);
  expect(sameText([drawn(0, 7), drawn(1, 8), drawn(2, 7)])).toBeUndefined();
  expect(sameText([drawn(0), drawn(1, 7)])).toBeUndefined();
  expect(sameText([drawn(0, 7), drawn(1)])).toBeUndefined();
  const counted = { problem: "p", n: 4, correct: 1, drawSet: "counts", verifier: "exact_match" };
  expect(sameText([countRow({ ...counted, fingerprint: 7 }), drawn(0, 7)])).toBe(7);
  expect(sameText([countRow({ ...counted, fingerprint: 7 }), drawn(0, 8)])).toBeUndefined();
  expect(sameText([countRow(counted)])).toBeUndefined();
});
