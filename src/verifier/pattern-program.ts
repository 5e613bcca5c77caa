/**
 * Compiles a regular expression to a program for `pattern-search.ts`. JavaScript's own engine backtracks, and on a text
 * that nobody vetted some patterns then take exponential time; this program is run in linear time instead.
 */
import { InputError } from "../record/index.ts";

/** Whether a code point fits one atom of the pattern. */
export type Fits = (codePoint: number) => boolean;

/** One step of a program; jumps are absolute. `split` tries `first` before `second`. */
export type Instruction =
  | { readonly kind: "character"; readonly fits: Fits }
  | { readonly kind: "split"; first: number; second: number }
  | { readonly kind: "jump"; to: number }
  | { readonly kind: "save"; readonly slot: number }
  | { readonly kind: "clear"; readonly from: number; readonly to: number }
  | { readonly kind: "assert"; readonly what: "line start" | "line end" | "boundary" | "no boundary" }
  /** Remembers where an optional repetition began, and refuses one that consumed nothing, as JavaScript does. */
  | { readonly kind: "mark" | "progress"; readonly mark: number }
  | { readonly kind: "match" };

export interface PatternProgram {
  readonly instructions: readonly Instruction[];
  /** Capturing groups; group g has slots 2g and 2g + 1, the whole match slots 0 and 1. */
  readonly groups: number;
  readonly marks: number;
}

const longestProgram = 2000;
const atom =
  /\\(?:u\{[\da-f]+\}|ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|u[\da-f]{4}|x[\da-f]{2}|c[a-z]|p\{[^}]*\}|.)|./isuy;
const quantifier = /(?:([*+?])|\{(\d+)(,?)(\d*)\})(\??)/y;

/**
 * The program of a pattern in JavaScript's syntax with the flags `m` and `u`; a leading `(?i)` ignores case.
 *
 * @throws InputError if the pattern does not compile, uses what is not regular (look-around, back references), or
 * repeats so much that the program exceeds 2000 steps.
 */
export function patternProgram(pattern: string): PatternProgram {
  const ignoreCase = pattern.startsWith("(?i)");
  const source = ignoreCase ? pattern.slice(4) : pattern;
  const flags = ignoreCase ? "iu" : "u";
  try {
    new RegExp(source, flags);
  } catch (error) {
    throw new InputError(`The pattern ${JSON.stringify(pattern)} is not valid: ${(error as Error).message}.`);
  }
  return new Compiler({ source, flags }).program();
}

/** Recursive descent over a pattern that is known to be valid. */
class Compiler {
  readonly #source: string;
  readonly #flags: string;
  readonly #instructions: Instruction[] = [];
  #position = 0;
  #groups = 0;
  #marks = 0;

  constructor(input: { readonly source: string; readonly flags: string }) {
    this.#source = input.source;
    this.#flags = input.flags;
  }

  program(): PatternProgram {
    this.#emit({ kind: "save", slot: 0 });
    this.#alternatives();
    this.#emit({ kind: "save", slot: 1 });
    this.#emit({ kind: "match" });
    return { instructions: this.#instructions, groups: this.#groups, marks: this.#marks };
  }

  #emit(instruction: Instruction): number {
    if (this.#instructions.length >= longestProgram) {
      throw this.#refusal(`it needs more than ${longestProgram} steps`);
    }
    return this.#instructions.push(instruction) - 1;
  }

