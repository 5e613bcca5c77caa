import { describe, expect, test } from "vitest";
import { InputError } from "../record/index.ts";
import { verifierByName, verifierSummaries } from "./verifier-by-name.ts";

describe("verifiers by name", () => {
  test.each([
    "exact",
    "exact:ignore-case",
    "verbatim",
    "numeric",
    "numeric:1e-6",
    "choice",
    "regex:(\\d+)$",
    "regex:a:b",
    "path",
  ])("%s is a verifier of that name", (name) => {
    expect(verifierByName(name).name).toBe(name);
  });

  test.each([
    "",
    "Exact",
    "exact:x",
    "choice:A",
    "numeric:",
    "numeric:-1",
    "regex",
    "regex:",
    "regex:(",
    "math",
    "toString",
  ])("%j is refused in one sentence", (name) => {
    expect(() => verifierByName(name)).toThrow(InputError);
  });

  test("an unknown name is told which there are", () => {
    expect(() => verifierByName("fuzzy")).toThrow(
      /No verifier is called "fuzzy" here; there are exact, .*path, and for lmcov verify and sample python:TESTS.*, command:WORDS, http/,
    );
    expect(verifierSummaries.every(({ summary }) => summary.length > 0)).toBe(true);
  });
});
