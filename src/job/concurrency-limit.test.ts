import { expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { ConcurrencyLimit } from "./concurrency-limit.ts";

interface Server {
  /** Milliseconds to an answer while so many requests are under way. */
  latency(active: number): number;
  fails(active: number, uniform: () => number): boolean;
}

/** Mean limit over the second half of the time, as a server that is simulated event by event is kept busy. */
function limitAt(server: Server, most = 256, milliseconds = 100_000): number {
  const { uniform } = randomGenerator("simulated server");
  const limit = new ConcurrencyLimit({ least: 1, most, start: 8 }, 0);
  const ends: { at: number; fails: boolean }[] = [];
  let now = 0;
  let weighted = 0;
  while (now < milliseconds) {
    while (ends.length < limit.limit) {
      const active = ends.length + 1;
      const at = now + server.latency(active) * (0.8 + 0.4 * uniform());
      ends.push({ at, fails: server.fails(active, uniform) });
    }
    ends.sort((left, right) => left.at - right.at);
    const { at, fails } = ends.shift() as { at: number; fails: boolean };
    if (at > milliseconds / 2) weighted += (at - Math.max(now, milliseconds / 2)) * limit.limit;
    now = at;
    if (fails) limit.failed(now);
    else limit.answered(now);
  }
  return weighted / (milliseconds / 2);
}

const steady = { fails: () => false };

test("requests at once grow to what the server does in parallel, and not far beyond", () => {
  const limit = limitAt({ ...steady, latency: (active) => 100 * Math.max(1, active / 64) });
  expect(limit).toBeGreaterThan(45);
  expect(limit).toBeLessThan(110);
});

test("a server that does one thing at a time is asked few things at once", () => {
  expect(limitAt({ ...steady, latency: (active) => 20 * active })).toBeLessThan(14);
});

test("a server that has no limit is asked as much as is allowed", () => {
  expect(limitAt({ ...steady, latency: () => 100 })).toBeGreaterThan(200);
});

test("a server that fails at random, load or not, is asked no less", () => {
  const latency = (active: number) => 100 * Math.max(1, active / 64);
  expect(limitAt({ latency, fails: (_, uniform) => uniform() < 0.3 })).toBeGreaterThan(40);
});

test("a server that refuses what is above its limit is asked about as much as it takes", () => {
  const limit = limitAt({ latency: (active) => (active > 40 ? 5 : 100), fails: (active) => active > 40 });
  expect(limit).toBeGreaterThan(30);
  expect(limit).toBeLessThan(90);
});

test("a server that answers nothing is asked one thing at a time", () => {
  expect(limitAt({ latency: () => 50, fails: () => true })).toBeLessThan(1.01);
});
