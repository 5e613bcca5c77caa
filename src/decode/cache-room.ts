/**
 * Keys and values of open sequences as JavaScript owns them: for each layer, in turn, [rows, heads, time, width of a head].
 * A row's part is contiguous, so rows leave and copies of a prompt arrive by moving memory.
 */
import type { FloatArray, Shape } from "../tensor/index.ts";

/** Rows and time of the buffers. */
export interface CacheSize {
  readonly batch: number;
  readonly time: number;
}

/** What does not change while sequences are open. */
export interface CacheShape {
  readonly layers: number;
  readonly heads: number;
  readonly headWidth: number;
  /** Zeros. */
  readonly allocate: (size: number) => FloatArray;
}

/** The buffers of one batch. */
export class CacheRoom {
  readonly #shape: CacheShape;
  #size: CacheSize = { batch: 0, time: 0 };
  /** Room for each buffer, to the last token: memory is mapped only once. */
  #room: readonly FloatArray[];
  #buffers: readonly FloatArray[] = [];

  /** @param entries of one buffer at its largest, of which `grow` makes more where they do not suffice */
  constructor(shape: CacheShape, entries: number) {
    this.#shape = shape;
    this.#room = Array.from({ length: 2 * shape.layers }, () => shape.allocate(entries));
  }

  get size(): CacheSize {
    return this.#size;
  }

  /** Shape of each buffer. */
  get shape(): Shape {
    return [this.#size.batch, this.#shape.heads, this.#size.time, this.#shape.headWidth];
  }

  /** Keys of the first layer, values of the first layer, keys of the second, …: the part that is read. */
  get buffers(): readonly FloatArray[] {
    return this.#buffers;
  }

  /** Entries move apart within their room; what they leave behind is finite, and of weight 0 to who reads it masked. */
  grow(size: CacheSize): void {
    const { heads, headWidth } = this.#shape;
    const before = this.#size;
    this.#size = size;
    const entries = size.batch * heads * size.time * headWidth;
    if (this.#room[0]!.length < entries) {
      this.#room = this.#room.map((room) => {
        const larger = this.#shape.allocate(entries);
        larger.set(room);
        return larger;
      });
    }
    this.#buffers = this.#room.map((room) => room.subarray(0, entries));
    const kept = headWidth * before.time;
    const block = headWidth * size.time;
    if (kept === 0) return;
    for (const buffer of this.#buffers) {
      for (let place = size.batch * heads - 1; place >= 0; place--) {
        buffer.copyWithin(place * block, place * kept, (place + 1) * kept);
      }
    }
  }

  /** Moves the rows in these places together into the first ones of a smaller batch. */
  compact(slots: readonly number[], batch: number): void {
    const row = this.#shape.heads * this.#shape.headWidth * this.#size.time;
    for (const buffer of this.#buffers) moveTogether(buffer, slots, row);
    this.#size = { ...this.#size, batch };
    this.#buffers = this.#buffers.map((buffer) => buffer.subarray(0, batch * row));
  }

  /** Writes the first `count` entries of each head of one row of `fresh`, [rows, heads, length, width of a head]. */
  write(
    index: number,
    slot: number,
    fresh: FloatArray,
    part: { row: number; length: number; count: number },
  ): void {
    const { heads, headWidth } = this.#shape;
    const buffer = this.#buffers[index]!;
    for (let head = 0; head < heads; head++) {
      const from = (part.row * heads + head) * part.length * headWidth;
      const to = (slot * heads + head) * this.#size.time * headWidth;
      buffer.set(fresh.subarray(from, from + part.count * headWidth), to);
    }
  }

  /** Writes each row's new entry, [places, heads, 1, width of a head], behind those that it has. */
  append(
    index: number,
    fresh: FloatArray,
    rows: { readonly slots: readonly number[]; readonly lengths: readonly number[] },
  ): void {
    const { heads, headWidth } = this.#shape;
    const isPaired = fresh instanceof Float32Array && headWidth % 2 === 0;
    const [from, to] = isPaired
      ? [pairs(fresh), pairs(this.#buffers[index]!)]
      : [fresh, this.#buffers[index]!];
    const width = isPaired ? headWidth / 2 : headWidth;
    const block = this.#size.time * width;
    for (let row = 0; row < rows.slots.length; row++) {
      const first = rows.slots[row]! * heads;
      const behind = rows.lengths[row]! * width;
      for (let place = first; place < first + heads; place++) {
        copyEntry(from, place * width, (place + 1) * width, to, place * block + behind);
      }
    }
  }
}

/** The same memory, two numbers at a time. */
const pairs = ({ buffer, byteOffset, length }: FloatArray): Float64Array =>
  new Float64Array(buffer, byteOffset, length / 2);

/** The entries of one head are few: a loop writes them in less time than a view of them is made. */
function copyEntry(fresh: FloatArray, from: number, end: number, cache: FloatArray, to: number): void {
  for (let index = from, place = to; index < end; index++, place++) cache[place] = fresh[index]!;
}

/** Moves rows of so many entries, whose places ascend, into the first places. */
export function moveTogether(data: FloatArray | Int32Array, slots: readonly number[], size: number): void {
  slots.forEach((from, to) => {
    if (from !== to) data.copyWithin(to * size, from * size, (from + 1) * size);
  });
}
