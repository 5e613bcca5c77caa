/**
 * The counts of a table by problem, in 80 bytes or so each, to tell a repeated count from a contradictory one. Keys are kept as
 * 64 bits of their SHA-256: with ten million problems two of them meet by chance once in 400,000 tables.
 */
import { createHash } from "node:crypto";

export interface KnownCount {
  readonly n: number;
  readonly correct: number;
  readonly unscored: number;
}

const fields = 3;

/** An open-addressing table over typed arrays that doubles when it is half full. */
export class CountIndex {
  /** Two words of hash a slot; both 0 in an empty one. */
  #hashes = new Uint32Array(2 * 1024);
  #values = new Float64Array(fields * 1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a count under a key, or gives the one that is already there. */
  add(key: string, count: KnownCount): KnownCount | undefined {
    const digest = createHash("sha256").update(key).digest();
    const high = digest.readUInt32LE(0);
    const low = digest.readUInt32LE(4) || 1;
    const slot = this.#slotOf(high, low);
    if (this.#hashes[2 * slot + 1] !== 0) {
      const at = fields * slot;
      return {
        n: this.#values[at] as number,
        correct: this.#values[at + 1] as number,
        unscored: this.#values[at + 2] as number,
      };
    }
    this.#hashes[2 * slot] = high;
    this.#hashes[2 * slot + 1] = low;
    this.#values.set([count.n, count.correct, count.unscored], fields * slot);
    this.#size += 1;
    if (4 * this.#size > this.#hashes.length) this.#grow();
    return undefined;
  }

  /** The slot that holds the hash, or the empty one where it belongs. */
  #slotOf(high: number, low: number): number {
    const mask = this.#hashes.length / 2 - 1;
    let slot = high & mask;
    for (;;) {
      const found = this.#hashes[2 * slot + 1];
      if (found === 0 || (found === low && this.#hashes[2 * slot] === high)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const hashes = this.#hashes;
    const values = this.#values;
    this.#hashes = new Uint32Array(2 * hashes.length);
    this.#values = new Float64Array(2 * values.length);
    for (let slot = 0; slot < hashes.length / 2; slot += 1) {
      const low = hashes[2 * slot + 1] as number;
      if (low === 0) continue;
      const high = hashes[2 * slot] as number;
      const target = this.#slotOf(high, low);
      this.#hashes[2 * target] = high;
      this.#hashes[2 * target + 1] = low;
      this.#values.set(values.subarray(fields * slot, fields * slot + fields), fields * target);
    }
  }
}
