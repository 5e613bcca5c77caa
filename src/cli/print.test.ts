import { describe, expect, test } from "vitest";
import { csvText, jsonText } from "./print.ts";

describe("results on standard output", () => {
  test("JSON writes infinities as strings and refuses NaN", () => {
    expect(JSON.parse(jsonText({ a: Number.POSITIVE_INFINITY, b: [Number.NEGATIVE_INFINITY, 0.1] }))).toEqual(
      {
        a: "Infinity",
        b: ["-Infinity", 0.1],
      },
    );
    expect(() => jsonText({ deep: { value: Number.NaN } })).toThrow('not a number in the result, at "value"');
  });

  test("CSV quotes what needs it, keeps all digits, and disarms formulas", () => {
    expect(
      csvText([
        { name: 'a "b", c', value: 0.1 + 0.2 },
        { name: "=1+1", other: -3 },
      ]),
    ).toBe('name,value,other\r\n"a ""b"", c",0.30000000000000004,\r\n\'=1+1,,-3');
  });
});
