/** A small zip writer for tests that can also write what no honest writer would: wrong checksums, duplicates, lies. */
import { crc32, deflateRawSync } from "node:zlib";

export interface ZipMember {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** How the content is stored; `zstd` writes frames of raw blocks unless `compressed` is given. */
  readonly method?: "stored" | "deflate" | "zstd";
  /** Compressed bytes to store instead of compressing the content. */
  readonly compressed?: Uint8Array;
  readonly crc?: number;
  /** The uncompressed size that the directory claims. */
  readonly claimedSize?: number;
}

const methods = { stored: 0, deflate: 8, zstd: 93 } as const;

/** The archive's bytes. */
export function zipOf(members: readonly ZipMember[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const content = Buffer.from(member.content);
    const method = member.method ?? "deflate";
    const data = Buffer.from(member.compressed ?? compressedBy(method, content));
    const name = Buffer.from(member.name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x0800, 2);
    fields.writeUInt16LE(methods[method], 4);
    fields.writeUInt16LE(0, 6);
    fields.writeUInt16LE(0x21, 8);
    fields.writeUInt32LE(member.crc ?? crc32(content), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(member.claimedSize ?? content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), fields, name, data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00", "latin1"), fields, tail, name]));
    parts.push(local);
    offset += local.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(entries.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, entries, Buffer.from("PK\x05\x06", "latin1"), end]);
}

/** A zstd stream of frames that hold the content in raw blocks: legal, and needs no compressor. */
export function zstdFrames(content: Uint8Array, frames = 1): Buffer {
  const parts: Buffer[] = [];
  const step = Math.ceil(content.length / frames) || 1;
  for (let start = 0; start < content.length || start === 0; start += step) {
    parts.push(zstdFrame(content.subarray(start, start + step)));
  }
  return Buffer.concat(parts);
}

/** A zstd frame whose few bytes stand for `blocks` times 128 KiB of one letter. */
export function zstdBomb(blocks: number): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]);
  const block = (last: boolean) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUIntLE((last ? 1 : 0) | (1 << 1) | ((128 << 10) << 3), 0, 3);
    bytes[3] = 0x61;
    return bytes;
  };
  return Buffer.concat([
    header,
    ...Array.from({ length: blocks }, (_, index) => block(index === blocks - 1)),
  ]);
}

function zstdFrame(content: Uint8Array): Buffer {
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])];
  const largest = 100_000;
  for (let start = 0; start < content.length || start === 0; start += largest) {
    const block = content.subarray(start, start + largest);
    const last = start + largest >= content.length;
    const header = Buffer.alloc(3);
    header.writeUIntLE((last ? 1 : 0) | (block.length << 3), 0, 3);
    parts.push(header, Buffer.from(block));
  }
  return Buffer.concat(parts);
}

function compressedBy(method: NonNullable<ZipMember["method"]>, content: Buffer): Buffer {
  if (method === "stored") return content;
  return method === "deflate" ? deflateRawSync(content) : zstdFrames(content);
}
