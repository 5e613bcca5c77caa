/**
 * The bytes of a file, decompressed on the way (gzip and zstd are recognised by their first bytes), and the
 * fingerprint that names a file's draws.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { InputError } from "../record/index.ts";
import { unzstd } from "./zstd-stream.ts";

const chunkLength = 1 << 18;
/** Files up to this size are hashed whole for their fingerprint. */
const wholeHashLimit = 64 << 20;
const sampledBlocks = 256;
const sampledBlockLength = 64 << 10;

export type Compression = "none" | "gzip" | "zstd";

/** The compression that the first bytes of a file announce. */
function compressionOf(start: Uint8Array): Compression {
  if (start[0] === 0x1f && start[1] === 0x8b) return "gzip";
  if (start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd) return "zstd";
  return "none";
}

/**
 * The decompressed content of a file in chunks of any length. `progress` is told the bytes of the file read so far.
 * Throws InputError if the file cannot be read or its compressed stream is damaged or cut short.
 */
export async function* byteChunks(path: string, progress?: (bytes: number) => void): AsyncGenerator<Buffer> {
  const { compression, size } = await withFile(path, async (file) => ({
    compression: compressionOf(await readAt(file, 0, 4)),
    size: (await file.stat()).size,
  }));
  const raw = createReadStream(path, { highWaterMark: Math.min(chunkLength, size + 1) });
  raw.on("data", () => progress?.(raw.bytesRead));
  try {
    if (compression === "none") yield* raw as AsyncIterable<Buffer>;
    else if (compression === "gzip") yield* gunzipped(raw);
    else yield* unzstd(raw as AsyncIterable<Buffer>);
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (compression === "none") throw unreadable(path, error);
    throw new InputError(`${path}: the ${compression} stream is damaged or cut short (${messageOf(error)})`);
  } finally {
    raw.destroy();
  }
}

async function* gunzipped(raw: ReturnType<typeof createReadStream>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: chunkLength });
  raw.once("error", (error) => gunzip.destroy(error));
  raw.pipe(gunzip);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } finally {
    gunzip.destroy();
  }
}

/**
 * Sixteen hexadecimal digits that identify a file by its content: the same file given twice has the same draws.
 * Up to 64 MiB the whole content counts; beyond that its size and 256 blocks spread evenly, first and last included.
 */
export async function fileFingerprint(path: string): Promise<string> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    const hash = createHash("sha256").update(`${size}:`);
    if (size <= wholeHashLimit) {
      for (let position = 0; position < size; position += chunkLength) {
        hash.update(await readAt(file, position, Math.min(chunkLength, size - position)));
      }
    } else {
      const last = size - sampledBlockLength;
      for (let block = 0; block < sampledBlocks; block += 1) {
        const position = Math.floor((last * block) / (sampledBlocks - 1));
        hash.update(await readAt(file, position, sampledBlockLength));
      }
    }
    return hash.digest("hex").slice(0, 16);
  });
}

/** Runs `use` on an open file and closes it; a file that cannot be opened or is a folder is an InputError. */
async function withFile<Result>(path: string, use: (file: FileHandle) => Promise<Result>): Promise<Result> {
  let file: FileHandle | undefined;
  try {
    if (!(await stat(path)).isFile()) throw new InputError(`${path}: not a file`);
    file = await open(path);
    return await use(file);
  } catch (error) {
    throw error instanceof InputError ? error : unreadable(path, error);
  } finally {
    await file?.close();
  }
}

/** Up to `length` bytes from `position`; fewer at the end of the file. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function unreadable(path: string, error: unknown): InputError {
  const code = (error as NodeJS.ErrnoException)?.code;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "no such file or folder",
    EACCES: "permission denied",
    EISDIR: "is a folder",
  };
  return new InputError(`${path}: cannot be read (${reasons[code ?? ""] ?? messageOf(error)})`);
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
