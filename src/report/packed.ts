/** Bytes as they stand in a page. */
import { constants, deflateRawSync } from "node:zlib";
import type { PackedPart } from "./page-report.ts";

/** Numbers are noise around a curve: short blocks and few matches suit them. */
const suited = { level: 9, memLevel: 7, strategy: constants.Z_FILTERED };

/** Bytes as text without any character that HTML or JSON would read. */
export function packedPart(bytes: Uint8Array): PackedPart {
  return {
    packing: "deflate-raw, base64",
    data: deflateRawSync(bytes, suited).toString("base64"),
  };
}
