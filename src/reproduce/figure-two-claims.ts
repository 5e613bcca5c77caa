/** What figure 2 has to show, with criteria fixed before anything was measured. */
import type { Claim } from "./figure.ts";
import {
  type FigureTwoData,
  type FigureTwoQuantity,
  lastValues,
  paperN,
  shownQuantities,
} from "./figure-two-data.ts";
import { intervalText } from "./table-text.ts";
import { type SeedMean, slopeTrend, type Trend } from "./trend.ts";

/** The N at which coverage is tested: the ratio of no model that is uniform over passable nodes at H = 4, 8, 12, …. */
export const testedN = 8;
/** Share of growth in proportion to H below which a quantity counts as flat. */
const flatMargin = 0.5;
/** Two one-sided tests at 5% each; and a slope is positive at 2.5%. */
const flatLevel = 0.9;
const slopeLevel = 0.95;

export interface QuantityTrend {
  readonly quantity: FigureTwoQuantity;
  /** The slope in H at the last step with its 95% interval over seeds. */
  readonly slope: SeedMean;
  /** Its share of growth in proportion with the 90% interval over seeds. */
  readonly relative: SeedMean;
}

/** Slopes in H of the quantities at the last step; none where there is only one seed. */
export function quantityTrends(data: FigureTwoData): QuantityTrend[] {
  if (data.seedNumbers.length < 2) return [];
  const { kl, coverage, ratio } = shownQuantities(data.ns);
  return [kl, ...coverage, ratio].map((quantity) => {
    const trendAt = (level: number): Trend =>
      slopeTrend(
        {
          x: data.curves.map(({ middleLayers }) => middleLayers),
          seeds: data.seedNumbers.map((_, seed) =>
            data.curves.map((curve) => lastValues(curve, quantity)[seed]!),
          ),
        },
        { level },
      );
    return { quantity, slope: trendAt(slopeLevel).slope, relative: trendAt(flatLevel).relative };
  });
}

export function figureTwoClaims(trends: readonly QuantityTrend[]): Claim[] {
  if (trends.length === 0) return [];
  const of = (id: string) => trends.find(({ quantity }) => quantity.id === id)!;
  const kl = of("kl");
  const tested = of(`coverage-${testedN}`);
  const ratio = of("ratio");
  return [
    {
      name: "KL grows with H",
      statement:
        "At the last step the 95% interval over seeds of KL's least-squares slope in H lies above 0.",
      measured: `${intervalText(kl.slope, 4)} nats a layer`,
      holds: kl.slope.lower > 0,
    },
    {
      name: `Cov_${testedN} does not depend on H`,
      statement: `At the last step Cov_${testedN}'s slope in H is equivalent to none: as a share of growth in proportion to H (1 would be proportional) its 90% interval over seeds lies within ±${flatMargin}, which is two one-sided tests at 5%.`,
      measured: `share ${intervalText(tested.relative, 3)}`,
      holds: Math.max(-tested.relative.lower, tested.relative.upper) < flatMargin,
    },
    {
      name: "KL does by the same measure",
      statement: `The same interval of KL lies above ${flatMargin}.`,
      measured: `share ${intervalText(kl.relative, 3)}`,
      holds: kl.relative.lower > flatMargin,
    },
    {
      name: `KL/Cov_${paperN} grows with H`,
      statement: `At the last step the 95% interval over seeds of the slope of KL/Cov_${paperN} in H lies above 0.`,
      measured: `${intervalText(ratio.slope, 3)} a layer`,
      holds: ratio.slope.lower > 0,
    },
  ];
}
