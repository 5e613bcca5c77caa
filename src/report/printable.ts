/** Untrusted text made safe at the edge that prints it: terminals here, HTML in one place too. */

/** C0 and C1 controls, line separators, bidirectional controls, zero-width and other invisible format characters. */
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * Text that a terminal shows on one line and cannot act on: control, bidirectional and invisible characters as
 * `\u{…}`, and at most `limit` characters.
 *
 * @example
 * printable("\u001b[31mred"); // "\\u{1b}[31mred"
 */
export function printable(text: string, limit = 200): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return cut.replace(unsafe, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}

/** Line ends and tabs of text that may have them. */
const lineEnd = /\r\n|[\r\n\u2028\u2029]/;

/**
 * Text on several lines: lines and tabs stay, other characters as in `printable`.
 *
 * @example
 * printableLines("one\r\n\u001b[31mtwo"); // "one\n\\u{1b}[31mtwo"
 */
export function printableLines(text: string): string {
  return text
    .split(lineEnd)
    .map((line) =>
      line
        .split("\t")
        .map((part) => printable(part, part.length))
        .join("\t"),
    )
    .join("\n");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text as HTML content or attribute value; control and bidirectional characters stay visible as `\u{…}`.
 *
 * @example
 * htmlText("<b>"); // "&lt;b&gt;"
 */
export function htmlText(text: string, limit = 2000): string {
  return printable(text, limit).replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
