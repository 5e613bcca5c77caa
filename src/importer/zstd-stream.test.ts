import { describe, expect, test } from "vitest";
import { unzstd } from "./zstd-stream.ts";

/** `hello hello hello hello {"a": [1, 2, 3]} hello hello hello hello` through zstd 1.5.4. */
const hello = Buffer.from("KLUv/SRABQEAuGhlbGxvIHsiYSI6IFsxLCAyLCAzXX0gAgCZqle8UgTJ7uc6", "base64");
const helloText = 'hello hello hello hello {"a": [1, 2, 3]} hello hello hello hello';
const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9]);

async function decompressed(bytes: Uint8Array, step = bytes.length): Promise<string> {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += step) yield Buffer.from(bytes.subarray(at, at + step));
  }
  const parts: Buffer[] = [];
  for await (const part of unzstd(chunks())) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe("a zstd stream", () => {
  test("is decompressed whatever the chunks, over several frames and past frames without content", async () => {
    const empty = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
    const stream = Buffer.concat([empty, hello, skippable, empty, hello, hello, skippable]);
    for (let step = 1; step <= stream.length; step += 1) {
      expect(await decompressed(stream, step)).toBe(helloText.repeat(3));
    }
  });

  test("that is cut short is refused wherever it is cut", async () => {
    for (let length = 1; length < hello.length; length += 1) {
      await expect(decompressed(hello.subarray(0, length))).rejects.toThrow();
    }
  });

  test("that asks for more memory than any honest one is refused before it gets it", async () => {
    // Window descriptor 0xa8: 2^31 bytes; the other frame claims 2^40 bytes in a single segment.
    const window = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 1, 0, 0]);
    const single = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0]);
    await expect(decompressed(window)).rejects.toThrow("a window of 2048 MiB, more than 128 MiB");
    await expect(decompressed(single)).rejects.toThrow(/more than 128 MiB/);
  });

  test.each([
    [[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 7, 0, 0], "invalid block type"],
    [[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 1, 0xff, 0xff], "a block over 128 KiB"],
    [[1, 2, 3, 4, 5, 6], "not a zstd frame"],
  ])("of bytes %j is refused", async (bytes, message) => {
    await expect(decompressed(Buffer.from(bytes))).rejects.toThrow(message);
  });
});
