/** Asking again while a server is being opened: one that is just starting answers 503, one that restarts refuses. */
import { setTimeout as sleep } from "node:timers/promises";
import { EndpointError } from "./endpoint-error.ts";

/** How long to go on asking a server that is not up yet. */
export interface Patience {
  /** Milliseconds before each further attempt; a server that accepts no connection gets the first three. */
  readonly waits: readonly number[];
  /** Told before the first wait. */
  readonly onWait?: (error: EndpointError) => void;
}

/** Half a minute in all, as a server needs that reads its model; some seconds where nobody listens. */
export const openingWaits: readonly number[] = [500, 1000, 2000, 4000, 8000, 15_000];
const connectionWaits = 3;

/** Repeats work that fails by an error of the server's state; throws the last error. */
export async function patiently<Value>(
  work: () => Promise<Value>,
  { waits, onWait }: Patience,
  signal: AbortSignal,
): Promise<Value> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof EndpointError) || !passing(error)) throw error;
      const wait = error.fault === "connection" && attempt >= connectionWaits ? undefined : waits[attempt];
      if (wait === undefined) throw error;
      if (attempt === 0) onWait?.(error);
      const asked = 1000 * (error.retryAfter ?? 0);
      await sleep(Math.max(wait, Math.min(asked, longestAsked)), undefined, { signal });
    }
  }
}

const longestAsked = 30_000;

/** A malformed answer or a time-out would come again, and tells what the server is. */
function passing({ fault }: EndpointError): boolean {
  return (
    fault === "rate limit" || fault === "server error" || fault === "connection" || fault === "truncated"
  );
}
