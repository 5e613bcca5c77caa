/**
 * Pieces of one large JSON document, found without parsing the whole: members of the top-level object, and elements
 * of the top-level array or of arrays that are members. Only the pieces asked for are kept, one at a time.
 */
import { InputError } from "../record/index.ts";
import { parseJsonBytes } from "./json-text.ts";

/** What to do with a member of the top-level object: hand on its value, the elements of its array, or neither. */
export type Wish = "value" | "elements" | "skip";

export interface JsonPiece {
  /** The member's name; empty for the elements of a top-level array. */
  readonly key: string;
  /** The element's place in its array, from 0; undefined for a whole value. */
  readonly index?: number;
  readonly bytes: Buffer;
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;

const longestPiece = 256 << 20;
const deepestNesting = 10_000;

/** A scanner that bytes are pushed into. It checks nesting only: what it hands on is parsed by its reader. */
export class JsonPieces {
  readonly #wish: (key: string) => Wish;
  readonly #name: string;
  /** The open containers' brackets, outermost first. */
  readonly #open: number[] = [];
  #inString = false;
  #escaped = false;
  /** What is being collected: a member's name or a piece; its bytes of earlier chunks. */
  #collecting: "key" | "piece" | undefined;
  #collected: Buffer[] = [];
  #collectedLength = 0;
  /** Containers that were open when the piece began: it ends at a comma or bracket of this level. */
  #holder = 0;
  #isElement = false;
  #key = "";
  #expectKey = false;
  #wanted: Wish = "skip";
  #index = 0;
  #begun = false;
  #ended = false;
  found: JsonPiece[] = [];

  /** `name` is the document's in error messages. */
  constructor(name: string, wish: (key: string) => Wish) {
    this.#name = name;
    this.#wish = wish;
  }

