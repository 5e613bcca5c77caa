import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  asNumber,
  coverage,
  enumerated,
  kl,
  randomModel,
  randomN,
  squaredHellinger,
} from "../../test/oracle/profile-finite-models.ts";
import { dataPresent, sharedData } from "../../test/shared-data.ts";
import { randomGenerator } from "../numeric/index.ts";
import { berkJonesBand } from "./berk-jones.ts";
import {
  klDivergence,
  logLikelihoodDifference,
  squaredHellinger as squaredHellingerOf,
} from "./divergence.ts";
import { clopperPearson, kornGraubard } from "./interval.ts";
import { candidateEnvelope, envelopeLogRatios, logRatios, upperBoundLogRatios } from "./log-ratio.ts";
import { coverageProfile } from "./profile.ts";

describe("profile, KL and Hellinger distance", () => {
  test("equal enumeration to 1e-12, atoms included, on 2000 random pairs", () => {
    const random = randomGenerator("enumerated profiles");
    for (let repeat = 0; repeat < 2000; repeat++) {
      const size = { prompts: 1 + random.integer(3), responses: 2 + random.integer(5) };
      const [reference, model] = [randomModel(random, size), randomModel(random, size)];
      const { prompts, sample } = enumerated(reference, model);
      const ns = Array.from({ length: 4 }, () => randomN(random, reference, model));
      const { profile } = coverageProfile(sample, { ns: ns.map(asNumber), prompts });
      profile.forEach((point, index) => {
        expect(Math.abs(point.coverage - coverage(reference, model, ns[index]!))).toBeLessThanOrEqual(1e-12);
      });
      const divergence = klDivergence(sample, { prompts }).estimate!;
      const expected = kl(reference, model);
      if (expected === Number.POSITIVE_INFINITY) expect(divergence).toBe(expected);
      else expect(Math.abs(divergence - expected)).toBeLessThanOrEqual(1e-12);
      const squared = squaredHellingerOf(sample, { prompts }).estimate!;
      expect(Math.abs(squared - squaredHellinger(reference, model))).toBeLessThanOrEqual(1e-12);
    }
  });
});

const samples = fc
  .array(fc.tuple(fc.double({ min: -50, max: 0, noNaN: true }), fc.integer({ min: 0, max: 5 })), {
    minLength: 1,
    maxLength: 40,
  })
  .map((rows) => ({
    sample: upperBoundLogRatios({ model: "a", logProbabilities: rows.map(([value]) => value) }),
    prompts: rows.map(([, prompt]) => prompt),
    rows,
  }));

const ns = [1, 1.5, Math.E, 4.6, 16, 1e3, 1e12];

