/** Text as a hostile model, log or file name may hold it. */
export const hostileTexts: readonly string[] = [
  "</script><script>globalThis.hacked = true</script>",
  '"><img src=x onerror="globalThis.hacked = true">',
  "</style></title></svg><svg onload=alert(1)>",
  "<!-- ]]> <![CDATA[ &lt;b&gt;",
  "\u001b[2J\u001b[31mred\u001b]0;title\u0007",
  "\u202egnp.exe\u2066\u2069 \u200b\ufeff",
  "line one\r\nline two\u2028line three",
  "javascript:globalThis.hacked=true",
  "\ud800 lone surrogate \udfff",
  '=HYPERLINK("http://example.invalid")',
  "$(touch hacked) `touch hacked` ; rm -rf '",
  "x".repeat(1_000_000),
];
