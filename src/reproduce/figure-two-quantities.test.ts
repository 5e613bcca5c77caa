import { expect, test } from "vitest";
import { figureTwoFloor, figureTwoQuantities } from "./figure-two-quantities.ts";

test("the floor's published anchors come out: KL .139/.277/.416 at H = 8/16/24, Cov_16 = .05", () => {
  const floors = [8, 16, 24].map((middleLayers) => figureTwoFloor({ middleLayers, ns: [16, 16.01] }));
  expect(floors.map(({ kl }) => kl.toFixed(3))).toEqual(["0.139", "0.277", "0.416"]);
  expect(floors.map(({ coverage }) => coverage)).toEqual([
    [0.05, 0],
    [0.05, 0.05],
    [0.05, 0.05],
  ]);
  expect(floors.map(({ kl, coverage }) => (kl / coverage[0]!).toFixed(1))).toEqual(["2.8", "5.5", "8.3"]);
});

test("the floor is what the quantities give for a model uniform over passable nodes", () => {
  const middleLayers = 8;
  const ns = [2, 8, 16, 17];
  // Class 3's four layers are as uniform under π_D as under the model.
  const classes = ["G_H1", "G_H2", "G_H3"] as const;
  const uniform = Float64Array.of(0, -(middleLayers / 2) * Math.LN2, -4 * Math.LN2);
  const found = figureTwoQuantities(
    { classes, reference: Float64Array.of(0, 0, -4 * Math.LN2) },
    uniform,
    ns,
  );
  const floor = figureTwoFloor({ middleLayers, ns });
  expect(found.kl).toBeCloseTo(floor.kl, 14);
  expect(found.coverage).toEqual(floor.coverage);
});

test("classes count by their weights, whatever the number of prompts of each", () => {
  const classes = ["G_H1", "G_H2", "G_H1", "G_H3", "G_H1"] as const;
  const reference = new Float64Array(5);
  const { kl, coverage } = figureTwoQuantities(
    { classes, reference },
    Float64Array.of(-1, -3, 0, -9, -2),
    [4],
  );
  expect(kl).toBeCloseTo(0.94 * 1 + 0.05 * 3 + 0.01 * 9, 12);
  expect(coverage[0]).toBeCloseTo(0.94 / 3 + 0.05 + 0.01, 12);
});

test("a class without prompts is refused", () => {
  const prompts = { classes: ["G_H1", "G_H2"] as const, reference: new Float64Array(2) };
  expect(() => figureTwoQuantities(prompts, new Float64Array(2), [4])).toThrow("G_H3 has 0 prompts");
});
