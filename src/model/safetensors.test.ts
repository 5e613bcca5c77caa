import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { openSafetensors, type SafetensorsFile } from "./safetensors.ts";
import { fromHalf, readableTypes } from "./safetensors-numbers.ts";
import { writeSafetensors } from "./safetensors-writer.ts";

const oracle = fileURLToPath(new URL("../../test/oracle/gpt2-checkpoint", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lmcov-safetensors-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = join(folder, "file.safetensors");

/** A file with this header text and this many bytes of data. */
function written(header: string, dataSize = 0, declared?: bigint): string {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataSize);
  new DataView(bytes.buffer).setBigUint64(0, declared ?? BigInt(text.length), true);
  bytes.set(text, 8);
  writeFileSync(file, bytes);
  return file;
}

/** What the file is refused for; empty if all its numbers can be read. */
async function refusal(path: string): Promise<string> {
  let opened: SafetensorsFile | undefined;
  try {
    opened = await openSafetensors(path);
    let bytes = 0;
    for (const [name, { type }] of opened.entries) {
      if (type in readableTypes) bytes += (await opened.read(name)).data.byteLength;
    }
    // Halves become float32.
    expect(bytes).toBeLessThanOrEqual(2 * statSync(path).size);
    return "";
  } catch (error) {
    expect((error as Error).name).toBe("InputError");
    return (error as Error).message;
  } finally {
    await opened?.close();
  }
}

const tensor = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
const f32 = (shape: string, offsets: string) => tensor('"F32"', shape, offsets);

describe("reading", () => {
  test("every type that another program wrote is read, to the bit", async () => {
    const { types } = JSON.parse(readFileSync(join(oracle, "expected.json"), "utf8"));
    const opened = await openSafetensors(join(oracle, "types.safetensors"));
    for (const kind of ["F64", "F32", "F16", "BF16", "I64", "I32"]) {
      const { shape, data } = await opened.read(kind);
      expect([...data]).toEqual(types[kind]);
      expect(shape).toEqual([2, types[kind].length / 2]);
    }
    await expect(opened.read("U8")).rejects.toThrow(/tensor "U8": is of type U8/);
    await expect(opened.read("V")).rejects.toThrow(/tensor "V": is not in the file/);
    await opened.close();
  });

  test("halves are the numbers of IEEE 754", () => {
    expect([0x0000, 0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x7c00].map(fromHalf)).toEqual([
      0,
      1,
      -2,
      65504,
      2 ** -14,
      2 ** -24,
      Number.POSITIVE_INFINITY,
    ]);
    expect(fromHalf(0x7e00)).toBeNaN();
    expect(Object.is(fromHalf(0x8000), -0)).toBe(true);
  });

  test("conversion goes through in pieces", async () => {
    const count = 700_001;
    const data = new BigInt64Array(count).map((_, index) => BigInt(index));
    const header = tensor('"I64"', `[${count}]`, `[0,${8 * count}]`);
    const path = written(`{"wide":${header}}`, 8 * count);
    const bytes = readFileSync(path);
    bytes.set(new Uint8Array(data.buffer), bytes.length - 8 * count);
    writeFileSync(path, bytes);
    const opened = await openSafetensors(path);
    const read = (await opened.read("wide")).data;
    expect(read.every((value, index) => value === index)).toBe(true);
    await opened.close();
  });
});

describe("a file that cannot be used is refused, with file and tensor", () => {
  test.each([
    ["no JSON", "x".repeat(20), /does not begin with {/],
    ["a list", "[]", /does not begin with {/],
    ["an open object", '{"a"', /its end at 4 where ":" belongs/],
    ["an open string", '{"a', /the header is not a safetensors header/],
    ["more after the header", "{} x", /"x" at 3/],
    ["a bad escape", '{"\\x":1}', /the header is not JSON: a string at 1/],
    ["equal keys", `{"a":${f32("[0]", "[0,0]")},"a":${f32("[0]", "[0,0]")}}`, /the key "a" twice/],
    [
      "keys equal by an escape",
      `{"a":${f32("[0]", "[0,0]")},"\\u0061":${f32("[0]", "[0,0]")}}`,
      /the key "a" twice/,
    ],
    ["equal keys of a tensor", '{"a":{"dtype":"F32","dtype":"F32"}}', /the key "dtype" twice/],
    ["an unknown key", '{"a":{"dtype":"F32","strides":[1]}}', /tensor "a": unknown key "strides"/],
    [
      "no offsets",
      '{"a":{"dtype":"F32","shape":[0]}}',
      /tensor "a": needs dtype, shape and two data_offsets/,
    ],
    ["an unknown type", `{"a":${tensor('"F128"', "[0]", "[0,0]")}}`, /tensor "a": dtype "F128" is unknown/],
    [
      "a type that objects inherit",
      `{"a":${tensor('"toString"', "[0]", "[0,0]")}}`,
      /tensor "a": dtype "toString" is unknown/,
    ],
    ["a number as type", `{"a":${tensor("1", "[0]", "[0,0]")}}`, /"1,/],
    ["NaN in a shape", `{"a":${f32("[NaN]", "[0,0]")}}`, /"NaN\].*natural number/],
    ["a negative shape", `{"a":${f32("[-1]", "[0,0]")}}`, /"-1\].*natural number/],
    ["a broken shape", `{"a":${f32("[1.5]", "[0,4]")}}`, /"1.5\].*natural number/],
    ["a shape in powers", `{"a":${f32("[1e3]", "[0,4000]")}}`, /"1e3\].*natural number/],
    ["a shape beyond 2^53", `{"a":${f32("[9007199254740993]", "[0,0]")}}`, /natural number/],
    [
      "a product beyond 2^53",
      `{"a":${f32("[4294967296,4294967296]", "[0,0]")}}`,
      /tensor "a": .*more entries than a file can hold/,
    ],
    ["33 dimensions", `{"a":${f32(`[${"1,".repeat(32)}1]`, "[0,4]")}}`, /more than 32 numbers/],
    ["a negative offset", `{"a":${f32("[1]", "[-4,0]")}}`, /natural number/],
    ["offsets backwards", `{"a":${f32("[1]", "[4,0]")}}`, /tensor "a": data_offsets end at 0/],
    ["one offset", `{"a":${f32("[1]", "[0]")}}`, /tensor "a": needs/],
    [
      "a shape of other size",
      `{"a":${f32("[2]", "[0,4]")}}`,
      /tensor "a": shape \[2\] of F32 takes 8 bytes.* hold 4/,
    ],
    ["metadata that is no text", '{"__metadata__":{"a":1}}', /"1}}" at 21/],
    ["nested metadata", '{"__metadata__":{"a":{}}}', /where "\\"" belongs/],
  ])("%s", async (_, header, message) => {
    const path = written(header);
    expect(await refusal(path)).toMatch(message);
    expect(await refusal(path)).toContain(`${path}: `);
  });

  test.each([
    ["a hole", `{"a":${f32("[1]", "[0,4]")},"b":${f32("[1]", "[8,12]")}}`, 12, /tensor "b": .*hole after 4/],
    [
      "an overlap",
      `{"a":${f32("[2]", "[0,8]")},"b":${f32("[1]", "[4,8]")}}`,
      8,
      /tensor "b": .*inside the tensor/,
    ],
    ["a start that is not 0", `{"a":${f32("[1]", "[4,8]")}}`, 8, /tensor "a": .*hole after 0/],
    ["bytes of no tensor", `{"a":${f32("[1]", "[0,4]")}}`, 9, /5 bytes belong to no tensor/],
    [
      "a file cut off",
      `{"a":${f32("[4]", "[0,16]")}}`,
      15,
      /tensor "a": ends at byte 16 of 15: the file is cut/,
    ],
    [
      "a tensor beyond any file",
      `{"a":${f32("[1000000000000]", "[0,4000000000000]")}}`,
      0,
      /tensor "a": ends/,
    ],
  ])("%s", async (_, header, dataSize, message) => {
    expect(await refusal(written(header, dataSize))).toMatch(message);
  });

  test("a header length beyond the file or the format allocates nothing", async () => {
    expect(await refusal(written("{}", 0, 2n ** 63n))).toMatch(/9223372036854775808 bytes long, more than/);
    expect(await refusal(written("{}", 0, 99_000_000n))).toMatch(/99000000 bytes long, and has 2/);
    writeFileSync(file, "1234567");
    expect(await refusal(file)).toMatch(/is 7 bytes long/);
    expect(await refusal(join(folder, "none"))).toMatch(/no such file/);
    expect(await refusal(folder)).toMatch(/is not a file/);
  });

  test("text that is not UTF-8", async () => {
    const path = written(`{"aa":${f32("[0]", "[0,0]")}}`);
    const bytes = readFileSync(path);
    bytes[10] = 0xff;
    writeFileSync(path, bytes);
    expect(await refusal(path)).toMatch(/not UTF-8/);
  });

  test("a 64-bit integer that 32 bits cannot hold", async () => {
    const path = written(`{"a":${tensor('"I64"', "[1]", "[0,8]")}}`, 8);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] = 1;
    writeFileSync(path, bytes);
    expect(await refusal(path)).toMatch(/tensor "a": holds 72057594037927936, which is beyond 32 bits/);
  });
});

describe("names that JavaScript gives meaning to are names", () => {
  test("__proto__ and constructor are tensors like others", async () => {
    const header = `{"__proto__":${f32("[1]", "[0,4]")},"constructor":${f32("[1]", "[4,8]")},"":${f32("[0]", "[8,8]")}}`;
    const opened = await openSafetensors(written(header, 8));
    expect([...opened.entries.keys()]).toEqual(["__proto__", "constructor", ""]);
    expect((await opened.read("__proto__")).data).toHaveLength(1);
    await opened.close();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});

describe("writing", () => {
  const tensors = {
    "b.weight": { shape: [3], data: Float32Array.of(1, -0, Number.NaN) },
    "a.weight": { shape: [1, 2], data: Float64Array.of(0.1, 1e300) },
    whole: { shape: [2], data: Int32Array.of(-1, 2 ** 31 - 1) },
    scalar: { shape: [], data: Float32Array.of(2.5) },
    "é\n": { shape: [0, 3], data: new Float32Array(0) },
  };

  test("what is written is read back, and written again byte for byte", async () => {
    await writeSafetensors(file, tensors, { format: "pt", note: 'quoted "é"' });
    const first = readFileSync(file);
    const opened = await openSafetensors(file);
    expect([...opened.metadata]).toEqual([
      ["format", "pt"],
      ["note", 'quoted "é"'],
    ]);
    const read: Record<string, Awaited<ReturnType<typeof opened.read>>> = {};
    for (const name of opened.entries.keys()) read[name] = await opened.read(name);
    await opened.close();
    expect(read["a.weight"]?.data).toEqual(Float32Array.of(0.1, Number.POSITIVE_INFINITY));
    expect(read["b.weight"]?.data).toEqual(tensors["b.weight"].data);
    expect(read.whole?.data).toEqual(tensors.whole.data);
    await writeSafetensors(file, read, { format: "pt", note: 'quoted "é"' });
    expect(readFileSync(file).equals(first)).toBe(true);
  });

  test("the bytes are those of the reference implementation", async () => {
    // safetensors 0.8.0: save({"b": ones(1, float32), "a": zeros(1, float32), "i": ones(1, int32)}, {"format": "pt"})
    const reference = `{"__metadata__":{"format":"pt"},"a":${f32("[1]", "[0,4]")},"b":${f32("[1]", "[4,8]")},"i":${tensor('"I32"', "[1]", "[8,12]")}}`;
    await writeSafetensors(
      file,
      {
        i: { shape: [1], data: Int32Array.of(1) },
        b: { shape: [1], data: Float32Array.of(1) },
        a: { shape: [1], data: Float32Array.of(0) },
      },
      { format: "pt" },
    );
    const bytes = readFileSync(file);
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(
      bytes
        .subarray(8, 8 + length)
        .toString()
        .trimEnd(),
    ).toBe(reference);
    expect(bytes.subarray(8 + length).toString("hex")).toBe("000000000000803f01000000");
  });

  test("numbers that do not fill their shape are refused by name, and nothing is left behind", async () => {
    const odd = { w: { shape: [2], data: new Float32Array(3) } };
    const path = join(folder, "odd.safetensors");
    await expect(writeSafetensors(path, odd)).rejects.toThrow(/length of w is 3: must fill its shape \[2\]/);
    expect(readdirSync(folder)).not.toContain("odd.safetensors");
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

test("damaged files are refused or read, in memory of the order of their size", async () => {
  const random = randomGenerator("safetensors fuzz");
  const originals = ["types.safetensors", "model.safetensors"].map((name) =>
    readFileSync(join(oracle, name)),
  );
  const pieces = [
    "{",
    "}",
    "[",
    "]",
    '"',
    ",",
    ":",
    "-1",
    "1e9",
    "NaN",
    "99999999999999999999",
    '"__proto__"',
    "\\",
    "\0",
  ];
  let refused = 0;
  for (let round = 0; round < 1500; round++) {
    const original = originals[random.integer(originals.length)] as Buffer;
    let bytes = Buffer.from(original);
    const headerEnd = 8 + Number(original.readBigUInt64LE());
    for (let damage = 1 + random.integer(3); damage > 0; damage--) {
      const at = random.integer(random.uniform() < 0.8 ? headerEnd : bytes.length);
      const kind = random.integer(4);
      const piece = Buffer.from(pieces[random.integer(pieces.length)] as string);
      if (kind === 0) bytes[Math.min(at, bytes.length - 1)] = random.integer(256);
      else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
      else if (kind === 2)
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.integer(9))]);
      else bytes = bytes.subarray(0, Math.max(1, at));
    }
    writeFileSync(file, bytes);
    if ((await refusal(file)) !== "") refused += 1;
  }
  // Damage to the numbers alone leaves a valid file.
  expect(refused).toBeGreaterThan(1000);
  expect(refused).toBeLessThan(1500);
});
