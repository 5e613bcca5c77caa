import { expect, test } from "vitest";
import { likelihoodRow } from "../../test/rows.ts";
import { checkpointName } from "../record/index.ts";
import { DistinctModels } from "./distinct-models.ts";

test("a checkpoint of a second input is renamed alike as the model that scores and as the one that drew", () => {
  const distinct = new DistinctModels();
  const row = likelihoodRow({ problem: "p", model: "sums", step: 40, role: "draw", logProbability: -1 });
  const named = (input: string, drawnBy: string) => {
    const { model, step, drawnBy: drawer } = distinct.named({ ...row, drawnBy }, input) as typeof row;
    return { scorer: checkpointName({ model, ...(step !== undefined && { step }) }), drawer };
  };
  expect(named("first", "sums, step 40")).toEqual({ scorer: "sums, step 40", drawer: "sums, step 40" });
  expect(named("second", "sums, step 40")).toEqual({
    scorer: "sums (second), step 40",
    drawer: "sums (second), step 40",
  });
  expect(named("second", "sums, step 360 (temperature 0.7)").drawer).toBe(
    "sums (second), step 360 (temperature 0.7)",
  );
  expect(named("second", "sums").drawer).toBe("sums (second)");
  expect(named("second", "data distribution").drawer).toBe("data distribution");
});