  /** Scans a chunk; pieces that it completes are appended to `found`. Throws InputError on broken nesting. */
  push(chunk: Buffer): void {
    let from = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#inString) {
        at = this.#stringEnd(chunk, at);
        if (!this.#inString && this.#collecting === "key") {
          this.#key = keyText(this.#collect(chunk.subarray(from, at)));
          this.#expectKey = false;
        }
        continue;
      }
      const byte = chunk[at] as number;
      if (
        byte === 0x20 ||
        byte === 0x0a ||
        byte === 0x0d ||
        byte === 0x09 ||
        (byte === 0xef && !this.#begun)
      ) {
        at += byte === 0xef ? 3 : 1;
        continue;
      }
      if (this.#open.length === 0) {
        if (this.#begun || (byte !== openBrace && byte !== openBracket))
          throw this.#broken("is not one JSON document");
        this.#begin(byte);
      } else if (byte === comma || byte === closeBrace || byte === closeBracket) {
        if (this.#collecting === "piece" && this.#open.length === this.#holder) {
          this.#finishPiece(chunk.subarray(from, at));
        }
        if (byte === comma) this.#expectKey = this.#open.length === 1 && this.#open[0] === openBrace;
        else this.#close(byte);
      } else if (byte === colon) {
        if (this.#open.length === 1) this.#wanted = this.#wish(this.#key);
      } else {
        if (this.#expectKey && this.#open.length === 1) {
          if (byte !== quote) throw this.#broken("has a member without a name");
          this.#startCollecting("key");
          from = at;
        } else if (this.#beginsPiece(byte)) {
          this.#startCollecting("piece");
          this.#holder = this.#open.length;
          from = at;
        }
        if (byte === quote) this.#inString = true;
        else if (byte === openBrace || byte === openBracket) this.#nest(byte);
      }
      at += 1;
    }
    if (this.#collecting !== undefined) this.#keep(Buffer.from(chunk.subarray(from)));
  }

  /** Throws InputError if the document is not complete. */
  finish(): void {
    if (!this.#begun) throw this.#broken("is empty");
    if (!this.#ended) throw this.#broken("is cut short");
  }

  #begin(byte: number): void {
    this.#begun = true;
    this.#open.push(byte);
    if (byte === openBrace) this.#expectKey = true;
    else this.#wanted = this.#wish("");
  }

  #nest(byte: number): void {
    this.#open.push(byte);
    if (this.#open.length === 2) this.#index = 0;
    if (this.#open.length > deepestNesting) throw this.#broken("is nested too deeply");
  }

  #close(byte: number): void {
    const opened = this.#open.pop();
    if (opened !== (byte === closeBrace ? openBrace : openBracket))
      throw this.#broken("has unbalanced brackets");
    if (this.#open.length === 0) this.#ended = true;
  }

  #beginsPiece(byte: number): boolean {
    if (this.#collecting !== undefined || this.#wanted === "skip") return false;
    const inObject = this.#open[0] === openBrace;
    if (!inObject) {
      this.#isElement = true;
      return this.#open.length === 1;
    }
    if (this.#open.length === 1) {
      this.#isElement = false;
      return this.#wanted === "value" || byte !== openBracket;
    }
    this.#isElement = true;
    return this.#wanted === "elements" && this.#open.length === 2 && this.#open[1] === openBracket;
  }

  #finishPiece(rest: Buffer): void {
    const bytes = this.#collect(rest);
    this.found.push({ key: this.#key, ...(this.#isElement && { index: this.#index }), bytes });
    this.#index += 1;
  }

  #startCollecting(what: "key" | "piece"): void {
    this.#collecting = what;
    this.#collected = [];
    this.#collectedLength = 0;
  }

  #keep(bytes: Buffer): void {
    this.#collected.push(bytes);
    this.#collectedLength += bytes.length;
    if (this.#collectedLength > longestPiece) throw this.#broken("holds one value over 256 MiB");
  }

  #collect(rest: Buffer): Buffer {
    this.#keep(rest);
    const bytes = this.#collected.length === 1 ? rest : Buffer.concat(this.#collected);
    this.#collecting = undefined;
    this.#collected = [];
    return bytes;
  }

  /** The place after the string's closing quote, or the chunk's end if it goes on. */
  #stringEnd(chunk: Buffer, from: number): number {
    let at = from;
    if (this.#escaped) {
      this.#escaped = false;
      at += 1;
    }
    while (at < chunk.length) {
      const end = chunk.indexOf(quote, at);
      const stop = end < 0 ? chunk.length : end;
      let slashes = 0;
      while (stop - 1 - slashes >= at && chunk[stop - 1 - slashes] === backslash) slashes += 1;
      if (end < 0) {
        this.#escaped = slashes % 2 === 1;
        return chunk.length;
      }
      at = end + 1;
      if (slashes % 2 === 0) {
        this.#inString = false;
        return at;
      }
    }
    return at;
  }

  #broken(how: string): InputError {
    return new InputError(`${this.#name} ${how}`);
  }
}

function keyText(bytes: Buffer): string {
  try {
    return String(parseJsonBytes(bytes));
  } catch {
    return "";
  }
}

/** Pieces of a document that arrives in chunks; throws InputError if it is broken or cut short. */
export async function* jsonPieces(
  chunks: AsyncIterable<Buffer>,
  input: { readonly name: string; readonly wish: (key: string) => Wish },
): AsyncGenerator<JsonPiece[]> {
  const pieces = new JsonPieces(input.name, input.wish);
  for await (const chunk of chunks) {
    pieces.push(chunk);
    if (pieces.found.length === 0) continue;
    yield pieces.found;
    pieces.found = [];
  }
  pieces.finish();
}

/** Names of the top-level members that the beginning of a document shows; empty if it is no JSON object. */
export function leadingKeys(bytes: Uint8Array): string[] {
  const keys: string[] = [];
  const pieces = new JsonPieces("", (key) => {
    keys.push(key);
    return "skip";
  });
  try {
    pieces.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch {
    // What stands before the damage is enough to recognise the file by.
  }
  return keys;
}
