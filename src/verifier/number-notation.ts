/** Rewrites LaTeX, Unicode and Markdown notation of numbers into the plain notation that `number-text.ts` reads. */

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const vulgarFractions: Readonly<Record<string, string>> = {
  "¼": "1/4",
  "½": "1/2",
  "¾": "3/4",
  "⅐": "1/7",
  "⅑": "1/9",
  "⅒": "1/10",
  "⅓": "1/3",
  "⅔": "2/3",
  "⅕": "1/5",
  "⅖": "2/5",
  "⅗": "3/5",
  "⅘": "4/5",
  "⅙": "1/6",
  "⅚": "5/6",
  "⅛": "1/8",
  "⅜": "3/8",
  "⅝": "5/8",
  "⅞": "7/8",
};

/**
 * The text with one notation for each thing: ASCII digits and minus, plain spaces, `\frac` for its variants,
 * ` degrees`, `%`, and without math delimiters, dollar signs, bold marks and the wrappers of text.
 * Never joins two numbers into one: what is removed between digits leaves a space.
 */
export function plainNotation(text: string): string {
  return text
    .replace(/[\u2212\u2010-\u2013\ufe63\uff0d]/g, "-")
    .replace(/[\u00a0\u2007\u2009\u200a\u202f]/g, " ")
    .replace(/[\u200b\u2060\ufeff]/g, "")
    .replace(/[\uff10-\uff19]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xff10 + 48))
    .replace(/[¼½¾⅐-⅞]/g, (fraction) => ` ${vulgarFractions[fraction] ?? fraction}`)
    .replace(/⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+/g, (digits) => `^{${superscriptDigits(digits)}}`)
    .replace(/\\+([dtc])frac/g, "\\frac")
    .replace(/\\(?:left|right)(?![A-Za-z])/g, "")
    .replace(/\{(,|\\[,;: ])\}/g, "$1")
    .replace(/\\!/g, "")
    .replace(/\\(?:[,;:\s]|quad(?![A-Za-z])|qquad(?![A-Za-z]))|~/g, " ")
    .replace(/\\%/g, "%")
    .replace(/-\\?\$(?=[\d.])/g, "-")
    .replace(/\\?\$|\\[()[\]]|`/g, " ")
    .replace(/\s*(?:°|\^\s*\{?\s*\\circ\s*\}?|\\degree(?![A-Za-z]))/g, " degrees")
    .replace(/\\(?:text(?:bf|it|rm|normal)?|math(?:rm|bf|it|sf)|mbox|operatorname)\s*\{([^{}]*)\}/g, " $1 ")
    .replace(/(?<![\d)])\*\*(?=[^\s*])([^*\n]{1,200})\*\*/g, "$1");
}

function superscriptDigits(digits: string): string {
  return [...digits].map((digit) => (digit === "⁻" ? "-" : superscripts.indexOf(digit))).join("");
}
