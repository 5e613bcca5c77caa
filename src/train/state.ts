/**
 * The state from which a training continues bit for bit: parameters and the rule's state after a step. Two files take
 * turns, each written to a temporary name, fsynced and renamed, and each with a digest of its content: a process killed
 * at any moment leaves at least one that is whole.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type NamedValues, shapeSize, type TensorValue } from "../tensor/index.ts";
import { UnusableTrainingError } from "./training-error.ts";

/** What a training continues from bit for bit. */
export interface TrainingState {
  /** Finished steps. */
  readonly step: number;
  readonly tensors: NamedValues;
  /** What the run remembers beside tensors; plain JSON. */
  readonly memory: unknown;
}

const magic = "lmcov training state 1\n";
const slots = ["state-a.bin", "state-b.bin"] as const;
const arrayTypes = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;
/** Thousands of tensors are described in less. */
const longestHeader = 16 << 20;
type ArrayType = keyof typeof arrayTypes;

const header = z.object({
  step: z.int().nonnegative(),
  memory: z.unknown(),
  tensors: z.array(
    z.object({
      name: z.string(),
      shape: z.array(z.int().nonnegative()),
      type: z.enum(["float32", "float64", "int32"]),
    }),
  ),
  digest: z.string(),
});

/** Writes the state over the older of the two that are there; on return it is on disk. */
export async function saveState(folder: string, state: TrainingState): Promise<void> {
  await mkdir(folder, { recursive: true });
  const entries = Object.entries(state.tensors);
  const hash = createHash("sha256");
  for (const [, value] of entries) hash.update(bytesOf(value));
  const text = JSON.stringify({
    step: state.step,
    memory: state.memory,
    tensors: entries.map(([name, value]) => ({ name, shape: value.shape, type: arrayTypeOf(value) })),
    digest: hash.digest("hex"),
  });
  const slot = await olderSlot(folder);
  const path = join(folder, slot);
  const handle = await open(`${path}.tmp`, "w");
  try {
    await handle.writeFile(`${magic}${text}\n`);
    for (const [, value] of entries) await handle.writeFile(bytesOf(value));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.tmp`, path);
  await syncFolder(folder);
}

/**
 * The newest whole state; undefined if none was saved yet.
 *
 * @throws UnusableTrainingError if states are there and all of them are damaged.
 */
export async function loadState(folder: string): Promise<TrainingState | undefined> {
  const present = slots.filter((slot) => existsSync(join(folder, slot)));
  if (present.length === 0) return undefined;
  const states = (await Promise.all(present.map((slot) => readSlot(join(folder, slot))))).flatMap(
    (state) => state ?? [],
  );
  if (states.length === 0) throw new UnusableTrainingError(`${folder}: every saved state is damaged`);
  return states.reduce((newest, state) => (state.step > newest.step ? state : newest));
}

async function readSlot(path: string): Promise<TrainingState | undefined> {
  const handle = await open(path, "r");
  try {
    const found = await readHeader(handle);
    if (found === undefined) return undefined;
    const hash = createHash("sha256");
    const tensors: Record<string, TensorValue> = {};
    let position = found.end;
    for (const { name, shape, type } of found.fields.tensors) {
      const data = new arrayTypes[type](shapeSize(shape));
      const bytes = bytesOf({ shape, data });
      if (!(await readFully(handle, bytes, position))) return undefined;
      hash.update(bytes);
      tensors[name] = { shape, data };
      position += bytes.length;
    }
    const { step, memory, digest } = found.fields;
    return hash.digest("hex") === digest ? { step, memory, tensors } : undefined;
  } finally {
    await handle.close();
  }
}

async function readHeader(
  handle: FileHandle,
): Promise<{ fields: z.infer<typeof header>; end: number } | undefined> {
  const { size } = await handle.stat();
  const head = Buffer.alloc(Math.min(size, longestHeader));
  if (!(await readFully(handle, head, 0))) return undefined;
  if (head.subarray(0, magic.length).toString("latin1") !== magic) return undefined;
  const end = head.indexOf(0x0a, magic.length);
  if (end < 0) return undefined;
  try {
    const parsed = header.safeParse(JSON.parse(head.subarray(magic.length, end).toString("utf8")));
    return parsed.success ? { fields: parsed.data, end: end + 1 } : undefined;
  } catch {
    return undefined;
  }
}

/** False if the file ends before the buffer is full. */
async function readFully(handle: FileHandle, buffer: Uint8Array, position: number): Promise<boolean> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

/** The slot that is free, has no readable header or the lesser step. */
async function olderSlot(folder: string): Promise<(typeof slots)[number]> {
  const [first, second] = await Promise.all(slots.map((slot) => stepOf(join(folder, slot))));
  return (first ?? -1) <= (second ?? -1) ? slots[0] : slots[1];
}

async function stepOf(path: string): Promise<number | undefined> {
  if (!existsSync(path)) return undefined;
  const handle = await open(path, "r");
  try {
    return (await readHeader(handle))?.fields.step;
  } finally {
    await handle.close();
  }
}

function arrayTypeOf(value: TensorValue): ArrayType {
  if (value.data instanceof Float32Array) return "float32";
  return value.data instanceof Float64Array ? "float64" : "int32";
}

const bytesOf = ({ data }: TensorValue): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
