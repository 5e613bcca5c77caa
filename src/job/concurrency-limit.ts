/**
 * How many requests a server is asked at once, by what comes of it: more while that brings more answers a second, fewer
 * where fewer bring as many. Failures alone do not shrink it, as a server that fails at random is not helped by fewer
 * requests; only where nearly everything fails it is halved at once.
 */

export interface ConcurrencyBounds {
  readonly least: number;
  readonly most: number;
  readonly start: number;
}

const growth = 1.5;
const probeUp = 1.25;
const probeDown = 0.75;
/** Share of the growth of requests that must come back as growth of answers. */
const worthwhile = 0.2;
/** Answers a second that fewer requests must keep. */
const kept = 0.95;
/** Share of failures at which the server is taken to do nothing at all. */
const hopeless = 0.9;
/** Windows at the best known limit between two probes. */
const patience = 6;
/** Milliseconds: less is noise, more is slow to see. */
const shortestWindow = 50;
const longEnough = 1000;
const enoughAnswers = 100;

export class ConcurrencyLimit {
  readonly #bounds: ConcurrencyBounds;
  #limit: number;
  #best: { limit: number; rate: number } | undefined;
  #windowStart: number;
  #good = 0;
  #bad = 0;
  #saturated = true;
  #settled = 0;
  #probedUp = false;

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

  answered(now: number): void {
    this.#good += 1;
    this.#end(now);
  }

  /** A request failed in a way that load may cause. */
  failed(now: number): void {
    this.#bad += 1;
    this.#end(now);
  }

  #end(now: number): void {
    const elapsed = now - this.#windowStart;
    const count = this.#good + this.#bad;
    if (elapsed < shortestWindow || count < 2 * this.#limit) return;
    if (this.#good < enoughAnswers && elapsed < longEnough) return;
    const pressure = this.#bad / count;
    if (pressure >= hopeless) {
      this.#best = undefined;
      this.#limit = this.#clamped(Math.floor(this.#limit / 2));
    } else if (this.#saturated) this.#adjust(this.#good / elapsed);
    this.#windowStart = now;
    this.#good = 0;
    this.#bad = 0;
    this.#saturated = true;
  }

  #adjust(rate: number): void {
    const best = this.#best;
    const limit = this.#limit;
    if (best === undefined) this.#accept(rate, Math.ceil(limit * growth));
    else if (limit > best.limit) {
      const isBetter = rate > best.rate * (1 + worthwhile * (limit / best.limit - 1));
      if (isBetter) this.#accept(rate, Math.ceil(limit * growth));
      else this.#settleAt(best.limit);
    } else if (limit < best.limit) {
      if (rate >= kept * best.rate) this.#accept(rate, limit * probeDown);
      else this.#settleAt(best.limit);
    } else {
      // Servers change: what was best is measured again and again.
      this.#best = { limit, rate: (best.rate + rate) / 2 };
      this.#settled += 1;
      if (this.#settled < patience) return;
      this.#settled = 0;
      const down = this.#probedUp;
      this.#probedUp = !down;
      this.#limit = this.#clamped(down ? limit * probeDown : Math.max(limit + 1, limit * probeUp));
    }
  }

  #accept(rate: number, next: number): void {
    this.#best = { limit: this.#limit, rate };
    this.#settleAt(next);
  }

  #settleAt(limit: number): void {
    this.#limit = this.#clamped(limit);
    this.#settled = 0;
  }

  #clamped(limit: number): number {
    return Math.min(this.#bounds.most, Math.max(this.#bounds.least, Math.floor(limit)));
  }
}
