/** Time as jobs see it. It decides when to ask again and what progress says, and never a result. */
import { setTimeout } from "node:timers/promises";

/** Time as jobs see it; a test gives a virtual one. */
export interface Clock {
  /** Milliseconds since any fixed moment. */
  now(): number;
  /** Resolves after so many milliseconds, or at once when the signal aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The machine's clock, given what tells its time. */
export function systemClock(now: () => number): Clock {
  return {
    now,
    sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }).catch(() => undefined),
  };
}
