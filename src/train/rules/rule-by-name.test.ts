import { describe, expect, test } from "vitest";
import { lossByName, lossNames, lossOptions } from "../loss-by-name.ts";
import { ruleByName, ruleNames, ruleOptions } from "./rule-by-name.ts";

/** What a rule cannot do without. */
const required: Readonly<Record<string, Record<string, unknown>>> = {
  "truncated-distillation": { N: 16, teacher: "teacher" },
};
const given = (name: string) => ({ learningRate: 0.1, ...required[name] });

describe("a rule by its name", () => {
  test("has the learning rate, the options with defaults, and an update of its name", () => {
    expect(ruleNames).toEqual([
      "sgd",
      "normalized-sgd",
      "sign-sgd",
      "adam",
      "adamw",
      "token-sgd",
      "truncated-distillation",
      "muon",
    ]);
    for (const name of ruleNames) {
      const rule = ruleByName(name, given(name));
      expect(rule).toMatchObject({ name, learningRate: 0.1, update: { name } });
      expect(rule.stepAfter).toBe(name === "token-sgd" ? "token" : "batch");
      for (const [option, { default: value }] of Object.entries(ruleOptions(name))) {
        if (value !== undefined && option !== "learningRate") expect(rule.options[option]).toBe(value);
      }
    }
    expect(ruleByName("adamw").learningRate).toBe(0.001);
  });

  test("truncated distillation and token-level SGD bring their loss, the others take any", () => {
    const brings = ruleNames.filter((name) => ruleByName(name, given(name)).loss !== undefined);
    expect(brings).toEqual(["token-sgd", "truncated-distillation"]);
    expect(ruleByName("truncated-distillation", given("truncated-distillation")).loss).toMatchObject({
      name: "truncated",
      meanOver: "sequence",
      teacher: { kind: "checkpoint", folder: "teacher" },
    });
  });

  const refusals: readonly [string, Record<string, unknown>, string][] = [
    ["adma", {}, 'rule: "adma" is not known; did you mean adam? (known: sgd, normalized-sgd'],
    ["__proto__", {}, 'rule: "__proto__" is not known'],
    [
      "adam",
      { beta3: 0.1 },
      "rule adam: beta3: unknown option; did you mean beta1? (learningRate: a positive number; beta1:",
    ],
    ["adam", { beta2: 1 }, "rule adam: beta2: is 1; must be a number of at least 0 and less than 1"],
    ["adam", { beta2: "0.9" }, 'rule adam: beta2: is "0.9"; must be'],
    ["adam", { learningRate: Number.NaN }, "rule adam: learningRate: is null; must be a positive number"],
    ["adamw", { decays: "some" }, 'rule adamw: decays: is "some"; must be one of matrices, all'],
    ["sgd", {}, "rule sgd: learningRate: is missing; must be a positive number"],
    ["sgd", { learningRate: 1, radius: 0 }, "rule sgd: radius: is 0; must be a positive number"],
    ["sign-sgd", { learningRate: 1, radius: 1 }, "rule sign-sgd: radius: unknown option"],
    ["muon", { iterations: 2.5 }, "rule muon: iterations: is 2.5; must be a positive integer"],
    [
      "truncated-distillation",
      { learningRate: 1, N: 1, teacher: "t" },
      "rule truncated-distillation: N: is 1; must be a number above 1",
    ],
    ["truncated-distillation", { learningRate: 1, N: 4 }, "rule truncated-distillation: teacher: is missing"],
    [
      "truncated-distillation",
      { learningRate: 1, N: 4, teacher: "t", distributions: "d" },
      "rule truncated-distillation: distributions: is one teacher too many",
    ],
  ];
  test.each(refusals)("%s with %o is refused", (name, options, message) => {
    try {
      ruleByName(name, options);
    } catch (error) {
      expect((error as Error).name).toBe("InputError");
      expect((error as Error).message).toContain(message);
      return;
    }
    expect.unreachable("it was accepted");
  });
});

describe("a loss by its name", () => {
  test("says what it is a mean over and what it needs", () => {
    expect(lossNames).toEqual(["sequence", "token", "dco", "truncated"]);
    expect(lossByName("sequence").meanOver).toBe("sequence");
    expect(lossByName("token").meanOver).toBe("token");
    expect(lossByName("dco", { N: 8 })).toMatchObject({ meanOver: "sequence", options: { N: 8 } });
    expect(Object.keys(lossOptions("dco"))).toEqual(["N"]);
  });

  test("says where its teacher comes from", () => {
    const given = { N: 8, distributions: "teacher.parquet" };
    expect(lossByName("truncated", given).teacher).toEqual({
      kind: "distributions",
      path: "teacher.parquet",
      top: undefined,
    });
    expect(lossByName("truncated", { ...given, top: 5 }).teacher).toMatchObject({ top: 5 });
    expect(lossByName("truncated", { N: 8, teacher: "folder" }).teacher).toEqual({
      kind: "checkpoint",
      folder: "folder",
    });
  });

  test.each([
    ["dco", {}, "loss dco: N: is missing; must be a number of at least 1"],
    ["dco", { N: 0.5 }, "loss dco: N: is 0.5; must be"],
    ["sequences", {}, 'loss: "sequences" is not known; did you mean sequence?'],
    ["token", { N: 2 }, "loss token: N: unknown option; (there is none)"],
    ["truncated", { N: 8 }, "loss truncated: teacher: is missing"],
  ])("%s with %o is refused", (name, options, message) => {
    expect(() => lossByName(name, options)).toThrow(message);
  });
});
