/** The tightness pair of Prop. D.2: the KL bound on coverage cannot be improved by much. */
import { coverageBoundFromKl, tightnessPair as pairOf, tightCoverageBoundFromKl } from "../coverage/index.ts";
import { atLeast, atMost, valueWithin } from "./criterion.ts";
import type { TheoryRow } from "./instance.ts";

export interface TightnessSetting extends Record<string, number> {
  readonly N: number;
  readonly p: number;
}

/** π = Ber(p), π̂ = Ber(p/N): Cov_N = p ≥ KL/(log N − ½ + 1/(2N)); the binary form of the bound is attained. */
export const tightnessPair: TheoryRow<TightnessSetting> = {
  name: "tightness-pair",
  source: "Prop. D.2",
  claim: "For π = Ber(p), π̂ = Ber(p/N), p ≤ ½, coverage is at least KL/(log N − ½ + 1/(2N)).",
  criteria: [
    atLeast({ name: "lower-bound", y: "coverage", bound: "lowerBound" }),
    atMost({ name: "upper-bound", y: "coverage", bound: "upperBound" }),
    valueWithin({
      name: "binary-form-attained",
      y: "coverage",
      within: [0, 1e-9],
      predicted: 0,
      statistic: {
        words: "largest |coverage / the binary form of the bound − 1|",
        of: (records) =>
          Math.max(
            ...records.map(({ coverage, binaryBound }) =>
              Math.abs(Number(coverage) / Number(binaryBound) - 1),
            ),
          ),
      },
    }),
  ],
  plot: {
    x: "N",
    xLabel: "N",
    yLabel: "coverage over bound",
    quantities: [
      { column: "coverage", label: "Cov_N" },
      { column: "lowerBound", label: "D.2", predicted: true },
      { column: "upperBound", label: "D.1", predicted: true },
    ],
    where: { p: 0.5 },
    xScale: "log",
    yScale: "linear",
  },
  settings(scale) {
    const ns = scale === "fast" ? [1.1, 2, 16, 1e4] : [1.1, 1.5, 2, 3, 4, 8, 16, 64, 256, 1e3, 1e4, 1e6];
    return ns.flatMap((N) => [1e-3, 0.1, 0.5].map((p) => ({ N, p })));
  },
  measure({ N, p }) {
    const pair = pairOf({ n: N, p });
    return [
      {
        coverage: pair.coverage,
        kl: pair.kl,
        lowerBound: pair.lowerBound,
        upperBound: coverageBoundFromKl({ n: N, kl: pair.kl }),
        binaryBound: tightCoverageBoundFromKl({ n: N, kl: pair.kl }),
      },
    ];
  },
};
