/**
 * Members of a zip archive that nobody vouches for: deflate, zstd and stored entries, of duplicate names the last one,
 * sizes and checksums verified, names that leave the archive and bombs refused.
 */
import { crc32 } from "node:zlib";
import { type Entry, open, type ZipFile } from "yauzl";
import { InputError } from "../record/index.ts";
import { messageOf } from "./byte-source.ts";
import { unzstd } from "./zstd-stream.ts";

const stored = 0;
const deflate = 8;
const zstd = 93;

/** A member may not hold more than this, nor more than `highestRatio` times its compressed size beyond `smallMember`. */
const largestMember = 16 * 2 ** 30;
const highestRatio = 1000;
const smallMember = 64 << 20;
const mostMembers = 2_000_000;

/** An open archive. Close it when done. */
export class ZipArchive {
  readonly #path: string;
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(input: { path: string; zip: ZipFile; entries: ReadonlyMap<string, Entry> }) {
    this.#path = input.path;
    this.#zip = input.zip;
    this.#entries = input.entries;
  }

  /** Reads the directory. Throws InputError if the archive is cut short, damaged or hostile. */
  static async open(path: string): Promise<ZipArchive> {
    const zip = await openZip(path);
    try {
      return new ZipArchive({ path, zip, entries: await directoryOf(path, zip) });
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  /** Names of the members, in the order of the directory. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The member's content in chunks. Throws InputError if it is absent, damaged, encrypted or a bomb. */
  async *chunks(name: string): AsyncGenerator<Buffer> {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw this.#refusal(name, "is missing");
    if (entry.isEncrypted()) throw this.#refusal(name, "is encrypted");
    const ceiling = Math.min(largestMember, Math.max(smallMember, highestRatio * entry.compressedSize));
    if (entry.uncompressedSize > ceiling) throw this.#bomb(name, entry);
    let length = 0;
    let checksum = 0;
    try {
      for await (const chunk of this.#decompressed(entry, name)) {
        length += chunk.length;
        if (length > ceiling) throw this.#bomb(name, entry);
        checksum = crc32(chunk, checksum);
        yield chunk;
      }
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw this.#refusal(name, `is damaged (${messageOf(error)})`);
    }
    if (length !== entry.uncompressedSize)
      throw this.#refusal(name, "has another length than the archive says");
    if (checksum !== entry.crc32) throw this.#refusal(name, "is damaged (its checksum differs)");
  }

  /** The whole content of a member of at most `limit` bytes. */
  async content(name: string, limit: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of this.chunks(name)) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) throw this.#refusal(name, `is larger than ${Math.floor(limit / 2 ** 20)} MiB`);
    }
    return Buffer.concat(chunks);
  }

  close(): void {
    this.#zip.close();
  }

  async *#decompressed(entry: Entry, name: string): AsyncGenerator<Buffer> {
    const method = entry.compressionMethod;
    if (method !== stored && method !== deflate && method !== zstd) {
      throw this.#refusal(
        name,
        `is compressed by method ${method}, which is not supported (stored, deflate, zstd are)`,
      );
    }
    const stream = await new Promise<AsyncIterable<Buffer>>((resolve, reject) => {
      const options = method === zstd ? { decodeFileData: false } : {};
      this.#zip.openReadStream(entry, options, (error, readable) =>
        error ? reject(error) : resolve(readable),
      );
    });
    if (method === zstd) yield* unzstd(stream);
    else yield* stream;
  }

  #bomb(name: string, entry: Entry): InputError {
    return this.#refusal(
      name,
      `expands from ${entry.compressedSize} bytes beyond any log: refused as a zip bomb`,
    );
  }

  #refusal(name: string, how: string): InputError {
    return new InputError(`${this.#path}: the member ${JSON.stringify(name)} ${how}`);
  }
}

function openZip(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    open(path, { lazyEntries: true, autoClose: false }, (error, zip) => {
      if (error === null) resolve(zip);
      else reject(damagedArchive(path, error));
    });
  });
}

/** Reads all entries; the last of a name wins. */
function directoryOf(path: string, zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  let compressed = 0;
  let expanded = 0;
  return new Promise((resolve, reject) => {
    if (zip.entryCount > mostMembers) {
      reject(
        new InputError(`${path}: the zip archive says it has ${zip.entryCount} members, more than any log`),
      );
      return;
    }
    zip.on("error", (error: Error) => reject(damagedArchive(path, error)));
    zip.on("end", () => resolve(entries));
    zip.on("entry", (entry: Entry) => {
      compressed += entry.compressedSize;
      expanded += entry.uncompressedSize;
      if (compressed > zip.fileSize || expanded > Math.max(2 ** 30, highestRatio * zip.fileSize)) {
        const how = compressed > zip.fileSize ? "overlap" : "expand beyond any log";
        reject(new InputError(`${path}: the zip archive's members ${how}: refused as a zip bomb`));
        return;
      }
      entries.delete(entry.fileName);
      entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

function damagedArchive(path: string, error: Error): InputError {
  const message = messageOf(error);
  if (/relative path|absolute path|invalid characters in fileName/.test(message)) {
    return new InputError(`${path}: a member's name leaves the archive (${message}): refused`);
  }
  return new InputError(`${path}: the zip archive is cut short or damaged (${message})`);
}
