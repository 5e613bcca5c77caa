/** Reads a GGUF file of float32 tensors by the format's description; for tests. */
import { readFileSync } from "node:fs";

export interface GgufContent {
  readonly metadata: ReadonlyMap<string, unknown>;
  readonly tensors: ReadonlyMap<
    string,
    { readonly dimensions: readonly number[]; readonly data: Float32Array }
  >;
}

export function readGguf(path: string): GgufContent {
  const bytes = readFileSync(path);
  let at = 0;
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const uint32 = () => take(4).readUInt32LE();
  const uint64 = () => Number(take(8).readBigUInt64LE());
  const text = () => take(uint64()).toString("utf8");
  const value = (type: number): unknown => {
    switch (type) {
      case 4:
        return uint32();
      case 5:
        return take(4).readInt32LE();
      case 6:
        return take(4).readFloatLE();
      case 7:
        return take(1)[0] === 1;
      case 8:
        return text();
      case 9: {
        const element = uint32();
        return Array.from({ length: uint64() }, () => value(element));
      }
      default:
        throw new Error(`type ${type} is not expected here`);
    }
  };
  if (take(4).toString() !== "GGUF" || uint32() !== 3) throw new Error("not GGUF 3");
  const [tensorCount, keyCount] = [uint64(), uint64()];
  const metadata = new Map(Array.from({ length: keyCount }, () => [text(), value(uint32())] as const));
  const infos = Array.from({ length: tensorCount }, () => {
    const name = text();
    const dimensions = Array.from({ length: uint32() }, uint64);
    if (uint32() !== 0) throw new Error(`${name} is not float32`);
    return { name, dimensions, offset: uint64() };
  });
  const start = Math.ceil(at / 32) * 32;
  let end = start;
  const tensors = infos.map(({ name, dimensions, offset }) => {
    if (offset % 32 !== 0 || start + offset < end) throw new Error(`${name} lies at ${offset}`);
    const size = 4 * dimensions.reduce((product, dimension) => product * dimension, 1);
    end = start + offset + size;
    if (end > bytes.length) throw new Error(`${name} ends after the file`);
    const data = new Float32Array(Uint8Array.from(bytes.subarray(start + offset, end)).buffer);
    return [name, { dimensions, data }] as const;
  });
  if (Math.ceil(end / 32) * 32 !== bytes.length) throw new Error("the file goes on after its tensors");
  return { metadata, tensors: new Map(tensors) };
}
