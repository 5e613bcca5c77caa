/** Progress on standard error, for work that takes over two seconds, and only where a person watches. */
const quietMilliseconds = 2000;
const redrawMilliseconds = 200;

export interface Progress {
  /** Units done so far; call as often as convenient. */
  update(done: number, detail?: string): void;
  finish(): void;
}

export interface ProgressOptions {
  readonly title: string;
  readonly total?: number;
  /** Units that were done before, by another process: they are in the share and not in the rate. */
  readonly before?: number;
  /** How to write an amount, such as bytes as megabytes. */
  readonly format?: (amount: number) => string;
}

/** The one clock of the command line: it feeds progress and when to save, and never a result. */
// biome-ignore lint/plugin: progress needs the time
export const millisecondsNow = (): number => performance.now();

export function progressLine(options: ProgressOptions): Progress {
  const started = millisecondsNow();
  const format = options.format ?? ((amount: number) => String(amount));
  const visible = process.stderr.isTTY === true;
  let lastDraw = 0;
  let drawn = false;
  const draw = (done: number, detail: string) => {
    const seconds = (millisecondsNow() - started) / 1000;
    const rate = (done - (options.before ?? 0)) / seconds;
    const share = options.total
      ? ` of ${format(options.total)} (${Math.floor((100 * done) / options.total)}%)`
      : "";
    const left = options.total && rate > 0 ? `, ${Math.ceil((options.total - done) / rate)} s left` : "";
    process.stderr.write(
      `\r\u001b[K${options.title}: ${format(done)}${share}, ${format(rate < 10 ? Number(rate.toPrecision(2)) : Math.round(rate))}/s${left}${detail}`,
    );
    drawn = true;
  };
  return {
    update(done, detail = "") {
      const now = millisecondsNow();
      if (!visible || now - started < quietMilliseconds || now - lastDraw < redrawMilliseconds) return;
      lastDraw = now;
      draw(done, detail);
    },
    finish() {
      if (drawn) process.stderr.write("\r\u001b[K");
    },
  };
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
