import { describe, expect, test } from "vitest";
import {
  answersOf,
  asNumber,
  coverage,
  type FiniteModel,
  type Ratio,
  randomModel,
  randomN,
} from "../../test/oracle/profile-finite-models.ts";
import { randomGenerator } from "../numeric/index.ts";
import {
  answerCoverageBound,
  chainRuleBound,
  printedAnswerCoverageBound,
  taskCoverageBound,
  transitivityBound,
} from "./bounds-transfer.ts";

const triples = 20_000;
const rounding = 1e-12;

const random = randomGenerator("finite triples for transfer bounds");
const cases = Array.from({ length: triples }, () => {
  const size = { prompts: 1 + random.integer(2), responses: 2 + random.integer(5) };
  const [first, second, third] = [0, 1, 2].map(() => randomModel(random, size)) as [
    FiniteModel,
    FiniteModel,
    FiniteModel,
  ];
  return { first, second, third, responses: size.responses };
});

/** A small rational, so that products stay exact integers. */
function smallN(): Ratio {
  return { numerator: 4 + random.integer(60), denominator: 4 };
}

function product(left: Ratio, right: Ratio): Ratio {
  return {
    numerator: left.numerator * right.numerator,
    denominator: left.denominator * right.denominator,
  };
}

describe("transfer of coverage, on 20,000 random finite triples", () => {
  test("the chain rule D.5 holds", () => {
    for (const { first: task, second: data, third: model } of cases) {
      const rest = smallN();
      const m2 = smallN();
      const bound = chainRuleBound({
        m2: asNumber(m2),
        coverageOfData: coverage(data, model, rest),
        coverageOfTask: coverage(task, data, m2),
      });
      expect(coverage(task, model, product(rest, m2))).toBeLessThanOrEqual(bound + rounding);
    }
  });

  test("transitivity (95) holds under any law of the responses", () => {
    for (const { first, second, third } of cases) {
      const data = random.integer(2) === 0 ? first : third;
      const [inner, outer] = [smallN(), smallN()];
      const bound = transitivityBound({
        first: coverage(first, second, inner, data),
        second: coverage(second, third, outer, data),
      });
      expect(coverage(first, third, product(inner, outer), data)).toBeLessThanOrEqual(bound + rounding);
    }
  });

  test("the corrected answer inequality holds for every s tried, the printed one fails on some", () => {
    let printedFailures = 0;
    for (const { first: reference, second: model, responses } of cases) {
      const answers = 1 + random.integer(responses - 1);
      const answerOf = Array.from({ length: responses }, (_, response) =>
        response < answers ? response : random.integer(answers),
      );
      const [mergedReference, mergedModel] = [answersOf(reference, answerOf), answersOf(model, answerOf)];
      const n = randomN(random, mergedReference, mergedModel);
      const measured = coverage(mergedReference, mergedModel, n);
      for (const s of [
        { numerator: 9, denominator: 8 },
        { numerator: 2, denominator: 1 },
        { numerator: 8, denominator: 1 },
      ]) {
        const reduced = { numerator: n.numerator * s.denominator, denominator: n.denominator * s.numerator };
        const bound = answerCoverageBound({ s: asNumber(s), coverage: coverage(reference, model, reduced) });
        expect(measured).toBeLessThanOrEqual(bound + rounding);
      }
      if (measured > printedAnswerCoverageBound({ coverage: coverage(reference, model, n) }) + rounding) {
        printedFailures += 1;
      }
    }
    expect(printedFailures).toBeGreaterThan(0);
  });

  test("coverage of a task inside the data is at most Cov_{N·p}/p", () => {
    for (const { first: data, second: model } of cases) {
      if (data.length > 1) continue;
      const weights = data[0]!;
      const solved = weights.map((weight) => (random.integer(2) === 0 ? weight : 0));
      const success = solved.reduce((sum, weight) => sum + weight, 0);
      if (success === 0) continue;
      const whole = weights.reduce((sum, weight) => sum + weight, 0);
      const n = smallN();
      const reduced = { numerator: n.numerator * success, denominator: n.denominator * whole };
      const bound = taskCoverageBound({
        successProbability: success / whole,
        coverage: coverage(data, model, reduced),
      });
      expect(coverage([solved], model, n)).toBeLessThanOrEqual(bound + rounding);
    }
  });
});

describe("the counterexample to the printed answer inequality", () => {
  const reference = [[2, 2, 0]];
  const model = [[0, 1, 3]];
  const answerOf = [0, 0, 1];
  const four = { numerator: 4, denominator: 1 };

  test("has Cov_4 = ½ over responses and 1 over answers", () => {
    expect(coverage(reference, model, four)).toBe(0.5);
    expect(coverage(answersOf(reference, answerOf), answersOf(model, answerOf), four)).toBe(1);
    expect(printedAnswerCoverageBound({ coverage: 0.5 })).toBeLessThan(1);
  });

  test("keeps the corrected one", () => {
    const half = coverage(reference, model, { numerator: 2, denominator: 1 });
    expect(answerCoverageBound({ s: 2, coverage: half })).toBeGreaterThanOrEqual(1);
  });
});
