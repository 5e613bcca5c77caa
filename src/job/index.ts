/** Units of work that are done once each, whatever fails on the way: retries, budgets, shards, a queue. */
export { type Budget, costOf, type Prices } from "./budget.ts";
export { type Clock, systemClock } from "./clock.ts";
export type { ConcurrencyBounds } from "./concurrency-limit.ts";
export type { DrawOrder, DrawSeries, StopAt } from "./draw-order.ts";
export { type BackOff, type FailureClass, failureClass } from "./failure.ts";
export {
  type CoordinatorOptions,
  coordinateJob,
  type FleetProgress,
  type FleetResult,
  runWorker,
  type TakenUnit,
  type WorkerOptions,
} from "./fleet.ts";
export type { JobProgress, JobResult, JobStop } from "./job-progress.ts";
export type { BreakerOptions } from "./lane-health.ts";
export type { RetryOptions } from "./lane-runner.ts";
export { type QueueAddress, queueAddress, queuePlace } from "./redis.ts";
export { type JobOptions, type Lane, runJob } from "./run-job.ts";
export { seriesName } from "./series-name.ts";
export { isInShard, type Shard, shardOf, unitsInShard } from "./shard.ts";
export { type Unit, type UnitIdentity, type UnitResult, unitKey } from "./unit.ts";
