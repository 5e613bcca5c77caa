/** Writes GGUF files, version 3, little-endian, float32 tensors. */
import type { FileHandle } from "node:fs/promises";
import { replaceFile, writeFully } from "./checkpoint-file.ts";

/** A value of a GGUF file's metadata. */
export type GgufValue =
  | { readonly type: "uint32" | "float32"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "float32s" | "int32s"; readonly value: readonly number[] };

/** A tensor whose numbers are asked for when they are written. */
export interface GgufTensor {
  readonly name: string;
  /** Fastest dimension first, as ggml counts them. */
  readonly dimensions: readonly number[];
  readonly read: () => Promise<Float32Array>;
}

/** Numbers of the format's types. */
const typeCode = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;
const float32Tensor = 0;
const version = 3;
const alignment = 32;

/** Writes a file, atomically, holding one tensor at a time. */
export async function writeGgufFile(
  path: string,
  content: { readonly metadata: ReadonlyMap<string, GgufValue>; readonly tensors: readonly GgufTensor[] },
): Promise<void> {
  const { metadata, tensors } = content;
  const header = new Bytes();
  header.text("GGUF");
  header.uint32(version);
  header.uint64(tensors.length);
  header.uint64(metadata.size);
  for (const [key, value] of metadata) {
    header.string(key);
    header.value(value);
  }
  let offset = 0;
  for (const { name, dimensions } of tensors) {
    header.string(name);
    header.uint32(dimensions.length);
    for (const dimension of dimensions) header.uint64(dimension);
    header.uint32(float32Tensor);
    header.uint64(offset);
    offset = aligned(offset + 4 * size(dimensions));
  }
  header.pad();
  await replaceFile(path, async (handle) => {
    await writeFully(handle, header.bytes());
    for (const tensor of tensors) await writeTensor(handle, tensor);
  });
}

async function writeTensor(handle: FileHandle, tensor: GgufTensor): Promise<void> {
  const numbers = await tensor.read();
  if (numbers.length !== size(tensor.dimensions)) {
    throw new RangeError(`length of ${tensor.name} is ${numbers.length}: must fill [${tensor.dimensions}]`);
  }
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  await writeFully(handle, bytes);
  await writeFully(handle, new Uint8Array(aligned(bytes.length) - bytes.length));
}

const aligned = (length: number): number => Math.ceil(length / alignment) * alignment;
const size = (dimensions: readonly number[]): number => dimensions.reduce((product, n) => product * n, 1);

/** A growing buffer of little-endian values. */
class Bytes {
  #buffer = new Uint8Array(1 << 16);
  #length = 0;

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  text(text: string): void {
    this.#append(new TextEncoder().encode(text));
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.uint64(bytes.length);
    this.#append(bytes);
  }

  uint32(value: number): void {
    this.#room(4).setUint32(0, value, true);
  }

  uint64(value: number): void {
    this.#room(8).setBigUint64(0, BigInt(value), true);
  }

  value(value: GgufValue): void {
    switch (value.type) {
      case "uint32":
        this.uint32(typeCode.uint32);
        this.uint32(value.value);
        break;
      case "float32":
        this.uint32(typeCode.float32);
        this.#float32(value.value);
        break;
      case "bool":
        this.uint32(typeCode.bool);
        this.#room(1).setUint8(0, value.value ? 1 : 0);
        break;
      case "string":
        this.uint32(typeCode.string);
        this.string(value.value);
        break;
      case "strings":
        this.#array(typeCode.string, value.value.length);
        for (const text of value.value) this.string(text);
        break;
      case "float32s":
        this.#array(typeCode.float32, value.value.length);
        for (const number of value.value) this.#float32(number);
        break;
      case "int32s":
        this.#array(typeCode.int32, value.value.length);
        for (const number of value.value) this.#room(4).setInt32(0, number, true);
    }
  }

  pad(): void {
    this.#append(new Uint8Array(aligned(this.#length) - this.#length));
  }

  #array(elementType: number, length: number): void {
    this.uint32(typeCode.array);
    this.uint32(elementType);
    this.uint64(length);
  }

  #float32(value: number): void {
    this.#room(4).setFloat32(0, value, true);
  }

  #append(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#length - bytes.length);
  }

  #room(length: number): DataView {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#buffer.length));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    return new DataView(this.#buffer.buffer, start, length);
  }
}