  #refusal(why: string): InputError {
    return new InputError(`The pattern ${JSON.stringify(this.#source)} cannot be used: ${why}.`);
  }

  /** a|b|c up to a closing parenthesis or the end. */
  #alternatives(): void {
    const begin = this.#instructions.length;
    this.#sequence();
    if (this.#source[this.#position] !== "|") return;
    this.#position++;
    // The first alternative moves down one place for the split in front of it.
    this.#insert(begin, { kind: "split", first: begin + 1, second: 0 });
    const jump = this.#emit({ kind: "jump", to: 0 });
    (this.#instructions[begin] as { second: number }).second = this.#instructions.length;
    this.#alternatives();
    (this.#instructions[jump] as { to: number }).to = this.#instructions.length;
  }

  #insert(at: number, instruction: Instruction): void {
    this.#emit({ kind: "match" });
    for (let index = this.#instructions.length - 1; index > at; index--) {
      this.#instructions[index] = shifted(this.#instructions[index - 1]!, { from: at, by: 1 });
    }
    this.#instructions[at] = instruction;
  }

  #sequence(): void {
    while (this.#position < this.#source.length && !"|)".includes(this.#source[this.#position]!)) {
      const begin = this.#instructions.length;
      const groupsBefore = this.#groups;
      this.#term();
      quantifier.lastIndex = this.#position;
      const repeat = quantifier.exec(this.#source);
      if (!repeat) continue;
      this.#position += repeat[0].length;
      this.#repeat({ begin, groups: { from: groupsBefore + 1, to: this.#groups }, ...bounds(repeat) });
    }
  }

  #term(): void {
    const character = this.#source[this.#position]!;
    if (character === "(") this.#group();
    else if (character === "[") this.#class();
    else this.#atom();
  }

  #atom(): void {
    atom.lastIndex = this.#position;
    const text = atom.exec(this.#source)![0];
    this.#position += text.length;
    if (text === "^") this.#emit({ kind: "assert", what: "line start" });
    else if (text === "$") this.#emit({ kind: "assert", what: "line end" });
    else if (text === "\\b") this.#emit({ kind: "assert", what: "boundary" });
    else if (text === "\\B") this.#emit({ kind: "assert", what: "no boundary" });
    else if (/^\\[1-9k]/.test(text)) throw this.#refusal("back references cannot be matched in linear time");
    else this.#emit({ kind: "character", fits: fitsSource({ source: text, flags: this.#flags }) });
  }

  #group(): void {
    const opening = /\((?:\?(:|<(?![=!])[^>]*>|.))?/y;
    opening.lastIndex = this.#position;
    const match = opening.exec(this.#source)!;
    const mark = match[1];
    if (mark !== undefined && mark !== ":" && !mark.endsWith(">")) {
      throw this.#refusal("look-around and inline flags cannot be matched in linear time");
    }
    this.#position += match[0].length;
    const group = mark === ":" ? undefined : ++this.#groups;
    if (group !== undefined) this.#emit({ kind: "save", slot: 2 * group });
    this.#alternatives();
    if (group !== undefined) this.#emit({ kind: "save", slot: 2 * group + 1 });
    this.#position++;
  }

  #class(): void {
    let end = this.#position + 1;
    while (this.#source[end] !== "]") end += this.#source[end] === "\\" ? 2 : 1;
    const source = this.#source.slice(this.#position, end + 1);
    this.#position = end + 1;
    this.#emit({ kind: "character", fits: fitsSource({ source, flags: this.#flags }) });
  }

  /** Replaces the body at `begin` by its repetition: `least` copies, then a loop or optional copies. */
  #repeat(input: {
    readonly begin: number;
    readonly groups: { readonly from: number; readonly to: number };
    readonly least: number;
    readonly most: number;
    readonly lazy: boolean;
  }): void {
    const { begin, groups, least, most, lazy } = input;
    const body = this.#instructions.splice(begin);
    const mark = most > least && isNullable(body, begin) ? this.#marks++ : undefined;
    const copy = (optional: boolean): void => {
      const marked = optional && mark !== undefined;
      if (marked) this.#emit({ kind: "mark", mark });
      // JavaScript forgets the groups of the body at the start of each repetition.
      if (groups.to >= groups.from)
        this.#emit({ kind: "clear", from: 2 * groups.from, to: 2 * groups.to + 1 });
      const by = this.#instructions.length - begin;
      for (const instruction of body) this.#emit(shifted(instruction, { from: 0, by }));
      if (marked) this.#emit({ kind: "progress", mark });
    };
    const skip = (): { first: number; second: number } => {
      const place = this.#emit({ kind: "split", first: this.#instructions.length + 1, second: 0 });
      return this.#instructions[place] as { first: number; second: number };
    };
    const aim = (split: { first: number; second: number }): void => {
      split.second = this.#instructions.length;
      if (lazy) [split.first, split.second] = [split.second, split.first];
    };
    for (let times = 0; times < least; times++) copy(false);
    if (most === Number.POSITIVE_INFINITY) {
      const place = this.#instructions.length;
      const split = skip();
      copy(true);
      this.#emit({ kind: "jump", to: place });
      aim(split);
      return;
    }
    const splits: { first: number; second: number }[] = [];
    for (let times = least; times < most; times++) {
      splits.push(skip());
      copy(true);
    }
    for (const split of splits) aim(split);
  }
}

/** True if the end of the body can be reached without a character. */
function isNullable(body: readonly Instruction[], begin: number): boolean {
  const seen = new Set<number>();
  const waiting = [0];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (place === body.length) return true;
    if (seen.has(place)) continue;
    seen.add(place);
    const instruction = body[place]!;
    if (instruction.kind === "jump") waiting.push(instruction.to - begin);
    else if (instruction.kind === "split")
      waiting.push(instruction.first - begin, instruction.second - begin);
    else if (instruction.kind !== "character") waiting.push(place + 1);
  }
  return false;
}

function bounds(match: RegExpExecArray): {
  readonly least: number;
  readonly most: number;
  readonly lazy: boolean;
} {
  const [, symbol, low, comma, high, question] = match;
  const lazy = question === "?";
  const unbounded = Number.POSITIVE_INFINITY;
  if (symbol) return { least: symbol === "+" ? 1 : 0, most: symbol === "?" ? 1 : unbounded, lazy };
  const least = Number(low);
  if (high) return { least, most: Number(high), lazy };
  return { least, most: comma ? unbounded : least, lazy };
}

function shifted(
  instruction: Instruction,
  move: { readonly from: number; readonly by: number },
): Instruction {
  const target = (place: number) => (place >= move.from ? place + move.by : place);
  if (instruction.kind === "jump") return { kind: "jump", to: target(instruction.to) };
  if (instruction.kind !== "split") return instruction;
  return { kind: "split", first: target(instruction.first), second: target(instruction.second) };
}

/** One atom is left to JavaScript's engine, a character at a time; ASCII is looked up. */
function fitsSource(input: { readonly source: string; readonly flags: string }): Fits {
  const expression = new RegExp(`^(?:${input.source})$`, input.flags);
  const ascii = Uint8Array.from({ length: 128 }, (_, code) =>
    expression.test(String.fromCodePoint(code)) ? 1 : 0,
  );
  return (code) => (code < 128 ? ascii[code] === 1 : expression.test(String.fromCodePoint(code)));
}
