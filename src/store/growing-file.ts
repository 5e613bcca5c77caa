/** A file of lines that another process appends to, read on from where the last look ended. */
import { open } from "node:fs/promises";

const blockBytes = 1 << 20;
const lineFeed = 0x0a;

/** What a look at a growing file found. */
export interface AddedLines {
  /** The file was cut or replaced: what was read before does not count, and these lines are from its start. */
  readonly restarted: boolean;
  /** Whole lines without their line feeds. */
  readonly lines: readonly Buffer[];
}

/** Reads a file of lines that another process appends to, from where the last look ended. */
export class GrowingFile {
  readonly path: string;
  #position = 0;
  /** The last line that was read, with its line feed: if it stands there no more, the file is another. */
  #last: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.path = path;
  }

  /** Lines that were added; undefined where there is no such file. */
  async read(): Promise<AddedLines | undefined> {
    const handle = await open(this.path, "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
      throw error;
    });
    if (handle === undefined) {
      this.#position = 0;
      this.#last = Buffer.alloc(0);
      return undefined;
    }
    try {
      const known = this.#last;
      const found = Buffer.alloc(known.length);
      await handle.read(found, 0, known.length, this.#position - known.length);
      const restarted = this.#position > 0 && !found.equals(known);
      if (restarted) {
        this.#position = 0;
        this.#last = Buffer.alloc(0);
      }
      const lines: Buffer[] = [];
      let rest = Buffer.alloc(0);
      let position = this.#position;
      for (;;) {
        const block = Buffer.allocUnsafe(blockBytes);
        const { bytesRead } = await handle.read(block, 0, blockBytes, position);
        if (bytesRead === 0) break;
        position += bytesRead;
        const bytes = Buffer.concat([rest, block.subarray(0, bytesRead)]);
        let start = 0;
        for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
          lines.push(bytes.subarray(start, end));
          this.#last = bytes.subarray(start, end + 1);
          start = end + 1;
        }
        rest = bytes.subarray(start);
        this.#position = position - rest.length;
      }
      this.#last = Buffer.from(this.#last);
      return { restarted, lines };
    } finally {
      await handle.close();
    }
  }
}