describe("a coverage profile", () => {
  test("is 1 at N = 1 for an upper bound, never rises with N, and lies inside both its intervals", () => {
    fc.assert(
      fc.property(samples, ({ sample, prompts }) => {
        const { profile } = coverageProfile(sample, { ns, prompts });
        expect(profile[0]!.coverage).toBe(1);
        profile.forEach((point, index) => {
          expect(point.coverage).toBeLessThanOrEqual((profile[index - 1]?.coverage ?? 1) + 1e-12);
          expect(point.lower).toBeLessThanOrEqual(point.coverage);
          expect(point.upper).toBeGreaterThanOrEqual(point.coverage);
          expect(point.simultaneousLower).toBeLessThanOrEqual(point.coverage);
          expect(point.simultaneousUpper).toBeGreaterThanOrEqual(point.coverage);
        });
      }),
    );
  });

  test("is unchanged when records are reordered and prompts renamed", () => {
    fc.assert(
      fc.property(samples, ({ sample, prompts, rows }) => {
        const reversed = [...rows].reverse();
        const again = upperBoundLogRatios({ model: "a", logProbabilities: reversed.map(([value]) => value) });
        const renamed = reversed.map(([, prompt]) => 1000 - 7 * prompt);
        const left = coverageProfile(sample, { ns, prompts }).profile;
        const right = coverageProfile(again, { ns, prompts: renamed }).profile;
        left.forEach((point, index) => {
          expect(right[index]!.coverage).toBeCloseTo(point.coverage, 12);
          expect(right[index]!.upper).toBeCloseTo(point.upper, 9);
          expect(right[index]!.simultaneousLower).toBeCloseTo(point.simultaneousLower, 9);
        });
      }),
      { numRuns: 40 },
    );
  });

  test("says the same about an N whatever other N are asked for", () => {
    fc.assert(
      fc.property(samples, ({ sample, prompts }) => {
        const { profile } = coverageProfile(sample, { ns, prompts });
        ns.forEach((n, index) => {
          expect(coverageProfile(sample, { ns: [n], prompts }).profile[0]).toEqual(profile[index]);
        });
      }),
      { numRuns: 40 },
    );
  });

  test("weights prompts equally, however many responses they have", () => {
    const sample = upperBoundLogRatios({ model: "a", logProbabilities: [-5, -5, -5, -0.1] });
    const [point] = coverageProfile(sample, { ns: [2], prompts: [7, 7, 7, 9] }).profile;
    expect(point).toMatchObject({ coverage: 0.5, prompts: 2, responses: 4 });
  });

  test("has Clopper–Pearson's interval on one response a prompt, up to the one trial that a variance costs", () => {
    const logProbabilities = Array.from({ length: 1000 }, (_, index) => (index < 10 ? -10 : -0.1));
    const [point] = coverageProfile(upperBoundLogRatios({ model: "a", logProbabilities }), {
      ns: [100],
    }).profile;
    const exact = clopperPearson({ successes: 10 * 0.999, trials: 999, level: 0.95 });
    expect(point!.lower).toBeCloseTo(exact.lower, 9);
    expect(point!.upper).toBeCloseTo(exact.upper, 9);
    expect(point!.simultaneousLower).toBeCloseTo(0.0027, 4);
    expect(point!.simultaneousUpper).toBeCloseTo(0.0248, 4);
  });

  test("takes no comfort from many responses to one prompt", () => {
    const logProbabilities = new Array<number>(1000).fill(-0.1);
    const [point] = coverageProfile(upperBoundLogRatios({ model: "a", logProbabilities }), {
      ns: [100],
      prompts: new Array<number>(1000).fill(1),
    }).profile;
    expect(point!.upper).toBeCloseTo(0.975, 12);
    expect(point!.simultaneousUpper).toBeCloseTo(1 - Math.exp(-3.6889), 9);
  });

  test("trusts the variance between prompts from 5 prompts that hit, not from 4", () => {
    // 40 prompts of 4 responses, X at 0, 1, … by prompt, so that every prompt hits with all its responses or none.
    const prompts = Array.from({ length: 160 }, (_, record) => Math.floor(record / 4));
    const logProbabilities = prompts.map((prompt) => (prompt < 5 ? -10 - prompt : -1 - prompt / 100));
    // A second response of each prompt is likelier, which lowers the variance but not to that of independent ones.
    for (let record = 1; record < 160; record += 4) logProbabilities[record] = -0.01;
    const sample = upperBoundLogRatios({ model: "a", logProbabilities });
    const sizes = new Float64Array(40).fill(4);
    for (const [n, hitting] of [
      [Math.exp(9.5), 5],
      [Math.exp(10.5), 4],
    ] as const) {
      const means = Float64Array.from({ length: 40 }, (_, prompt) =>
        prompt >= 5 - hitting && prompt < 5 ? 0.75 : 0,
      );
      const own = kornGraubard({ means, sizes, level: 0.95 });
      const [point] = coverageProfile(sample, { ns: [n], prompts }).profile;
      const band = berkJonesBand({ estimate: point!.coverage, trials: own.effectiveTrials, level: 0.95 });
      expect(point!.coverage).toBeCloseTo((0.75 * hitting) / 40, 12);
      expect(Math.abs(point!.simultaneousUpper - band.upper) < 1e-9).toBe(hitting === 5);
    }
  });

  test("of an upper bound above 0.99 everywhere is not informative; of other kinds it is", () => {
    const logProbabilities = [-300, -400, -200];
    const bound = upperBoundLogRatios({ model: "a", logProbabilities });
    expect(coverageProfile(bound, { ns: [2, 4e6] }).informative).toBe(false);
    expect(coverageProfile(bound, { ns: [2, Math.exp(250)] }).informative).toBe(true);
    const mostly = (likely: number) =>
      upperBoundLogRatios({
        model: "a",
        logProbabilities: Array.from({ length: 1000 }, (_, index) => (index < likely ? -0.1 : -300)),
      });
    expect(coverageProfile(mostly(9), { ns: [2] }).informative).toBe(false);
    expect(coverageProfile(mostly(10), { ns: [2] }).informative).toBe(true);
    const reference = { model: "b", logProbabilities: [-1, -1, -1] };
    const empirical = logRatios({ kind: "empirical", reference, model: { model: "a", logProbabilities } });
    expect(coverageProfile(empirical, { ns: [2] })).toMatchObject({ kind: "empirical", informative: true });
  });

  test("refuses what it cannot answer", () => {
    const sample = upperBoundLogRatios({ model: "a", logProbabilities: [-1, -2] });
    expect(() => coverageProfile(sample, { ns: [] })).toThrow("ns is empty");
    expect(() => coverageProfile(sample, { ns: [2, 0.5] })).toThrow(
      "ns[1] is 0.5: must be a finite number of at least 1",
    );
    expect(() => coverageProfile(sample, { ns: [Number.POSITIVE_INFINITY] })).toThrow("ns[0] is Infinity");
    expect(() => coverageProfile(sample, { ns: [2], prompts: [1] })).toThrow("prompts has length 1");
    expect(() => coverageProfile(sample, { ns: [2], level: 1 })).toThrow("level is 1");
  });
});

