/** Runs the program of a pattern over a text: all threads at once, so that the time is linear in the text (Pike's VM). */
import type { Instruction, PatternProgram } from "./pattern-program.ts";

/** Where a match and its groups lie, in code points; slots as in the program, undefined for a group without a match. */
export type PatternMatch = readonly (number | undefined)[];

export type SearchResult =
  | { readonly last: PatternMatch | undefined; readonly exhausted: false }
  /** The work exceeded the limit before the text's end. */
  | { readonly exhausted: true };

interface Thread {
  readonly place: number;
  readonly slots: PatternMatch;
}

/**
 * The last of a text's matches, found from left to right without overlap as JavaScript's `matchAll` does.
 *
 * One match takes time proportional to text times program. Many matches can each look ahead far in vain (`a.*b|a`), so
 * the steps of all of them together are limited; beyond, the search gives up.
 */
export function lastMatch(input: {
  readonly program: PatternProgram;
  readonly codePoints: ArrayLike<number>;
  readonly mostSteps: number;
}): SearchResult {
  const { program, codePoints, mostSteps } = input;
  const search = searcher({ program, codePoints, mostSteps });
  let last: PatternMatch | undefined;
  for (let start = 0; start <= codePoints.length; ) {
    const match = search(start);
    if (match === "exhausted") return { exhausted: true };
    if (match === undefined) break;
    last = match;
    const end = match[1]!;
    start = end === match[0] ? end + 1 : end;
  }
  return { last, exhausted: false };
}

function searcher(input: {
  readonly program: PatternProgram;
  readonly codePoints: ArrayLike<number>;
  readonly mostSteps: number;
}): (start: number) => PatternMatch | undefined | "exhausted" {
  const { codePoints, mostSteps } = input;
  const { instructions, groups, marks } = input.program;
  const firstMark = 2 * groups + 2;
  const empty: PatternMatch = new Array<number | undefined>(firstMark + marks).fill(undefined);
  const visited = new Float64Array(instructions.length).fill(-1);
  let generation = 0;
  let steps = 0;

  /** Follows everything that consumes no character, in order of preference. */
  const follow = (threads: Thread[], from: Thread, position: number): void => {
    const waiting: Thread[] = [from];
    for (let thread = waiting.pop(); thread; thread = waiting.pop()) {
      const { place, slots } = thread;
      if (visited[place] === generation) continue;
      visited[place] = generation;
      steps++;
      const instruction = instructions[place]!;
      switch (instruction.kind) {
        case "jump":
          waiting.push({ place: instruction.to, slots });
          break;
        case "split":
          waiting.push({ place: instruction.second, slots }, { place: instruction.first, slots });
          break;
        case "save":
          waiting.push({ place: place + 1, slots: slots.with(instruction.slot, position) });
          break;
        case "clear":
          waiting.push({
            place: place + 1,
            slots: [...slots].fill(undefined, instruction.from, instruction.to + 1),
          });
          break;
        case "mark":
          waiting.push({ place: place + 1, slots: slots.with(firstMark + instruction.mark, position) });
          break;
        case "progress":
          if (slots[firstMark + instruction.mark] !== position) waiting.push({ place: place + 1, slots });
          break;
        case "assert":
          if (holds(instruction, codePoints, position)) waiting.push({ place: place + 1, slots });
          break;
        default:
          threads.push(thread);
      }
    }
  };

  return (start) => {
    let current: Thread[] = [];
    let found: PatternMatch | undefined;
    generation++;
    for (let position = start; position <= codePoints.length; position++) {
      if (!found) follow(current, { place: 0, slots: empty }, position);
      if (current.length === 0 && found) return found;
      const next: Thread[] = [];
      generation++;
      const code = codePoints[position];
      for (const { place, slots } of current) {
        steps++;
        const instruction = instructions[place]!;
        if (instruction.kind === "match") {
          // Threads after this one are less preferred.
          found = slots.slice(0, firstMark);
          break;
        }
        if (code !== undefined && instruction.kind === "character" && instruction.fits(code)) {
          follow(next, { place: place + 1, slots }, position + 1);
        }
      }
      if (steps > mostSteps) return "exhausted";
      current = next;
    }
    return found;
  };
}

function holds(
  instruction: Extract<Instruction, { kind: "assert" }>,
  codePoints: ArrayLike<number>,
  position: number,
): boolean {
  const before = codePoints[position - 1];
  const after = codePoints[position];
  switch (instruction.what) {
    case "line start":
      return before === undefined || isLineEnd(before);
    case "line end":
      return after === undefined || isLineEnd(after);
    case "boundary":
      return isWord(before) !== isWord(after);
    case "no boundary":
      return isWord(before) === isWord(after);
  }
}

function isLineEnd(code: number): boolean {
  return code === 10 || code === 13 || code === 0x2028 || code === 0x2029;
}

function isWord(code: number | undefined): boolean {
  if (code === undefined) return false;
  return (
    (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122)
  );
}
