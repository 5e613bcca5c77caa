/** A clock whose time passes only while everybody sleeps. */
import type { Clock } from "../../src/job/index.ts";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export class VirtualClock implements Clock {
  #now = 0;
  #sleepers: Sleeper[] = [];
  #ticking = false;

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { at: this.#now + milliseconds, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      });
      if (!this.#ticking) this.#tick();
    });
  }

  /** Lets real work, such as a sync, finish before time passes. */
  #tick(): void {
    this.#ticking = true;
    setTimeout(() => {
      this.#sleepers.sort((left, right) => left.at - right.at);
      const next = this.#sleepers.shift();
      if (next === undefined) {
        this.#ticking = false;
        return;
      }
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      this.#tick();
    }, 1);
  }
}
