/** Writes safetensors files, byte for byte as the reference implementation does. */
import { type NamedValues, shapeSize, type TensorValue } from "../tensor/index.ts";
import { replaceFile, writeFully } from "./checkpoint-file.ts";

/** The header's length is a multiple of this, so that numbers lie aligned. */
const alignment = 8;

/**
 * Writes tensors as F32 (float64 is rounded) and I32, atomically: the file appears whole or not at all. Types come in
 * the reference implementation's order and names sorted within, so equal tensors give equal bytes.
 *
 * @throws RangeError for numbers that do not fill their shape, naming the tensor.
 */
export async function writeSafetensors(
  path: string,
  tensors: NamedValues,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const ordered = orderedTensors(tensors);
  const header = headerBytes(ordered, metadata);
  await replaceFile(path, async (handle) => {
    await writeFully(handle, header);
    for (const [, value] of ordered) await writeFully(handle, storedBytes(value));
  });
}

type NamedValue = readonly [string, TensorValue];

function orderedTensors(tensors: NamedValues): NamedValue[] {
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (name === "__metadata__") throw new RangeError(`name is ${name}: must not be the format's own`);
    if (shapeSize(shape) !== data.length) {
      throw new RangeError(`length of ${name} is ${data.length}: must fill its shape [${shape.join(", ")}]`);
    }
  }
  const rank = ({ data }: TensorValue) => (data instanceof Int32Array ? 1 : 0);
  return Object.entries(tensors).sort(
    ([a, x], [b, y]) => rank(x) - rank(y) || Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
}

function headerBytes(ordered: readonly NamedValue[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const members: string[] = [];
  if (Object.keys(metadata).length > 0) members.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let begin = 0;
  for (const [name, { shape, data }] of ordered) {
    const end = begin + 4 * data.length;
    const dtype = data instanceof Int32Array ? "I32" : "F32";
    members.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
    begin = end;
  }
  const text = new TextEncoder().encode(`{${members.join(",")}}`);
  const length = Math.ceil(text.length / alignment) * alignment;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return bytes;
}

function storedBytes({ data }: TensorValue): Uint8Array {
  const stored = data instanceof Float64Array ? Float32Array.from(data) : data;
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}
