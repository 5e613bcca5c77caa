/** Units as tasks of a queue, and tasks as a worker does them. A task holds no secret: keys are each worker's own. */
import type { DrawSettings, ModelSpec } from "../endpoint/index.ts";
import type { UnitResult } from "../job/index.ts";
import { InputError, type Row, type RowBase } from "../record/index.ts";
import { asyncVerifierByName } from "../verifier/index.ts";
import { taskSchema } from "./fleet-task-schema.ts";
import type { PromptRecord, ResponseRecord } from "./model-input.ts";
import { type ModelOptions, type OpenModel, openModel } from "./model-options.ts";
import { modelsWithOwnScores } from "./own-scores.ts";
import { drawing, type SampleUnit, unscoredOutcome } from "./sample-units.ts";
import { type ScoreUnit, scoredRow } from "./score-unit.ts";

/** How a task's server is to be asked. */
type Asking = Pick<ModelOptions, "kind" | "route" | "timeout">;

export interface SampleTask {
  readonly kind: "sample";
  readonly spec: ModelSpec;
  readonly asking: Asking;
  readonly settings: DrawSettings;
  readonly verify?: string;
  readonly record: PromptRecord;
  readonly base: RowBase;
  readonly drawSet: string;
  readonly draw: number;
  readonly seed: number;
}

export interface ScoreTask {
  readonly kind: "score";
  readonly spec: ModelSpec;
  readonly asking: Asking;
  readonly record: ResponseRecord;
}

const asking = ({ kind, route, timeout }: ModelOptions): Asking => ({
  ...(kind !== undefined && { kind }),
  ...(route !== undefined && { route }),
  timeout,
});

export function sampleTask(
  { model, record, base, drawSet, draw, seed }: SampleUnit,
  given: { options: ModelOptions & { readonly verify?: string }; settings: DrawSettings },
): SampleTask {
  const { options, settings } = given;
  return {
    kind: "sample",
    spec: model.spec,
    asking: asking(options),
    settings,
    ...(options.verify !== undefined && { verify: options.verify }),
    record,
    base,
    drawSet,
    draw,
    seed,
  };
}

export function scoreTask({ model, record }: ScoreUnit, options: ModelOptions): ScoreTask {
  return { kind: "score", spec: model.spec, asking: asking(options), record };
}

function taskOf(value: unknown): SampleTask | ScoreTask {
  const found = taskSchema.safeParse(value);
  if (found.success) return value as SampleTask | ScoreTask;
  const place = found.error.issues[0]?.path.join(".") ?? "";
  throw new InputError(`a task in the queue is not one of this version${place === "" ? "" : ` (${place})`}`);
}

export interface TaskOptions extends Pick<ModelOptions, "keyFile"> {
  readonly allowUnsandboxed: boolean;
}

/** Does tasks, with each model opened once. */
export class TaskRunner {
  readonly #options: TaskOptions;
  readonly #models = new Map<string, Promise<OpenModel>>();
  readonly #drawings = new Map<string, Promise<ReturnType<typeof drawing>>>();

  constructor(options: TaskOptions) {
    this.#options = options;
  }

  async run(value: unknown, signal: AbortSignal): Promise<UnitResult> {
    const task = taskOf(value);
    const model = await this.#model(task, signal);
    if (task.kind === "score")
      return { rows: [await scoredRow({ key: "", model, record: task.record }, signal)] };
    const draw = await this.#drawing(task, { model, signal });
    return draw(sampleUnit(task, model), signal);
  }

  /** Rows that say of a task that it failed for good. */
  async failedRows(value: unknown, reason: string): Promise<readonly Row[]> {
    const task = taskOf(value);
    if (task.kind === "score" || task.verify === undefined) return [];
    const verifier = await this.#verifier(task.verify);
    const model = { spec: task.spec } as OpenModel;
    return [unscoredOutcome(sampleUnit(task, model), verifier, reason)];
  }

  async close(): Promise<void> {
    for (const opening of this.#models.values()) {
      const model = await opening.catch(() => undefined);
      await model?.endpoint.close();
    }
  }

  #model(task: SampleTask | ScoreTask, signal: AbortSignal): Promise<OpenModel> {
    const scoring = task.kind === "score";
    const { keyFile } = this.#options;
    const options = { ...task.asking, ...(keyFile !== undefined && { keyFile }) };
    return once(this.#models, JSON.stringify([task.kind, task.spec, task.asking]), () =>
      openModel(task.spec, options, { scoring, signal }),
    );
  }

  #drawing(task: SampleTask, { model, signal }: { model: OpenModel; signal: AbortSignal }) {
    const { settings, verify, spec } = task;
    return once(this.#drawings, JSON.stringify([settings, verify, spec]), async () => {
      const verifier = verify === undefined ? undefined : await this.#verifier(verify);
      const ownScores = await modelsWithOwnScores([model], settings, signal);
      return drawing({ settings, verifier, ownScores, run: "" });
    });
  }

  #verifier(name: string) {
    return asyncVerifierByName(name, { allowUnsandboxed: this.#options.allowUnsandboxed });
  }
}

/** What failed is tried again, not remembered. */
function once<Value>(
  known: Map<string, Promise<Value>>,
  key: string,
  make: () => Promise<Value>,
): Promise<Value> {
  const present = known.get(key);
  if (present !== undefined) return present;
  const made = make();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}

function sampleUnit(task: SampleTask, model: OpenModel): SampleUnit {
  const { record, base, drawSet, draw, seed } = task;
  return { key: "", model, record, base, drawSet, draw, seed };
}
