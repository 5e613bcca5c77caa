/** A report as it stands in a page: what is read first as it is, the rest compressed. Runs in a browser. */
import type { Report } from "./section.ts";

export interface PackedPart {
  readonly packing: "deflate-raw, base64";
  readonly data: string;
}

/** The title and the verdict can be shown by a browser that cannot unpack the rest. */
export interface PackedReport extends Pick<Report, "schema" | "title" | "verdict" | "leading"> {
  /** The other fields but the problems, as JSON in UTF-8. */
  readonly rest: PackedPart;
  /** Bytes of `columnBytes`. */
  readonly problems?: PackedPart;
}

/** Problems, the largest part, stay packed until the page has shown the rest. */
export interface PageReport extends Omit<Report, "problems"> {
  readonly problems?: PackedPart;
}