describe("kinds", () => {
  test("a mean of X on data is not called a KL divergence, nor one on draws a likelihood difference", () => {
    const pair = {
      reference: { model: "a", logProbabilities: [-1] },
      model: { model: "b", logProbabilities: [-2] },
    };
    const data = logRatios({ kind: "empirical", ...pair });
    const draws = logRatios({ kind: "reference", ...pair });
    expect(() => klDivergence(data)).toThrow(
      "of kind empirical: the KL divergence needs responses that the reference drew",
    );
    expect(() => squaredHellingerOf(data)).toThrow("of kind empirical");
    expect(() => logLikelihoodDifference(draws)).toThrow("of kind reference");
    expect(logLikelihoodDifference(data)).toMatchObject({ estimate: 1, lower: undefined, prompts: 1 });
  });
});

const skipped = dataPresent ? "" : " (skipped: ../shared/data is absent)";

describe.skipIf(!dataPresent)(`log-probabilities of solutions under nine Pythia models${skipped}`, () => {
  test("the upper bound says nothing up to N = 4·10⁶, and the candidate envelope does", async () => {
    const path = sharedData("pythia-gsm8k/gpt4_gsm8k_neg_log_likelihood.parquet");
    const connection = await (await DuckDBInstance.create()).connect();
    const reader = await connection.runAndReadAll(
      `SELECT "Model" AS model, list("Log Score" ORDER BY "Problem Idx") AS scores FROM '${path}' GROUP BY ALL ORDER BY 1`,
    );
    const candidates = reader.getRowObjectsJS().map(({ model, scores }) => ({
      model: String(model),
      logProbabilities: (scores as number[]).map(Number),
    }));
    expect(candidates).toHaveLength(9);
    const envelope = candidateEnvelope(candidates);
    const atSixteen = new Map<string, number>();
    for (const candidate of candidates) {
      const bound = coverageProfile(upperBoundLogRatios(candidate), { ns: [2, 16, 4e6] });
      expect(bound.informative).toBe(false);
      expect(bound.profile.map((point) => point.coverage)).toEqual([1, 1, 1]);
      const { profile } = coverageProfile(envelopeLogRatios({ envelope, model: candidate }), { ns: [2, 16] });
      expect(profile[0]!.responses).toBe(1319);
      atSixteen.set(candidate.model, profile[1]!.coverage);
    }
    // 198, 877 and 1015 of 1319 solutions; at least the tournament's .1107, .6262 and .7127.
    expect(atSixteen.get("Pythia_12B_300B")).toBeCloseTo(198 / 1319, 12);
    expect(atSixteen.get("Pythia_6.9B_300B")).toBeCloseTo(877 / 1319, 12);
    expect(atSixteen.get("Pythia_2.8B_300B")).toBeCloseTo(1015 / 1319, 12);
  });
});
