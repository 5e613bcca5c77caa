/** The units of a job on models: one lane a model, the shard's share, in rounds where the budget may end them. */
import { type DrawSeries, isInShard, type Lane, type Shard, type Unit, unitsInShard } from "../job/index.ts";
import type { OpenModel } from "./model-options.ts";

export interface LaneRequest<Work extends Unit> {
  readonly models: readonly OpenModel[];
  /** The units of one model; or, with `draws`, its series of draws. */
  readonly units?: (model: OpenModel) => AsyncIterable<Work>;
  readonly series?: (model: OpenModel) => readonly DrawSeries<Work>[];
  /** Draws of each series. */
  readonly draws?: number;
  /** The job itself decides which draw of a series is next. */
  readonly decides: boolean;
  /** One draw of every problem after another: where the job ends early, no problem is ahead. */
  readonly inRounds: boolean;
  readonly shard: Shard | undefined;
}

export function modelLanes<Work extends Unit>(request: LaneRequest<Work>): Lane<Work>[] {
  return request.models.map((model) => laneOf(request, model));
}

function laneOf<Work extends Unit>(request: LaneRequest<Work>, model: OpenModel): Lane<Work> {
  const { name } = model.spec;
  const { shard, draws = 0 } = request;
  const series = request.series?.(model);
  if (series !== undefined && request.decides) {
    // A stopping rule is about all draws of a problem: they stay together.
    const own = shard === undefined ? series : series.filter((one) => isInShard(one.unit(0).key, shard));
    return { name, series: own };
  }
  const units = series === undefined ? (request.units?.(model) ?? []) : unitsOf(series, { draws, request });
  return { name, units: shard === undefined ? units : unitsInShard(units, shard) };
}

function* unitsOf<Work extends Unit>(
  series: readonly DrawSeries<Work>[],
  { draws, request }: { draws: number; request: LaneRequest<Work> },
): Generator<Work> {
  if (request.inRounds) {
    for (let draw = 0; draw < draws; draw += 1) for (const one of series) yield one.unit(draw);
    return;
  }
  for (const one of series) for (let draw = 0; draw < draws; draw += 1) yield one.unit(draw);
}

/** The units of all lanes in turns, so that no model's wait for another's. */
export async function* unitsInTurns<Work extends Unit>(lanes: readonly Lane<Work>[]): AsyncGenerator<Work> {
  let iterators = lanes.map(({ units = [] }) =>
    Symbol.asyncIterator in units ? units[Symbol.asyncIterator]() : units[Symbol.iterator](),
  );
  while (iterators.length > 0) {
    const left: typeof iterators = [];
    for (const iterator of iterators) {
      const step = await iterator.next();
      if (step.done === true) continue;
      left.push(iterator);
      yield step.value;
    }
    iterators = left;
  }
}
