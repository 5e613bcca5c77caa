/** A worker process of the fleet's test: FOLDER PORT NAME. */
import { setTimeout as sleep } from "node:timers/promises";
import { queueAddress, runWorker, systemClock } from "../../src/job/index.ts";
import { type Draw, rowsOf } from "./work.ts";

const [folder = "", port = "", name = ""] = process.argv.slice(2);
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());

const result = await runWorker({
  address: queueAddress(`redis://127.0.0.1:${port}`, process.env.TEST_REDIS_PASSWORD),
  folder,
  name,
  description: { software: {}, command: ["test"] },
  concurrency: 16,
  takeover: 1500,
  clock: systemClock(() => performance.now()),
  signal: stop.signal,
  async run({ task }) {
    await sleep(15);
    return rowsOf(task as Draw);
  },
});
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
