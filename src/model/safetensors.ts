/** Reads safetensors files: the header once, then each tensor's own bytes when it is asked for. */
import { type FileHandle, open } from "node:fs/promises";
import { shapeSize, type TensorValue } from "../tensor/index.ts";
import { UnusableCheckpointError } from "./checkpoint-error.ts";
import {
  bytesOf,
  longestHeader,
  quoted,
  type SafetensorsEntry,
  type SafetensorsHeader,
  safetensorsHeader,
} from "./safetensors-header.ts";
import { type ReadableType, readableTypes } from "./safetensors-numbers.ts";

/** An open file; close it. */
export interface SafetensorsFile extends SafetensorsHeader {
  /**
   * The numbers of one tensor: float32 from F32, F16 and BF16, float64 from F64, int32 from I32 and I64.
   *
   * @throws UnusableCheckpointError naming the tensor that is missing, of another type, or beyond int32.
   */
  read(name: string): Promise<TensorValue>;
  close(): Promise<void>;
}

/** Bytes that a conversion holds at once. */
const chunkSize = 1 << 20;
/** Node reads at most 2^31 − 1 bytes in one call. */
const longestRead = 1 << 30;

/**
 * Opens a safetensors file and checks its header; no tensor is read. Memory stays within a small multiple of the
 * header, whose length is checked against the file's.
 *
 * @throws UnusableCheckpointError naming the file, and the tensor where it is one that is wrong.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    throw new UnusableCheckpointError(`${path}: ${error.code === "ENOENT" ? "no such file" : error.message}`);
  });
  try {
    const { header, dataStart } = await readHeader(handle, path);
    return {
      ...header,
      read: (name) => readTensor(handle, { path, name, dataStart, entry: header.entries.get(name) }),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readHeader(handle: FileHandle, path: string) {
  const refuse = (reason: string): never => {
    throw new UnusableCheckpointError(`${path}: ${reason}`);
  };
  const status = await handle.stat();
  if (!status.isFile()) refuse("is not a file");
  if (status.size < 8) refuse(`is ${status.size} bytes long, too short for a safetensors file`);
  const start = new Uint8Array(8);
  await readFully(handle, { path, into: start, position: 0 });
  const length = new DataView(start.buffer).getBigUint64(0, true);
  if (length > BigInt(longestHeader)) {
    refuse(`says that its header is ${length} bytes long, more than the format's ${longestHeader}`);
  }
  const dataStart = 8 + Number(length);
  if (dataStart > status.size) {
    refuse(
      `says that its header is ${length} bytes long, and has ${status.size - 8}: cut off or no safetensors`,
    );
  }
  const bytes = new Uint8Array(Number(length));
  await readFully(handle, { path, into: bytes, position: 8 });
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse("the header is not UTF-8");
  }
  if (!text.startsWith("{")) refuse("the header does not begin with {: no safetensors file");
  const header = safetensorsHeader(text, { place: path, dataSize: status.size - dataStart });
  return { header, dataStart };
}

async function readTensor(
  handle: FileHandle,
  given: {
    readonly path: string;
    readonly name: string;
    readonly dataStart: number;
    readonly entry: SafetensorsEntry | undefined;
  },
): Promise<TensorValue> {
  const { path, name, entry } = given;
  const refuse = (reason: string): never => {
    throw new UnusableCheckpointError(`${path}: tensor ${quoted(name)}: ${reason}`);
  };
  if (entry === undefined) return refuse("is not in the file");
  if (!Object.hasOwn(readableTypes, entry.type)) {
    return refuse(`is of type ${entry.type}; read are ${Object.keys(readableTypes).join(", ")}`);
  }
  const { allocate, convert } = readableTypes[entry.type as ReadableType];
  const data = allocate(shapeSize(entry.shape));
  const position = given.dataStart + entry.begin;
  if (convert === undefined) {
    const into = new Uint8Array(data.buffer);
    await readFully(handle, { path, into, position });
    return { shape: entry.shape, data };
  }
  const size = bytesOf(entry.type);
  for (let first = 0; first < data.length; first += chunkSize / size) {
    const count = Math.min(chunkSize / size, data.length - first);
    const bytes = new Uint8Array(count * size);
    await readFully(handle, { path, into: bytes, position: position + first * size });
    const problem = convert(bytes.buffer, data.subarray(first, first + count));
    if (problem !== undefined) refuse(problem);
  }
  return { shape: entry.shape, data };
}

async function readFully(
  handle: FileHandle,
  given: { readonly path: string; readonly into: Uint8Array; readonly position: number },
): Promise<void> {
  const { path, into, position } = given;
  let done = 0;
  while (done < into.length) {
    const length = Math.min(longestRead, into.length - done);
    const { bytesRead } = await handle.read(into, done, length, position + done);
    if (bytesRead === 0) throw new UnusableCheckpointError(`${path}: became shorter while it was read`);
    done += bytesRead;
  }
}
