/** A decoder with a cache of keys and values: the graph reads it as an input and gives only the new entries. */
import type { FloatArray, Shape, TensorValue } from "../tensor/index.ts";
import { CacheRoom, type CacheSize, moveTogether } from "./cache-room.ts";
import { CachedPrograms, type CachedSource, cacheName } from "./cached-programs.ts";
import { checkPrompt, checkTokens, type Decoder, type DecodingBatch, type TokenIds } from "./decoder.ts";
import { batchBucket, lengthBucket, paddedTokens } from "./model-programs.ts";

/** Rows of one prefill: distinct prompts are few and long, and their logits and scores take memory. */
const largestPrefill = 16_384;
/** Bytes that the cache of a batch may take, in float32. */
const largestCache = 2 ** 30;

/**
 * Each prompt is read once, however many rows begin with it; then one token a row and step. Programs are compiled for few
 * sizes of batch and cache.
 */
export function cachedDecoder(source: CachedSource): Decoder {
  const { model } = source;
  const programs = new CachedPrograms(source);
  const rowBytes = 4 * 2 * model.layers * model.width * model.contextLength;
  return {
    vocabularySize: model.vocabularySize,
    contextLength: model.contextLength,
    width: model.width,
    largestBatch: Math.max(1, 2 ** Math.floor(Math.log2(largestCache / rowBytes))),
    async begin(prompts, { reserve }) {
      for (const prompt of prompts) checkPrompt(prompt, model);
      const batch = new CachedBatch(programs, prompts, reserve);
      await batch.prefill();
      return batch;
    },
    release: () => programs.release(),
  };
}

class CachedBatch implements DecodingBatch {
  readonly #programs: CachedPrograms;
  readonly #prompts: readonly TokenIds[];
  readonly #longest: number;
  /** Tokens that each row has in the cache. */
  #lengths: number[];
  readonly #cache: CacheRoom;
  /** 0 where a row has an entry, −∞ elsewhere; [batch, 1, time]. */
  #mask: FloatArray = new Float64Array();
  #outputs: Record<string, TensorValue> = {};
  /** Where each row lies in the buffers, ascending; rows that left stay there until half of the room is theirs. */
  #slots: number[];

  constructor(programs: CachedPrograms, prompts: readonly TokenIds[], reserve: number) {
    this.#programs = programs;
    this.#prompts = prompts;
    this.#lengths = prompts.map(({ length }) => length);
    this.#slots = [...prompts.keys()];
    const { contextLength, layers, heads, width } = programs.model;
    this.#longest = Math.min(contextLength, Math.max(...this.#lengths) + reserve);
    const allocate = (size: number) => this.#floats([size]);
    const largest = Math.max(this.#longest, this.#timeBucket(Math.max(...this.#lengths)));
    this.#cache = new CacheRoom(
      { layers, heads, headWidth: width / heads, allocate },
      batchBucket(this.rows) * largest * width,
    );
  }

  get rows(): number {
    return this.#lengths.length;
  }

  logits(row: number): FloatArray {
    return this.#part("logits", row, this.#programs.model.vocabularySize);
  }

  hidden(row: number): FloatArray {
    return this.#part("hidden", row, this.#programs.model.width);
  }

