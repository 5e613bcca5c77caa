/** What `--model` says: names and addresses, with ranges of checkpoints. */
import { InputError } from "../record/index.ts";

/** One model as `--model` names it, made by `modelSpecs`. */
export interface ModelSpec {
  /** Name in the results. */
  readonly name: string;
  /** Address of a server, or a path of a file or folder. */
  readonly place: string;
  /** The model's name at the server, where given after `#`. */
  readonly remoteModel?: string;
  /** Training step, where the name tells it: `step-1000`. */
  readonly step?: number;
}

const mostModels = 10_000;

/**
 * The models that words of the command line name: `URL`, `NAME=URL`, `NAME=URL#MODEL`. `{a..b}` and `{a..b..s}` stand
 * for the integers from a to b in steps of s (1 where absent), with leading zeros where a has them; ranges on both sides
 * of `=` go along with each other.
 * Throws InputError where a word names no place or two names are equal.
 *
 * @example
 * modelSpecs(["step-{1000..3000..1000}=http://127.0.0.1:8000#step-{1000..3000..1000}"]).map(({ step }) => step); // [1000, 2000, 3000]
 */
export function modelSpecs(words: readonly string[]): ModelSpec[] {
  const specs = words.flatMap(specsOf);
  const seen = new Set<string>();
  for (const { name } of specs) {
    if (seen.has(name)) throw new InputError(`--model: two models are called ${JSON.stringify(name)}`);
    seen.add(name);
  }
  return specs;
}

function specsOf(word: string): ModelSpec[] {
  const equals = /^[^=/]*=/.exec(word)?.[0].length ?? 0;
  const written = equals === 0 ? undefined : word.slice(0, equals - 1);
  const places = expanded(word.slice(equals));
  const names = written === undefined ? undefined : expanded(written);
  if (places.some((place) => place === "") || written === "") {
    throw new InputError(`--model ${word}: give URL, NAME=URL or NAME=URL#MODEL`);
  }
  const count = Math.max(places.length, names?.length ?? 1);
  if (names !== undefined && names.length !== count) {
    throw new InputError(`--model ${word}: ${names.length} names for ${places.length} places`);
  }
  if (places.length !== count && places.length !== 1) {
    throw new InputError(`--model ${word}: ${names?.length} names for ${places.length} places`);
  }
  return Array.from({ length: count }, (_, index) => {
    const [place = "", remoteModel] = splitOnce(places[index] ?? (places[0] as string));
    const name = names?.[index] ?? remoteModel ?? place;
    const step = stepIn(name);
    return {
      name,
      place,
      ...(remoteModel !== undefined && { remoteModel }),
      ...(step !== undefined && { step }),
    };
  });
}

function splitOnce(place: string): [string, string?] {
  const at = place.indexOf("#");
  return at < 0 ? [place] : [place.slice(0, at), place.slice(at + 1)];
}

/** All values of a text with ranges; several ranges of one text go along with each other. */
function expanded(text: string): string[] {
  const pattern = /\{(\d+)\.\.(\d+)(?:\.\.(\d+))?\}/g;
  const ranges = [...text.matchAll(pattern)].map((match) => integersOf(match, text));
  const [first] = ranges;
  if (first === undefined) return [text];
  if (ranges.some((range) => range.length !== first.length)) {
    throw new InputError(`--model ${text}: its ranges have different lengths`);
  }
  return first.map((_, index) => {
    let place = -1;
    return text.replace(pattern, () => {
      place += 1;
      return ranges[place]?.[index] ?? "";
    });
  });
}

function integersOf(match: RegExpMatchArray, text: string): string[] {
  const [from, to, by] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 1)];
  if (by < 1 || to < from) throw new InputError(`--model ${text}: ${match[0]} is an empty range`);
  const count = Math.floor((to - from) / by) + 1;
  if (count > mostModels) {
    throw new InputError(`--model ${text}: ${match[0]} is ${count} models; give the step, as {a..b..step}`);
  }
  const [, first = ""] = match;
  const width = first.startsWith("0") ? first.length : 0;
  return Array.from({ length: count }, (_, index) => String(from + index * by).padStart(width, "0"));
}

/** The training step in a name such as `step-1000`, `pythia/step1000` or `checkpoint_1000`. */
function stepIn(name: string): number | undefined {
  const match = /(?:^|[^a-z])(?:step|checkpoint|ckpt|iter)[-_=]?(\d+)(?!\d)/i.exec(name);
  return match === null ? undefined : Number(match[1]);
}
