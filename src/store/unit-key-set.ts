/** A set of unit keys in 16 bytes a key or less: millions of finished units are remembered while a job runs. */

const firstCapacity = 1024;

/** Keys of sixteen hexadecimal digits; open addressing over two 32-bit columns. */
export class UnitKeySet {
  #high = new Uint32Array(firstCapacity);
  #low = new Uint32Array(firstCapacity);
  #size = 0;
  /** The key that the empty slots show. */
  #holdsZero = false;

  get size(): number {
    return this.#size + (this.#holdsZero ? 1 : 0);
  }

  has(key: string): boolean {
    const high = Number.parseInt(key.slice(0, 8), 16);
    const low = Number.parseInt(key.slice(8, 16), 16);
    if (high === 0 && low === 0) return this.#holdsZero;
    return this.#isFilled(this.#slotOf(high, low));
  }

  /** True if the key was not there. */
  add(key: string): boolean {
    const high = Number.parseInt(key.slice(0, 8), 16);
    const low = Number.parseInt(key.slice(8, 16), 16);
    if (high === 0 && low === 0) {
      const added = !this.#holdsZero;
      this.#holdsZero = true;
      return added;
    }
    const slot = this.#slotOf(high, low);
    if (this.#isFilled(slot)) return false;
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#size += 1;
    if (this.#size > 0.7 * this.#high.length) this.#grow();
    return true;
  }

  #isFilled(slot: number): boolean {
    return this.#high[slot] !== 0 || this.#low[slot] !== 0;
  }

  /** Where the key is, or the empty slot where it belongs. Keys are hashes already. */
  #slotOf(high: number, low: number): number {
    const mask = this.#high.length - 1;
    let slot = (high ^ Math.imul(low, 0x9e3779b1)) & mask;
    while (this.#isFilled(slot) && (this.#high[slot] !== high || this.#low[slot] !== low)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const [high, low] = [this.#high, this.#low];
    this.#high = new Uint32Array(2 * high.length);
    this.#low = new Uint32Array(2 * low.length);
    for (let slot = 0; slot < high.length; slot++) {
      const [upper, lower] = [high[slot] ?? 0, low[slot] ?? 0];
      if (upper === 0 && lower === 0) continue;
      const place = this.#slotOf(upper, lower);
      this.#high[place] = upper;
      this.#low[place] = lower;
    }
  }
}
