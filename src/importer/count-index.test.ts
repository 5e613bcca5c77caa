import fc from "fast-check";
import { expect, test } from "vitest";
import { CountIndex, type KnownCount } from "./count-index.ts";

test("the index gives back what a Map would, for as many keys as there are", () => {
  const count = fc.record({ n: fc.nat(), correct: fc.nat(), unscored: fc.nat() });
  const keys = fc.oneof(fc.string(), fc.integer({ min: 0, max: 3000 }).map(String));
  fc.assert(
    fc.property(fc.array(fc.tuple(keys, count), { maxLength: 5000, size: "max" }), (entries) => {
      const index = new CountIndex();
      const map = new Map<string, KnownCount>();
      for (const [key, value] of entries) {
        expect(index.add(key, value)).toEqual(map.get(key));
        if (!map.has(key)) map.set(key, value);
      }
      expect(index.size).toBe(map.size);
    }),
    { numRuns: 10, seed: 5 },
  );
});
