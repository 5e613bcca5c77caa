/** A small language model with exact probabilities, which the scripted servers serve. */

export const beginning = 0;
export const end = 1;

const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
const merged = [" the", " is", "The", " Paris", ".", " a", "is ", "ab", "bc", "abc", "é", "日", "🙂", "\n"];
const pieces = ["<s>", "</s>", ...new Set([...printable, ...merged])];
const idOf = new Map(pieces.map((piece, id) => [piece, id]));
const longest = Math.max(...pieces.map((piece) => piece.length));

export const vocabularySize = pieces.length;

/** Greedy longest match, so that the joint tokenisation of two texts is not always that of each. */
export function tokenise(text: string): number[] {
  const ids: number[] = [];
  for (let at = 0; at < text.length; ) {
    let length = Math.min(longest, text.length - at);
    while (length > 0 && (idOf.get(text.slice(at, at + length)) ?? 0) < 2) length -= 1;
    if (length === 0) throw new Error(`the scripted model has no token for ${JSON.stringify(text[at])}`);
    ids.push(idOf.get(text.slice(at, at + length)) as number);
    at += length;
  }
  return ids;
}

export const pieceOf = (id: number): string => pieces[id] ?? "";

export const textOf = (ids: readonly number[]): string =>
  ids
    .filter((id) => id > end)
    .map(pieceOf)
    .join("");

const rows = new Map<string, Float64Array>();

/** Log-probabilities of every next token: a softmax of waves in the last two tokens, at a temperature. */
export function nextLogProbabilities(before: readonly number[], temperature = 1): Float64Array {
  const last = before.at(-1) ?? 0;
  const previous = before.at(-2) ?? 0;
  const key = `${last} ${previous} ${temperature}`;
  const known = rows.get(key);
  if (known !== undefined) return known;
  const scores = Float64Array.from({ length: vocabularySize }, (_, token) => {
    if (token === beginning) return -40;
    return (2.5 * Math.sin(1 + last * 12.9898 + token * 78.233 + previous * 3.7)) / temperature;
  });
  const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
  const row = scores.map((score) => score - total);
  rows.set(key, row);
  return row;
}

/** Log-probability of each of `tokens` after `before`. */
export function scoreOf(before: readonly number[], tokens: readonly number[], temperature = 1): number[] {
  const seen = [...before];
  return tokens.map((token) => {
    const score = nextLogProbabilities(seen, temperature)[token] as number;
    seen.push(token);
    return score;
  });
}

export interface Chooser {
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
}

/** One token by the usual filters; `uniform` gives numbers in (0, 1). */
export function chosen(before: readonly number[], chooser: Chooser, uniform: () => number): number {
  const row = nextLogProbabilities(before, chooser.temperature);
  let kept = Array.from(row, (score, token) => ({ token, probability: Math.exp(score) })).sort(
    (left, right) => right.probability - left.probability,
  );
  if (chooser.topK > 0) kept = kept.slice(0, chooser.topK);
  const least = chooser.minP * (kept[0]?.probability ?? 0);
  kept = kept.filter(({ probability }) => probability >= least);
  let mass = 0;
  kept = kept.filter(({ probability }) => {
    const wanted = mass < chooser.topP;
    mass += probability;
    return wanted;
  });
  let point = uniform() * kept.reduce((sum, { probability }) => sum + probability, 0);
  for (const { token, probability } of kept) {
    point -= probability;
    if (point <= 0) return token;
  }
  return (kept.at(-1) as { token: number }).token;
}
