/** JSON as Python writes it: NaN and Infinity are numbers, and integers beyond 2^53 can keep their digits. */
import { isUtf8 } from "node:buffer";

/** A parsed JSON object. */
export type JsonRecord = Readonly<Record<string, unknown>>;

const pythonToken =
  /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[^"\-\dNI]+|[-NI]/gsy;
const longDigits = /[[:,\s-]\d{16,}/;
const marker = "\u0000number:";

/** `exactIntegers`: an integer that a double cannot hold becomes a bigint, which costs a search for long ones. */
export interface JsonOptions {
  readonly exactIntegers?: boolean;
}

/** The value of a JSON text; NaN, Infinity and -Infinity are read as such. Throws SyntaxError. */
export function parseJson(text: string, options: JsonOptions = {}): unknown {
  if (options.exactIntegers !== true || !longDigits.test(text)) {
    try {
      return JSON.parse(text);
    } catch (error) {
      if (!/NaN|Infinity/.test(text)) throw error;
    }
  }
  return JSON.parse(markedNumbers(text), (_key, value) => markedValue(value));
}

/** The value of UTF-8 bytes; throws SyntaxError if they are not UTF-8 or not JSON. */
export function parseJsonBytes(bytes: Buffer, options: JsonOptions = {}): unknown {
  const text = bytes.toString("utf8");
  if (text.includes("\ufffd") && !isUtf8(bytes)) throw new SyntaxError("not valid UTF-8");
  return parseJson(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, options);
}

/** The value as an object, or undefined if it is anything else. */
export function asRecord(value: unknown): JsonRecord | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonRecord)
    : undefined;
}

/** The record's own field; never something inherited. */
export function fieldOf(record: JsonRecord | undefined, name: string): unknown {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

function markedNumbers(text: string): string {
  return text.replace(pythonToken, (token) => {
    if (/^-?(?:NaN|Infinity)$/.test(token)) return JSON.stringify(marker + token);
    if (/^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token))) {
      return JSON.stringify(marker + token);
    }
    return token;
  });
}

function markedValue(value: unknown): unknown {
  if (typeof value !== "string" || !value.startsWith(marker)) return value;
  const token = value.slice(marker.length);
  return /\d/.test(token) ? BigInt(token) : Number(token);
}
