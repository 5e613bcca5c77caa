/**
 * How many requests a server is asked at once: grows while throughput grows with it, settles where it does not, and
 * shrinks when the server fails.
 */

export interface ConcurrencyBounds {
  readonly least: number;
  readonly most: number;
  readonly start: number;
}

/** Growth of throughput that justifies more requests at once. */
const worthwhileGrowth = 1.05;
const growth = 1.5;
const probe = 1.15;
const reduction = 0.7;
/** Windows at the best known limit before the next probe. */
const patience = 8;
/** Milliseconds of a window at least: throughput over less is noise. */
const shortestWindow = 50;

export class ConcurrencyLimit {
  readonly #bounds: ConcurrencyBounds;
  #limit: number;
  #best: { limit: number; throughput: number } | undefined;
  #windowStart: number;
  #finished = 0;
  #saturated = true;
  #settled = 0;
  #reducedAt = Number.NEGATIVE_INFINITY;
  #latency = 0;

  constructor(bounds: ConcurrencyBounds, now: number) {
    this.#bounds = bounds;
    this.#limit = Math.min(bounds.most, Math.max(bounds.least, bounds.start));
    this.#windowStart = now;
  }

  get limit(): number {
    return this.#limit;
  }

  /** The limit was not reached for lack of work: what is measured says nothing about it. */
  idle(): void {
    this.#saturated = false;
  }

  /** A request was answered, after so many milliseconds. */
  answered(now: number, latency: number): void {
    this.#finished += 1;
    this.#latency += (latency - this.#latency) * (this.#latency === 0 ? 1 : 0.1);
    const elapsed = now - this.#windowStart;
    if (this.#finished < 2 * this.#limit || elapsed < shortestWindow) return;
    const throughput = this.#finished / elapsed;
    if (this.#saturated) this.#adjust(throughput);
    this.#beginWindow(now);
  }

  /** The server failed under load: fewer at once, at most once per answer's time. */
  overloaded(now: number): void {
    if (now - this.#reducedAt < Math.max(shortestWindow, this.#latency)) return;
    this.#reducedAt = now;
    this.#limit = this.#clamped(Math.floor(this.#limit * reduction));
    this.#best = undefined;
    this.#settled = 0;
    this.#beginWindow(now);
  }

  #adjust(throughput: number): void {
    const best = this.#best;
    if (best === undefined || (this.#limit > best.limit && throughput > best.throughput * worthwhileGrowth)) {
      const first = best === undefined && this.#reducedAt > Number.NEGATIVE_INFINITY;
      this.#best = { limit: this.#limit, throughput };
      this.#settled = 0;
      // After a failure the way up is slow.
      this.#limit = this.#clamped(first ? this.#limit + 1 : Math.ceil(this.#limit * growth));
      return;
    }
    if (this.#limit > best.limit) {
      this.#limit = best.limit;
      this.#settled = 0;
      return;
    }
    // Servers change: what was best is measured again, and now and then more is tried.
    this.#best = { limit: this.#limit, throughput: (best.throughput + throughput) / 2 };
    this.#settled += 1;
    if (this.#settled < patience) return;
    this.#settled = 0;
    this.#limit = this.#clamped(Math.max(this.#limit + 1, Math.round(this.#limit * probe)));
  }

  #beginWindow(now: number): void {
    this.#windowStart = now;
    this.#finished = 0;
    this.#saturated = true;
  }

  #clamped(limit: number): number {
    return Math.min(this.#bounds.most, Math.max(this.#bounds.least, limit));
  }
}