  /** Reads every distinct prompt once and copies what it left into the rows that begin with it. */
  async prefill(): Promise<void> {
    const distinct = new Map<string, number[]>();
    this.#prompts.forEach((prompt, row) => {
      const key = Array.from(prompt).join(",");
      const known = distinct.get(key);
      if (known === undefined) distinct.set(key, [row]);
      else known.push(row);
    });
    this.#grow({ batch: batchBucket(this.rows), time: this.#timeBucket(Math.max(...this.#lengths)) });
    this.#allocateOutputs(batchBucket(this.rows));
    const groups = [...distinct.values()];
    const { contextLength } = this.#programs.model;
    const length = lengthBucket(Math.max(...this.#lengths), contextLength);
    const together = Math.max(1, 2 ** Math.floor(Math.log2(largestPrefill / length)));
    for (let start = 0; start < groups.length; start += together) {
      await this.#prefillGroups(groups.slice(start, start + together), length);
    }
  }

  async read(tokens: TokenIds): Promise<void> {
    checkTokens(tokens, this.#programs.model.vocabularySize);
    const needed = this.#timeBucket(Math.max(...this.#lengths));
    const { size } = this.#cache;
    if (needed > size.time) this.#grow({ ...size, time: needed });
    const { shape } = this.#cache;
    const { batch, time } = this.#cache.size;
    const inputs: Record<string, TensorValue> = {
      tokens: { shape: [batch], data: this.#inSlots(tokens) },
      positions: { shape: [batch], data: this.#inSlots(this.#lengths) },
      mask: { shape: [batch, 1, time], data: this.#mask },
    };
    this.#cache.buffers.forEach((data, index) => {
      inputs[cacheName(index)] = { shape, data };
    });
    await this.#programs.step({ batch, time }, inputs, this.#outputs);
    const rows = { slots: this.#slots, lengths: this.#lengths };
    for (let index = 0; index < this.#cache.buffers.length; index++) {
      this.#cache.append(index, this.#outputs[`new ${cacheName(index)}`]!.data as FloatArray, rows);
    }
    for (let row = 0; row < this.rows; row++) {
      this.#mask[this.#slots[row]! * time + this.#lengths[row]!] = 0;
      this.#lengths[row]! += 1;
    }
  }

  keep(rows: readonly number[]): void {
    this.#lengths = rows.map((row) => this.#lengths[row]!);
    this.#slots = rows.map((row) => this.#slots[row]!);
    if (batchBucket(rows.length) < this.#cache.size.batch) this.#compact(batchBucket(rows.length));
  }

  #part(name: string, row: number, size: number): FloatArray {
    const start = this.#slots[row]! * size;
    return (this.#outputs[name]!.data as FloatArray).subarray(start, start + size);
  }

  async #prefillGroups(groups: readonly (readonly number[])[], length: number): Promise<void> {
    const { vocabularySize, width } = this.#programs.model;
    const batch = batchBucket(groups.length);
    const prompts = groups.map(([first]) => this.#prompts[first!]!);
    const last = Int32Array.from(
      { length: batch },
      (_, row) => row * length + (prompts[row]?.length ?? 1) - 1,
    );
    const values = await this.#programs.prefill(
      { batch, length },
      {
        tokens: { shape: [batch, length], data: paddedTokens(prompts, { batch, length }) },
        last: { shape: [batch], data: last },
      },
    );
    const { time } = this.#cache.size;
    groups.forEach((rows, group) => {
      const count = prompts[group]!.length;
      for (const row of rows) {
        copyRow(values.logits!, group, this.#outputs.logits!, row, vocabularySize);
        copyRow(values.hidden!, group, this.#outputs.hidden!, row, width);
        this.#mask.fill(0, row * time, row * time + count);
        this.#cache.buffers.forEach((_, index) => {
          const fresh = values[`new ${cacheName(index)}`]!.data as FloatArray;
          this.#cache.write(index, row, fresh, { row: group, length, count });
        });
      }
    });
  }

  #grow(size: CacheSize): void {
    this.#cache.grow(size);
    this.#mask = this.#floats([size.batch, 1, size.time]).fill(Number.NEGATIVE_INFINITY);
    this.#slots.forEach((slot, row) => {
      this.#mask.fill(0, slot * size.time, slot * size.time + this.#lengths[row]!);
    });
  }

  /** Moves the rows together into the first part of the buffers. */
  #compact(batch: number): void {
    const { vocabularySize, width } = this.#programs.model;
    const { time } = this.#cache.size;
    const { logits, hidden } = this.#outputs;
    this.#cache.compact(this.#slots, batch);
    moveTogether(this.#mask, this.#slots, time);
    moveTogether(logits!.data, this.#slots, vocabularySize);
    moveTogether(hidden!.data, this.#slots, width);
    this.#slots = [...this.#slots.keys()];
    this.#mask = this.#mask.subarray(0, batch * time);
    this.#allocateOutputs(batch);
    this.#outputs.logits!.data.set(logits!.data.subarray(0, batch * vocabularySize));
    this.#outputs.hidden!.data.set(hidden!.data.subarray(0, batch * width));
  }

  #allocateOutputs(batch: number): void {
    const { vocabularySize, width, heads } = this.#programs.model;
    const allocate = (shape: Shape) => this.#programs.executor.allocate(shape);
    const entry = [batch, heads, 1, width / heads];
    this.#outputs = { logits: allocate([batch, vocabularySize]), hidden: allocate([batch, width]) };
    this.#cache.buffers.forEach((_, index) => {
      this.#outputs[`new ${cacheName(index)}`] = allocate(entry);
    });
  }

  #floats(shape: Shape): FloatArray {
    return this.#programs.executor.allocate(shape).data as FloatArray;
  }

  /** Values of the rows where the rows lie. */
  #inSlots(values: TokenIds): Int32Array {
    const data = new Int32Array(this.#cache.size.batch);
    for (let row = 0; row < this.rows; row++) data[this.#slots[row]!] = values[row]!;
    return data;
  }

  /** Room for the entries that a row has and one more to write; never more than will be needed. */
  #timeBucket(length: number): number {
    return lengthBucket(length + 1, Math.max(length + 1, this.#longest));
  }
}

function copyRow(from: TensorValue, fromRow: number, to: TensorValue, toRow: number, size: number): void {
  to.data.set(from.data.subarray(fromRow * size, (fromRow + 1) * size), toRow * size);
}
