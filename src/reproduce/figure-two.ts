/** Figure 2 of the paper: KL grows with the length of responses, coverage does not. */
import type { Comparison, Figure, FigureRecord, FigureResult } from "./figure.ts";
import { figureTwoClaims, quantityTrends, testedN } from "./figure-two-claims.ts";
import {
  type FigureTwoData,
  type FigureTwoQuantity,
  figureTwoData,
  lastValues,
  paperN,
  shownQuantities,
} from "./figure-two-data.ts";
import { classTable, figureTwoPanels, lastTable, trendTable } from "./figure-two-panels.ts";
import { figureTwoPlan } from "./figure-two-plan.ts";
import { medianBand } from "./trend.ts";

const title = "Figure 2: KL grows with the length of responses, coverage does not";

export const figureTwo: Figure = {
  name: "figure-2",
  title,
  scales: ["laptop", "paper"],
  plan: figureTwoPlan,
  result: figureTwoResult,
};

function figureTwoResult(record: FigureRecord): FigureResult {
  const data = figureTwoData(record);
  const trends = quantityTrends(data);
  return {
    title,
    summary: summary(data),
    claims: figureTwoClaims(trends),
    comparisons: comparisons(data),
    panels: figureTwoPanels(data),
    tables: [lastTable(data), classTable(data), ...(trends.length === 0 ? [] : [trendTable(trends)])],
    remarks: remarks(record.scale, data),
  };
}

/** Medians over seeds at the last step, H by H. */
function medians(data: FigureTwoData, quantity: FigureTwoQuantity, digits: number): string {
  return data.curves
    .map((curve) => {
      const { median } = medianBand(lastValues(curve, quantity));
      return Number.isFinite(median) ? median.toFixed(digits) : "–";
    })
    .join("/");
}

const hs = (data: FigureTwoData) => data.curves.map(({ middleLayers }) => middleLayers).join("/");

function floors(data: FigureTwoData, quantity: FigureTwoQuantity, digits: number): string {
  return data.curves
    .map(({ floor }) => quantity.of(floor))
    .map((value) => (Number.isFinite(value) ? value.toFixed(digits) : "–"))
    .join("/");
}

function summary(data: FigureTwoData): string[] {
  const { kl, coverage, ratio } = shownQuantities(data.ns);
  const shown = coverage.filter((_, index) => [testedN, paperN].includes(data.ns[index]!));
  return [
    `At H = ${hs(data)} and step ${data.curves[0]!.steps.at(-1)!.toLocaleString("en-US")} KL is ${medians(data, kl, 3)} nats, ${shown.map((quantity) => `${quantity.label} ${medians(data, quantity, 3)}`).join(", ")}, ${ratio.label} ${medians(data, ratio, 1)} (medians of ${data.seedNumbers.length} ${data.seedNumbers.length === 1 ? "seed" : "seeds"}).`,
    `A model uniform over passable nodes has KL ${floors(data, kl, 3)} and ${shown.map((quantity) => `${quantity.label} ${floors(data, quantity, 2)}`).join(", ")} there, exactly.`,
  ];
}

function comparisons(data: FigureTwoData): Comparison[] {
  const { kl, coverage, ratio } = shownQuantities(data.ns);
  const paper = coverage[data.ns.indexOf(paperN)]!;
  return [
    {
      paper: "KL at convergence grows linearly in H = 8, 16, 24.",
      source: "Figure 2",
      ours: `${medians(data, kl, 3)} nats at H = ${hs(data)}`,
    },
    {
      paper: "Cov_16 does not depend on H.",
      source: "Figure 2",
      ours: `${medians(data, paper, 3)}; ${coverage.map((quantity) => `${quantity.label} ${medians(data, quantity, 3)}`).join(", ")}`,
    },
    {
      paper: "KL/Cov_16 grows with H; the axis runs to 200.",
      source: "Figure 2",
      ours: medians(data, ratio, 1),
    },
  ];
}

function remarks(scale: string, data: FigureTwoData): string[] {
  const general = [
    "KL above the exact value of the uniform model is overconfidence: the hard classes are a few samples of the fixed training set, which the model memorises without learning their rule.",
    `The hard class's ratio under a model uniform over passable nodes is 2^(H/2): 16 exactly at H = 8, where Cov_16 counts it and any N above does not; at H = 4 it is 4, so that Cov_N at N > 4 is 0 there for that model. Flatness is tested at N = ${testedN}.`,
    "log π_D is given the class. At H = 8 both hard classes have four layers with two passable nodes and a prompt does not tell them apart, so that no model reaches KL 0.",
    "Every seed has a training set and evaluation prompts of its own: the spread over seeds holds all randomness.",
    "N, the band and the criterion of flatness are ours where the paper gives a picture.",
  ];
  const laptop =
    "Smaller than the paper's: H = 4, 8, 12 in place of 8, 16, 24; 3 nodes a layer, names up to 48, edges in the order of the layers and prompts padded to one length; 2 layers of width 128, 20,000 samples, 1,200 steps of 64 with a warm-up and a cosine, Adam's β₂ .99, gradients clipped at 1.";
  const few = data.seedNumbers.length < 2 ? ["One seed allows no interval: nothing is claimed."] : [];
  return [...(scale === "laptop" ? [laptop] : []), ...general, ...few];
}
