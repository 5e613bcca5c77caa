/** Reading a server's answer, which is not trusted: every field is checked where it is taken. */
import { EndpointError } from "./endpoint-error.ts";

/** A parsed JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A log-probability below this is a placeholder of the server for one that it does not tell. */
const placeholders = [-9999, -99999];
/** Far below what logits of any precision make; a server's masks and its least numbers lie lower. */
const lowest = -1e6;
/** Float noise above zero that a log-softmax may have. */
const noise = 1e-3;

/** An object or array of an answer, with the place it stands at for messages. */
export class Answer {
  readonly #value: unknown;
  readonly #place: string;

  constructor(value: unknown, place: string) {
    this.#value = value;
    this.#place = place;
  }

  get raw(): unknown {
    return this.#value;
  }

  /** True where this is an object with the field, and the field is not null. */
  has(name: string): boolean {
    const { raw } = this.at(name);
    return raw !== undefined && raw !== null;
  }

  at(name: string | number): Answer {
    const holder = this.#value as Record<string | number, unknown> | null | undefined;
    const known = holder !== null && typeof holder === "object" && Object.hasOwn(holder, name);
    const place = typeof name === "number" ? `${this.#place}[${name}]` : `${this.#place}.${name}`;
    return new Answer(known ? holder[name] : undefined, place);
  }

  text(): string {
    if (typeof this.#value === "string") return this.#value;
    throw this.wrong("is not a text");
  }

  textOr(other: string): string {
    return typeof this.#value === "string" ? this.#value : other;
  }

  count(): number {
    if (Number.isSafeInteger(this.#value) && (this.#value as number) >= 0) return this.#value as number;
    throw this.wrong("is not a whole number of at least 0");
  }

  /** A whole number of at least 0, or `other`: a count that only informs, where a server may tell none. */
  countOr(other: number | undefined): number | undefined {
    return Number.isSafeInteger(this.#value) && (this.#value as number) >= 0
      ? (this.#value as number)
      : other;
  }

  /** A log-probability in nats: a number of at most 0 up to noise of single precision; never NaN or a placeholder. */
  logProbability(): number {
    const value = this.#value;
    if (typeof value !== "number" || Number.isNaN(value)) throw this.wrong("is not a log-probability");
    if (value > noise) throw this.wrong(`is ${value}: a log-probability is at most 0`);
    if (placeholders.includes(value) || value < lowest) {
      throw new EndpointError(
        "refused",
        `${this.#place}: is ${value}, which stands for a log-probability that the server does not tell`,
      );
    }
    return Math.min(value, 0);
  }

  items(): readonly Answer[] {
    if (!Array.isArray(this.#value)) throw this.wrong("is not a list");
    return this.#value.map((item: unknown, index) => new Answer(item, `${this.#place}[${index}]`));
  }

  /** A list of token ids. */
  tokens(): number[] {
    if (!Array.isArray(this.#value)) throw this.wrong("is not a list of token ids");
    for (const item of this.#value as unknown[]) {
      if (!Number.isSafeInteger(item) || (item as number) < 0) throw this.wrong("is not a list of token ids");
    }
    return this.#value as number[];
  }

  wrong(reason: string): EndpointError {
    return new EndpointError("answer", `${this.#place}: ${reason}`);
  }
}

/** The one choice of an answer to a request for one; throws where it is missing or there are more. */
export function onlyChoice(answer: Answer): Answer {
  const choices = answer.at("choices").items();
  if (choices.length !== 1) {
    throw answer.wrong(`holds ${choices.length} choices where one was asked for`);
  }
  return choices[0] as Answer;
}
