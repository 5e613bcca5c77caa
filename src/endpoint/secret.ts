/** Keys of servers: from the environment or a file, never from a command line, and never shown. */
import { readFileSync } from "node:fs";
import { InputError } from "../record/index.ts";

/** A key that no message, log or JSON shows by accident: only the HTTP client asks for it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** The text with the key replaced, in case a server repeats it. */
  redact(text: string): string {
    return text.replaceAll(this.#value, "[key]");
  }

  toString(): string {
    return "[key]";
  }

  toJSON(): string {
    return "[key]";
  }
}

/**
 * The key for a server: the file named, else the environment variable LMCOV_API_KEY, else OPENAI_API_KEY and that
 * for OpenAI's own address only, so that no other server learns it. Throws InputError if the file holds no key.
 */
export function secretFor(
  address: URL,
  input: {
    readonly keyFile?: string | undefined;
    readonly environment: Readonly<Record<string, string | undefined>>;
  },
): Secret | undefined {
  const { keyFile, environment } = input;
  const text = keyFile === undefined ? undefined : keyFileText(keyFile);
  const host = address.hostname;
  const own = host === "api.openai.com" || host.endsWith(".openai.com");
  const value = (text ?? environment.LMCOV_API_KEY ?? (own ? environment.OPENAI_API_KEY : undefined))?.trim();
  if (keyFile !== undefined && !value) throw new InputError(`${keyFile}: holds no key`);
  if (!value) return undefined;
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new InputError(`${keyFile ?? "the key in the environment"}: a key is one word of ASCII characters`);
  }
  return new Secret(value);
}

function keyFileText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new InputError(`--key-file ${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
