import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { htmlText, printable } from "./printable.ts";

describe("printable text", () => {
  test("escape sequences of terminals lose their power", () => {
    expect(printable("\u001b[2Jgone\u0007")).toBe("\\u{1b}[2Jgone\\u{7}");
    expect(printable("\u009b31m")).toBe("\\u{9b}31m");
    expect(printable("line\r\nnext\ttab")).toBe("line\\u{d}\\u{a}next\\u{9}tab");
  });

  test("bidirectional controls and invisible characters are shown", () => {
    expect(printable("abc\u202etxt.exe")).toBe("abc\\u{202e}txt.exe");
    expect(printable("a\u200bb\u2066c\ufeff")).toBe("a\\u{200b}b\\u{2066}c\\u{feff}");
  });

  test("lone surrogates are shown and pairs are kept", () => {
    expect(printable("\ud800x 𝔘 \udc00")).toBe("\\u{d800}x 𝔘 \\u{dc00}");
  });

  test("whatever the text, no control character is left and length is bounded", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
        const shown = printable(text, 50);
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
        expect(shown.length).toBeLessThanOrEqual(51 * 8);
      }),
    );
  });

  test("HTML is text", () => {
    expect(htmlText(`</script><img src=x onerror="alert('1')">&`)).toBe(
      "&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;",
    );
  });
});
