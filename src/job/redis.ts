/** BullMQ on Redis or Valkey: the only file that loads them. */
import type * as BullMQ from "bullmq";
import type * as IORedis from "ioredis";
import { optionalPackage } from "../optional/optional-package.ts";
import { InputError } from "../record/index.ts";

/** Where the queue is. The password is not part of any message. */
export interface QueueAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls: boolean;
}

/**
 * The address in `redis://[user:password@]host[:port][/database]` or `rediss://…`; `password` is used where the URL has
 * none, such as from the environment. Throws InputError, which does not repeat what was given.
 *
 * @example
 * queueAddress("redis://cache.example:6380/2").database; // 2
 */
export function queueAddress(text: string, password?: string): QueueAddress {
  const wrong = "--queue: give redis://host:port or rediss://host:port, with /number for a database";
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new InputError(wrong);
  }
  const database = url.pathname === "" || url.pathname === "/" ? 0 : Number(url.pathname.slice(1));
  const isScheme = url.protocol === "redis:" || url.protocol === "rediss:";
  if (!isScheme || url.hostname === "" || !Number.isSafeInteger(database) || database < 0) {
    throw new InputError(wrong);
  }
  const secret = url.password === "" ? password : decodeURIComponent(url.password);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 6379 : Number(url.port),
    database,
    ...(url.username !== "" && { username: decodeURIComponent(url.username) }),
    ...(secret !== undefined && secret !== "" && { password: secret }),
    tls: url.protocol === "rediss:",
  };
}

/** Where the queue is, for people. */
export const queuePlace = ({ host, port, database }: QueueAddress): string =>
  `redis://${host}:${port}${database === 0 ? "" : `/${database}`}`;

/** A job of the queue: its id is the unit's key, its data the task. */
export interface QueuedTask {
  readonly key: string;
  readonly task: unknown;
}

export interface TaskQueue {
  readonly name: string;
  /** Adds tasks; one that waits or is being worked on already is not added again. */
  add(tasks: readonly QueuedTask[]): Promise<void>;
  /** Tasks that wait, and that workers hold. */
  counts(): Promise<{ waiting: number; active: number }>;
  close(): Promise<void>;
}

export interface TaskWorker {
  /** Takes no more tasks; resolves once those at hand were dealt with. */
  close(): Promise<void>;
}

/** What becomes of a task that a worker took. */
export type TaskEnd = "finished" | "given back";

const prefix = "lmcov";
const purpose = { purpose: "a queue of units (--queue)" };

async function connect(address: QueueAddress) {
  const bullmq = await optionalPackage<typeof BullMQ>("bullmq", { ...purpose, version: "6.7.0" });
  const { Redis } = await optionalPackage<typeof IORedis>("ioredis", { ...purpose, version: "6.0.0" });
  const client = new Redis({
    host: address.host,
    port: address.port,
    db: address.database,
    ...(address.username !== undefined && { username: address.username }),
    ...(address.password !== undefined && { password: address.password }),
    ...(address.tls && { tls: {} }),
    // Commands wait while the server is away, however long that is.
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => Math.min(2000, 100 * times),
    lazyConnect: true,
  });
  // A server that comes back is no error; one that never came is found by the first command.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    client.disconnect();
    throw new InputError(`${queuePlace(address)}: ${reasonOf(error)}`);
  }
  return { bullmq, client };
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (/NOAUTH|WRONGPASS|AUTH/.test(message)) {
    return "asks for a password or refuses the one that was given; set LMCOV_REDIS_PASSWORD";
  }
  return code ?? "cannot be reached";
}

/** Opens the queue of this name for adding. Throws InputError where the server cannot be reached. */
export async function openQueue(address: QueueAddress, name: string): Promise<TaskQueue> {
  const { bullmq, client } = await connect(address);
  const queue = new bullmq.Queue(name, { connection: client, prefix });
  queue.on("error", () => undefined);
  return {
    name,
    async add(tasks) {
      await queue.addBulk(
        tasks.map(({ key, task }) => ({
          name: "unit",
          data: task,
          // BullMQ takes no id that is all digits.
          opts: { jobId: `unit-${key}`, removeOnComplete: true, removeOnFail: true },
        })),
      );
    },
    async counts() {
      const counts = await queue.getJobCounts("waiting", "active", "delayed", "prioritized");
      const { waiting = 0, active = 0, delayed = 0, prioritized = 0 } = counts;
      return { waiting: waiting + delayed + prioritized, active };
    },
    async close() {
      await queue.close();
      client.disconnect();
    },
  };
}

export interface TaskWorkerOptions {
  /** Tasks at once, at most. */
  readonly concurrency: number;
  /** Milliseconds after which the tasks of a worker that is gone go to another; 30 s. */
  readonly takeover?: number;
  take(task: QueuedTask): Promise<TaskEnd>;
}

/** Works on the queue of this name. */
export async function openWorker(
  address: QueueAddress,
  name: string,
  options: TaskWorkerOptions,
): Promise<TaskWorker> {
  const { bullmq, client } = await connect(address);
  const takeover = options.takeover ?? 30_000;
  const worker = new bullmq.Worker(
    name,
    async (job, token) => {
      const end = await options.take({ key: (job.id ?? "").replace("unit-", ""), task: job.data });
      if (end === "finished") return;
      await job.moveToWait(token);
      throw new bullmq.WaitingError();
    },
    {
      connection: client,
      prefix,
      concurrency: options.concurrency,
      lockDuration: takeover,
      stalledInterval: takeover,
      // A lost worker is no fault of its tasks.
      maxStalledCount: 1000,
      runRetryDelay: 1000,
      drainDelay: 1,
    },
  );
  worker.on("error", () => undefined);
  return {
    async close() {
      await worker.close();
      client.disconnect();
    },
  };
}
