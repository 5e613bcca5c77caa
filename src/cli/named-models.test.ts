import { expect, test } from "vitest";
import { namedModels } from "./named-models.ts";

const models = [
  { model: "tuned", step: 5 },
  { model: "tuned", step: 50 },
  { model: "tuned-long", step: 50 },
  { model: "base" },
];

test.each([
  ["tuned, step 5", [0]],
  ["tuned, step 50", [1]],
  ["step 50", [1, 2]],
  ["tuned", [0, 1, 2]],
  ["base", [3]],
  ["other", []],
])("%s names %j", (only, positions) => {
  expect(namedModels(models, only)).toEqual(positions.map((position) => models[position]));
});
