/** The panels and tables of figure 2. */
import type { Cell } from "../report/index.ts";
import type { FigureTable } from "./figure.ts";
import type { QuantityTrend } from "./figure-two-claims.ts";
import {
  type FigureTwoCurves,
  type FigureTwoData,
  type FigureTwoQuantity,
  lastValues,
  paperN,
  shownQuantities,
  variantOf,
} from "./figure-two-data.ts";
import { figureTwoClasses } from "./figure-two-quantities.ts";
import type { Panel, PanelSeries } from "./panel.ts";
import { intervalText, textColumn } from "./table-text.ts";
import { medianBand } from "./trend.ts";

const bandText = ({ seedNumbers }: FigureTwoData) => {
  if (seedNumbers.length === 1) return "one seed";
  const outside = Math.floor((seedNumbers.length - 1) / 16);
  const band = outside === 0 ? "least and largest" : `${outside + 1}th least and largest`;
  return `median of ${seedNumbers.length} seeds, the band their ${band}`;
};

/** KL, coverage at the paper's N and beside it, and their ratio, over training. */
export function figureTwoPanels(data: FigureTwoData): Panel[] {
  const { kl, coverage, ratio } = shownQuantities(data.ns);
  const shown = coverage.filter((_, index) => data.ns[index]! <= paperN && data.ns[index]! > 2);
  const on = `On fresh prompts of each class, the classes weighted as in training; ${bandText(data)}.`;
  return [
    panel(data, kl, {
      title: "KL grows with H",
      explanation: `${on} Dashed: the model that is uniform over passable nodes.`,
      yScale: "log",
    }),
    ...shown.map((quantity) =>
      panel(data, quantity, {
        title: `${quantity.label} over training`,
        explanation: `${on} Dashed: the model that is uniform over passable nodes, where it is not 0.`,
        yScale: "log",
      }),
    ),
    panel(data, ratio, {
      title: `${ratio.label} grows with H`,
      explanation: `${on} Steps at which Cov_${paperN} is 0 are left out.`,
      yScale: "linear",
    }),
  ];
}

function panel(
  data: FigureTwoData,
  quantity: FigureTwoQuantity,
  texts: Pick<Panel, "title" | "explanation" | "yScale">,
): Panel {
  const floors = data.curves.flatMap((curve): PanelSeries[] => {
    const y = quantity.of(curve.floor);
    if (!(Number.isFinite(y) && y > 0)) return [];
    const ends = [curve.steps[0]!, curve.steps.at(-1)!];
    const points = ends.map((x) => ({ x, y, name: "computed" }));
    return [{ label: `uniform, ${variantOf(curve)}: ${Number(y.toPrecision(3))}`, computed: true, points }];
  });
  return {
    id: quantity.id,
    ...texts,
    xLabel: "training steps",
    yLabel: quantity.label,
    series: [
      ...data.curves.map((curve) => ({ label: variantOf(curve), points: pointsOf(curve, quantity) })),
      ...floors,
    ],
    marks: [],
  };
}

function pointsOf({ steps, seeds }: FigureTwoCurves, quantity: FigureTwoQuantity) {
  return steps.flatMap((x, index) => {
    const values = seeds.map((own) => quantity.of(own[index]!));
    if (!values.every(Number.isFinite)) return [];
    const { median, lower, upper } = medianBand(values);
    return [{ x, y: median, ...(seeds.length > 1 && { lower, upper }), name: `step ${x}` }];
  });
}

const number = (value: number, digits: number) => (Number.isFinite(value) ? value.toFixed(digits) : "–");

/** Median and band at the last step, with the exact values of the model uniform over passable nodes. */
export function lastTable(data: FigureTwoData): FigureTable {
  const { kl, coverage, ratio } = shownQuantities(data.ns);
  const shown = [kl, ...coverage, ratio];
  const rows = data.curves.flatMap((curve): Record<string, Cell>[] => {
    const cell = (quantity: FigureTwoQuantity): string => {
      const digits = quantity === ratio ? 1 : 3;
      const { median, lower, upper } = medianBand(lastValues(curve, quantity));
      const band =
        data.seedNumbers.length === 1 ? "" : ` [${number(lower, digits)}, ${number(upper, digits)}]`;
      return `${number(median, digits)}${band}`;
    };
    return [
      {
        model: variantOf(curve),
        ...Object.fromEntries(shown.map((quantity) => [quantity.id, cell(quantity)])),
      },
      {
        model: `uniform over passable nodes, ${variantOf(curve)}`,
        ...Object.fromEntries(
          shown.map((quantity) => [
            quantity.id,
            number(quantity.of(curve.floor), quantity === ratio ? 1 : 3),
          ]),
        ),
      },
    ];
  });
  return {
    id: "last-step",
    title: "At the last step",
    explanation: `${capital(bandText(data))}. Under each H the exact values of a model that guesses uniformly among the passable nodes: a floor for models that know the graph and not the rule.`,
    table: {
      columns: [textColumn("model", "model"), ...shown.map(({ id, label }) => textColumn(id, label))],
      rows,
    },
  };
}

/** Where KL and coverage come from: each class by itself at the last step. */
export function classTable(data: FigureTwoData): FigureTable {
  const shownNs = data.ns.flatMap((n, index) => (n === 8 || n === paperN ? [{ n, index }] : []));
  const rows = data.curves.flatMap((curve) =>
    figureTwoClasses.map((name): Record<string, Cell> => {
      const last = curve.seeds.map((steps) => steps.at(-1)!.byClass[name]);
      const median = (values: readonly number[]) => number(medianBand(values).median, 3);
      return {
        model: variantOf(curve),
        class: name,
        kl: median(last.map(({ kl }) => kl)),
        ...Object.fromEntries(
          shownNs.map(({ n, index }) => [
            `coverage-${n}`,
            median(last.map(({ coverage }) => coverage[index]!)),
          ]),
        ),
      };
    }),
  );
  return {
    id: "classes",
    title: "Class by class",
    explanation:
      "Medians over seeds at the last step, within each class: KL and Cov_N of its own prompts, not yet weighted .94, .05 and .01.",
    table: {
      columns: [
        textColumn("model", "model"),
        textColumn("class", "class"),
        textColumn("kl", "KL, nats"),
        ...shownNs.map(({ n }) => textColumn(`coverage-${n}`, `Cov_${n}`)),
      ],
      rows,
    },
  };
}

export function trendTable(trends: readonly QuantityTrend[]): FigureTable {
  return {
    id: "trends",
    title: "How each quantity grows with H",
    explanation:
      "At the last step: each seed's least-squares slope in H, their mean with Student's 95% interval over seeds, and the slope as a share of growth in proportion to H (0 none, 1 proportional) with the 90% interval.",
    table: {
      columns: [
        textColumn("quantity", "quantity"),
        textColumn("slope", "slope a layer, 95%"),
        textColumn("relative", "share of proportional growth, 90%"),
      ],
      rows: trends.map(({ quantity, slope, relative }) => ({
        quantity: quantity.label,
        slope: intervalText(slope, 4),
        relative: intervalText(relative, 3),
      })),
    },
  };
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);
