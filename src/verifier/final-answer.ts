/** Where a response states its final answer: `\boxed{…}`, `A:` / `Answer:` / `the answer is`, `####`. */

/** A statement of the final answer as it is written, and what introduced it. */
export interface FinalStatement {
  readonly marker: "boxed" | "answer" | "hashes";
  readonly text: string;
}

/** Text beyond this many characters from the end is not searched. */
export const searchedCharacters = 200_000;

/**
 * The final answer's statement, or undefined if nothing announces one.
 *
 * The last complete `\boxed{…}` (nested braces counted) comes first, then the last `A:`, `Answer:`,
 * `answer is` or `answer =`, then the last `####` line. A response that goes on to a question of its own
 * (a line that begins with `Q:`, `Question:` or `Problem:`) after it has stated an answer is cut there.
 */
export function finalStatement(text: string): FinalStatement | undefined {
  const searched = withoutFurtherQuestions(text.slice(-searchedCharacters));
  const boxed = lastBoxed(searched);
  if (boxed !== undefined) return { marker: "boxed", text: boxed };
  return lastAnswerLine(searched) ?? lastHashes(searched);
}

/** The contents of the last complete `\boxed{…}`, `\fbox{…}` or `\boxed x`, or undefined. */
export function lastBoxed(text: string): string | undefined {
  const token = /\\(?:boxed|fbox)\s*(?:\{|([^\s$\\{}]{1,100}))|\\[{}]|[{}]/g;
  // One entry an open brace: where its contents start if it belongs to a box.
  const open: (number | undefined)[] = [];
  let last: { readonly start: number; readonly end: number } | undefined;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const end = token.lastIndex;
    if (match[1] !== undefined) last = { start: end - match[1].length, end };
    else if (match[0] === "{") open.push(undefined);
    else if (match[0] === "}") {
      const start = open.pop();
      if (start !== undefined && start >= (last?.start ?? 0)) last = { start, end: match.index };
    } else if (match[0].endsWith("{") && match[0] !== "\\{") open.push(end);
  }
  return last && text.slice(last.start, last.end).trim();
}

const answerMarker =
  /(?:(?<![^\s*_(])A|\banswer)(?:\*\*|__)?\s{0,3}(?::|=)|\banswer(?: to [^.:\n]{1,80})? is(?: therefore| thus| simply| just)?(?! (?:not|correct|incorrect|right|wrong|reasonable|consistent|valid|verified|confirmed|because|based)\b)\b\s{0,3}:?/gi;

function lastAnswerLine(text: string): FinalStatement | undefined {
  let last: FinalStatement | undefined;
  for (const { statement } of answerLines(text)) {
    if (statement.text !== "" || !last) last = statement;
  }
  return last;
}

function* answerLines(
  text: string,
): Generator<{ readonly index: number; readonly statement: FinalStatement }> {
  for (const match of text.matchAll(answerMarker)) {
    // Only a capital A with a colon is an answer's label; `a:`, `a =` and `A =` are variables.
    if (/^a(?!n)/i.test(match[0]) && !/^A[*_\s]*:$/.test(match[0])) continue;
    // A colon announces the answer; without one the sentence may only be talking about it.
    const firm = /[:=]$/.test(match[0]);
    const start = match.index + match[0].length;
    const line = lineAfter(text, { start, limit: firm ? longestStatement : longestSentence });
    const statement = firm ? line : firstSentence(line);
    if (!firm && !/\d/.test(statement)) continue;
    yield { index: match.index, statement: { marker: "answer", text: statement } };
  }
}

/** Up to a full stop that a capital letter follows; `Rs. 5` does not end one. */
export function firstSentence(text: string): string {
  return text.split(/(?<!\bRs)[.!?]\s+(?=[A-Z(])/)[0] ?? text;
}

/** The rest of the line, or the next line with content where the rest is empty or only closes bold text. */
function lineAfter(text: string, range: { readonly start: number; readonly limit: number }): string {
  const { start, limit } = range;
  const rest = text.slice(start, start + limit);
  // Right after the marker bold marks close it; an odd one at the end was opened before it.
  const line = /^(?:\*\*|__)?\s*([^\n]*)/.exec(rest)?.[1] ?? "";
  // Half a number is another number.
  const whole = rest.endsWith(line) && start + limit < text.length ? line.replace(/[\d.,]+$/, "") : line;
  return (whole.split("**").length % 2 === 0 ? whole.replace(/\*\*(?=[^*]*$)/, "") : whole).trim();
}

/** These keep a text full of announcements linear. */
const longestStatement = 2000;
const longestSentence = 300;

function lastHashes(text: string): FinalStatement | undefined {
  const position = text.lastIndexOf("####");
  if (position < 0) return undefined;
  const line = /^#+([^\n]*)/.exec(text.slice(position, position + longestStatement))?.[1]?.trim() ?? "";
  return { marker: "hashes", text: line };
}

function withoutFurtherQuestions(text: string): string {
  const answered = [text.indexOf("\\boxed"), text.search(/####\s{0,3}[-$\d\\.]/)];
  for (const { index } of answerLines(text)) {
    answered.push(index);
    break;
  }
  const from = Math.min(...answered.filter((position) => position >= 0));
  if (from === Number.POSITIVE_INFINITY) return text;
  const question = /\n[ \t*]{0,8}(?:Q|Question|Problem)\s{0,3}\d{0,4}[*]{0,2}:/g;
  question.lastIndex = from;
  return text.slice(0, question.exec(text)?.index);
}
