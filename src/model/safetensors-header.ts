/**
 * The header of a safetensors file: a flat JSON object of names to type, shape and place. It comes from anywhere, so it
 * is read by a scanner of just this grammar, which stops at the first thing that does not belong, instead of by
 * JSON.parse, which would silently take the last of two equal keys.
 */
import { UnusableCheckpointError } from "./checkpoint-error.ts";

/** Bits a number takes, by the format's names. */
const bitsOf = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** Element types of safetensors files. */
export type SafetensorsType = keyof typeof bitsOf;

/** Bytes that one number of a type takes. */
export const bytesOf = (type: SafetensorsType): number => bitsOf[type] / 8;

/** One tensor of a file. */
export interface SafetensorsEntry {
  readonly type: SafetensorsType;
  readonly shape: readonly number[];
  /** Offsets in bytes from the end of the header; `end` is the first byte after. */
  readonly begin: number;
  readonly end: number;
}

/** The header of a safetensors file, checked. */
export interface SafetensorsHeader {
  /** In the order of their data. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** The file's `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** The format's own limit, in bytes. */
export const longestHeader = 100_000_000;
const mostDimensions = 32;

/**
 * The header from its JSON text, checked by the format's rules: no key twice, type and shape fill exactly the bytes
 * between the offsets, and the tensors cover the `dataSize` bytes of data without holes or overlaps.
 *
 * @param place names the file in errors
 * @throws UnusableCheckpointError naming the file and the tensor.
 * @example
 * const text = '{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
 * safetensorsHeader(text, { place: "model.safetensors", dataSize: 8 }).entries.get("w")?.end; // 8
 * safetensorsHeader(text, { place: "model.safetensors", dataSize: 9 }); // throws InputError: model.safetensors: 1 byte…
 */
export function safetensorsHeader(
  text: string,
  file: { readonly place: string; readonly dataSize: number },
): SafetensorsHeader {
  const scanner = new Scanner(text, file.place);
  const entries = new Map<string, SafetensorsEntry>();
  const metadata = new Map<string, string>();
  scanner.object((name) => {
    if (name !== "__metadata__") {
      entries.set(name, tensorEntry(scanner, name));
      return;
    }
    scanner.object((key) => metadata.set(key, scanner.string()));
  });
  scanner.finish();
  const ordered = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  checkCover(ordered, file);
  return { entries: new Map(ordered), metadata };
}

function tensorEntry(scanner: Scanner, name: string): SafetensorsEntry {
  const refuse = (reason: string): never => scanner.refuse(`tensor ${quoted(name)}: ${reason}`);
  let type: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  scanner.object((key) => {
    if (key === "dtype") type = scanner.string();
    else if (key === "shape") shape = scanner.integers(mostDimensions);
    else if (key === "data_offsets") offsets = scanner.integers(2);
    else refuse(`unknown key ${quoted(key)}`);
  });
  if (type === undefined || shape === undefined || offsets?.length !== 2) {
    return refuse("needs dtype, shape and two data_offsets");
  }
  if (!Object.hasOwn(bitsOf, type)) return refuse(`dtype ${quoted(type)} is unknown`);
  const known = type as SafetensorsType;
  const [begin, end] = offsets as [number, number];
  if (end < begin) refuse(`data_offsets end at ${end}, before they begin at ${begin}`);
  const size = shape.reduce((product, dimension) => product * dimension, bytesOf(known));
  if (!Number.isSafeInteger(size))
    refuse(`shape [${shape.join(", ")}] has more entries than a file can hold`);
  if (size !== end - begin) {
    refuse(
      `shape [${shape.join(", ")}] of ${type} takes ${size} bytes, data_offsets [${begin}, ${end}] hold ${end - begin}`,
    );
  }
  return { type: known, shape, begin, end };
}

function checkCover(
  ordered: readonly (readonly [string, SafetensorsEntry])[],
  file: { readonly place: string; readonly dataSize: number },
): void {
  const refuse = (reason: string): never => {
    throw new UnusableCheckpointError(`${file.place}: ${reason}`);
  };
  let covered = 0;
  for (const [name, { begin, end }] of ordered) {
    const what = `tensor ${quoted(name)}: data_offsets begin at ${begin}`;
    if (begin < covered) refuse(`${what}, inside the tensor before it, which ends at ${covered}`);
    if (begin > covered) refuse(`${what}, which leaves a hole after ${covered}`);
    if (end > file.dataSize) {
      refuse(
        `tensor ${quoted(name)}: ends at byte ${end} of ${file.dataSize}: the file is cut off or damaged`,
      );
    }
    covered = end;
  }
  const rest = file.dataSize - covered;
  if (rest > 0) refuse(`${rest} ${rest === 1 ? "byte belongs" : "bytes belong"} to no tensor`);
}

/** A name from a file as JSON text, cut where it is long. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);

/** Reads objects, strings and arrays of natural numbers, the only things in a header. */
class Scanner {
  readonly #text: string;
  readonly #place: string;
  #at = 0;

  constructor(text: string, place: string) {
    this.#text = text;
    this.#place = place;
  }

  refuse(reason: string): never {
    throw new UnusableCheckpointError(`${this.#place}: ${reason}`);
  }

  /** Calls `member` with each key, positioned at its value. */
  object(member: (key: string) => void): void {
    const keys = new Set<string>();
    this.#expect("{");
    if (this.#take("}")) return;
    do {
      const key = this.string();
      if (keys.has(key)) this.refuse(`the header has the key ${quoted(key)} twice`);
      keys.add(key);
      this.#expect(":");
      member(key);
    } while (this.#take(","));
    this.#expect("}");
  }

  integers(most: number): number[] {
    const values: number[] = [];
    this.#expect("[");
    if (this.#take("]")) return values;
    do {
      if (values.length === most) this.refuse(`the header has more than ${most} numbers at ${this.#at}`);
      values.push(this.#integer());
    } while (this.#take(","));
    this.#expect("]");
    return values;
  }

  string(): string {
    this.#expect('"');
    const start = this.#at - 1;
    let end = this.#at;
    for (;;) {
      end = this.#text.indexOf('"', end);
      if (end < 0) this.#fail();
      let escapes = 0;
      while (this.#text[end - 1 - escapes] === "\\") escapes += 1;
      end += 1;
      if (escapes % 2 === 0) break;
    }
    this.#at = end;
    try {
      return JSON.parse(this.#text.slice(start, end)) as string;
    } catch {
      return this.refuse(`the header is not JSON: a string at ${start}`);
    }
  }

  /** Nothing but padding may follow. */
  finish(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail();
  }

  #integer(): number {
    this.#skipSpace();
    const digits = /(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/y;
    digits.lastIndex = this.#at;
    const found = digits.exec(this.#text)?.[0];
    const value = Number(found);
    if (found === undefined || !Number.isSafeInteger(value)) {
      this.refuse(
        `the header has ${quoted(this.#text.slice(this.#at, this.#at + 20))} where a natural number belongs`,
      );
    }
    this.#at += found.length;
    return value;
  }

  #expect(character: string): void {
    if (!this.#take(character)) this.#fail(character);
  }

  #take(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "x")) this.#at += 1;
  }

  #fail(expected?: string): never {
    const found =
      this.#at < this.#text.length ? quoted(this.#text.slice(this.#at, this.#at + 20)) : "its end";
    return this.refuse(
      `the header is not a safetensors header: ${found} at ${this.#at}${expected === undefined ? "" : ` where ${quoted(expected)} belongs`}`,
    );
  }
}
