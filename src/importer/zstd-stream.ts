/**
 * A zstd stream, decompressed block by block. Frames are inspected before the decompressor sees them, since it would
 * reserve whatever window a frame asks for: a few damaged bytes can ask for gigabytes.
 */
import { Decompress } from "fzstd";

/** What `zstd --ultra -22` uses at most; larger windows need a switch on zstd's own command line too. */
const largestWindow = 128 << 20;
const largestBlock = 128 << 10;
const frameMagic = 0xfd2fb528;
/** Sixteen magic numbers begin frames that hold no content. */
const skippableMagic = 0x184d2a5;

const dictionaryLengths = [0, 1, 2, 4] as const;
const contentSizeLengths = [0, 2, 4, 8] as const;

/** The decompressed chunks of a zstd stream of any number of frames. Throws on damage or a stream cut short. */
export async function* unzstd(raw: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let ready: Buffer[] = [];
  const decompress = new Decompress((data) => {
    if (data.length > 0) ready.push(Buffer.from(data));
  });
  const units = new ZstdUnits();
  for await (const chunk of raw) {
    units.push(chunk);
    for (let unit = units.next(); unit !== undefined; unit = units.next()) {
      decompress.push(unit);
      if (ready.length === 0) continue;
      yield* ready;
      ready = [];
    }
  }
  units.finish();
  decompress.push(new Uint8Array(0), true);
  yield* ready;
}

/** Cuts a stream into frame headers, blocks and checksums. */
class ZstdUnits {
  #pending: Buffer = Buffer.alloc(0);
  #expects: "frame" | "block" | "checksum" = "frame";
  #hasChecksum = false;
  /** Bytes of a skippable frame still to be passed over. */
  #skip = 0;

  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
  }

  /** The next complete unit, or undefined until more bytes have come. Throws on a header that is none. */
  next(): Buffer | undefined {
    for (;;) {
      const passed = Math.min(this.#skip, this.#pending.length);
      this.#pending = this.#pending.subarray(passed);
      this.#skip -= passed;
      if (this.#skip > 0) return undefined;
      const length = this.#unitLength();
      if (length === undefined || this.#pending.length < length) return undefined;
      const unit = this.#pending.subarray(0, length);
      this.#pending = this.#pending.subarray(length);
      if (this.#advance(unit)) return unit;
    }
  }

  /** Throws if the stream ends within a frame. */
  finish(): void {
    if (this.#expects === "frame" && this.#pending.length === 0 && this.#skip === 0) return;
    throw new Error("unexpected end");
  }

  #unitLength(): number | undefined {
    const bytes = this.#pending;
    if (this.#expects === "checksum") return 4;
    if (this.#expects === "block") {
      if (bytes.length < 3) return undefined;
      const header = bytes.readUIntLE(0, 3);
      const size = header >>> 3;
      const type = (header >>> 1) & 3;
      if (type === 3) throw new Error("invalid block type");
      if (size > largestBlock) throw new Error("a block over 128 KiB");
      return 3 + (type === 1 ? 1 : size);
    }
    if (bytes.length < 5) return undefined;
    const magic = bytes.readUInt32LE(0);
    if (magic >>> 4 === skippableMagic) return 8;
    if (magic !== frameMagic) throw new Error("not a zstd frame");
    return frameHeaderLength(bytes[4] as number);
  }

  /** Takes note of a unit; false if it is for nobody, as the head of a skippable frame is. */
  #advance(unit: Buffer): boolean {
    if (this.#expects === "checksum") this.#expects = "frame";
    else if (this.#expects === "block") {
      const last = ((unit[0] as number) & 1) === 1;
      if (last) this.#expects = this.#hasChecksum ? "checksum" : "frame";
    } else if (unit.readUInt32LE(0) === frameMagic) {
      requireWindow(unit);
      this.#hasChecksum = ((unit[4] as number) & 4) !== 0;
      this.#expects = "block";
    } else {
      this.#skip = unit.readUInt32LE(4);
      return false;
    }
    return true;
  }
}

function frameHeaderLength(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0;
  const contentSize = contentSizeLengths[descriptor >>> 6] || (single ? 1 : 0);
  return 5 + (single ? 0 : 1) + (dictionaryLengths[descriptor & 3] ?? 0) + contentSize;
}

/** Throws if the frame asks for a window beyond the limit. */
function requireWindow(header: Buffer): void {
  const descriptor = header[4] as number;
  const single = (descriptor & 0x20) !== 0;
  const window = single ? contentSizeOf(header, descriptor) : windowSizeOf(header[5] as number);
  if (window <= largestWindow) return;
  throw new Error(`a window of ${Math.ceil(window / 2 ** 20)} MiB, more than 128 MiB`);
}

function windowSizeOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSizeOf(header: Buffer, descriptor: number): number {
  const length = contentSizeLengths[descriptor >>> 6] || 1;
  const at = header.length - length;
  if (length === 8) return header.readUInt32LE(at) + header.readUInt32LE(at + 4) * 2 ** 32;
  return header.readUIntLE(at, length) + (length === 2 ? 256 : 0);
}
