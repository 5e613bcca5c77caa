import { expect, test } from "vitest";
import { modelSpecs } from "./model-spec.ts";

test("a model is an address, a name and an address, or either with the model's name there", () => {
  expect(modelSpecs(["http://h:1/v1", "a=http://h:2", "b=http://h:3#org/b", "http://h:4#c"])).toEqual([
    { name: "http://h:1/v1", place: "http://h:1/v1" },
    { name: "a", place: "http://h:2" },
    { name: "b", place: "http://h:3", remoteModel: "org/b" },
    { name: "c", place: "http://h:4", remoteModel: "c" },
  ]);
});

test("ranges are several models, and go along with each other across the equals sign", () => {
  expect(modelSpecs(["step-{1000..3000..1000}=http://h:{1..3}"])).toEqual([
    { name: "step-1000", place: "http://h:1", step: 1000 },
    { name: "step-2000", place: "http://h:2", step: 2000 },
    { name: "step-3000", place: "http://h:3", step: 3000 },
  ]);
  expect(modelSpecs(["step-{1..2}=http://h#run/step{1..2}"]).map(({ remoteModel }) => remoteModel)).toEqual([
    "run/step1",
    "run/step2",
  ]);
  expect(modelSpecs(["gpu{0..1}=http://host{0..1}:80"]).map(({ step }) => step)).toEqual([
    undefined,
    undefined,
  ]);
});

test("a range keeps the leading zeros of its beginning, as folders of checkpoints have them", () => {
  const specs = modelSpecs(["step-{8..12..2}=run/step-{0008..0012..2}"]);
  expect(specs.map(({ place }) => place)).toEqual(["run/step-0008", "run/step-0010", "run/step-0012"]);
  expect(specs.map(({ step }) => step)).toEqual([8, 10, 12]);
});

test.each([
  ["a=http://h a=http://g", /two models are called "a"/],
  ["step-{1..3}=http://h:{1..2}", /3 names for 2 places/],
  ["a=http://h:{1..2}", /1 names for 2 places/],
  ["step-{5..1}=http://h", /empty range/],
  ["step-{0..99999999}=http://h", /give the step/],
  ["a=", /NAME=URL/],
  ["=http://h", /NAME=URL/],
])("%s is refused", (words, reason) => {
  expect(() => modelSpecs(words.split(" "))).toThrow(reason);
});
