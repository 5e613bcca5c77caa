/** The numbers of a safetensors file as typed arrays. The format is little-endian, as every machine of Node's is that lmcov runs on. */

type Values = Float32Array | Float64Array | Int32Array;

interface NumberType {
  readonly allocate: (length: number) => Values;
  /** Fills `into` from bytes, and says what cannot be held; absent where the bytes are the numbers already. */
  readonly convert?: (bytes: ArrayBuffer, into: Values) => string | undefined;
}

export type ReadableType = "F32" | "F16" | "BF16" | "F64" | "I32" | "I64";

export const readableTypes: Readonly<Record<ReadableType, NumberType>> = {
  F32: { allocate: (length) => new Float32Array(length) },
  F16: {
    allocate: (length) => new Float32Array(length),
    convert(bytes, into) {
      const halves = new Uint16Array(bytes);
      for (let i = 0; i < into.length; i++) into[i] = fromHalf(halves[i] as number);
      return undefined;
    },
  },
  BF16: {
    allocate: (length) => new Float32Array(length),
    convert(bytes, into) {
      // A bfloat16 is the upper half of a float32.
      const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
      const halves = new Uint16Array(bytes);
      for (let i = 0; i < bits.length; i++) bits[i] = (halves[i] as number) << 16;
      return undefined;
    },
  },
  F64: { allocate: (length) => new Float64Array(length) },
  I32: { allocate: (length) => new Int32Array(length) },
  I64: {
    allocate: (length) => new Int32Array(length),
    convert(bytes, into) {
      const wide = new BigInt64Array(bytes);
      for (let i = 0; i < into.length; i++) {
        const value = wide[i] as bigint;
        if (value !== BigInt.asIntN(32, value)) return `holds ${value}, which is beyond 32 bits`;
        into[i] = Number(value);
      }
      return undefined;
    },
  },
};

/**
 * The number that 16 bits of IEEE 754 binary16 hold.
 *
 * @example
 * fromHalf(0x3c00); // 1
 * fromHalf(0x0001) === 2 ** -24; // true
 * fromHalf(0xfc00); // -Infinity
 */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
