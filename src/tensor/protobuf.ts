/** Writes the protocol buffer wire format: variable-length integers, 32-bit floats, length-prefixed bytes. */

const encoder = new TextEncoder();

/** One message under construction; fields are written in the order of the calls. */
export class ProtobufMessage {
  #bytes = new Uint8Array(128);
  #length = 0;

  integer(field: number, value: number): this {
    return this.#variable(field * 8).#variable(value);
  }

  float(field: number, value: number): this {
    this.#variable(field * 8 + 5).#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#variable(field * 8 + 2)
      .#variable(value.length)
      .#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  message(field: number, value: ProtobufMessage): this {
    return this.bytes(field, value.encoded());
  }

  /** A view of what was written so far. */
  encoded(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Seven bits a byte, lowest first; negative integers as 64-bit two's complement. */
  #variable(value: number): this {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
    return this;
  }

  #reserve(count: number): this {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return this;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.encoded());
    this.#bytes = grown;
    return this;
  }
}
