/** What was asked of a server lately, so that a prompt with many responses is tokenised once. */
const keptEntries = 512;
const keptLength = 8 << 20;

export class Recent<Value> {
  readonly #entries = new Map<string, Promise<Value>>();
  #length = 0;

  /** The value for the key, computed if it is not at hand; a failure is not kept. */
  get(key: string, compute: () => Promise<Value>): Promise<Value> {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const value = compute();
    this.#entries.set(key, value);
    this.#length += key.length;
    value.catch(() => this.forget(key));
    while (this.#entries.size > keptEntries || this.#length > keptLength) {
      const oldest = this.#entries.keys().next().value;
      if (oldest === undefined || oldest === key) break;
      this.forget(oldest);
    }
    return value;
  }

  /** What turned out to be no answer is not given again. */
  forget(key: string): void {
    if (this.#entries.delete(key)) this.#length -= key.length;
  }
}
