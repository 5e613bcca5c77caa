/** Runs graphs on onnxruntime-node, an optional package: in float32, on the CPU's threads or a GPU. */
import { createHash } from "node:crypto";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { Executor, Program } from "./executor.ts";
import { inputsOf, outputsOf } from "./executor-values.ts";
import { Graph } from "./graph.ts";
import { onnxModel, onnxOutputName } from "./lowering.ts";
import { loadOnnxruntime, type Onnxruntime } from "./onnxruntime-package.ts";
import type { Values } from "./operation.ts";
import { type NamedValues, type Shape, shapeSize, type TensorValue } from "./tensor.ts";

/** Where onnxruntime computes. */
export type Device = "cpu" | "webgpu" | "cuda";

/** Options of `onnxruntimeExecutor`. */
export interface OnnxruntimeOptions {
  /** Threads within one operation, 1 if not given: results depend on it in their last digits. */
  readonly threads?: number;
  /** `cuda` needs an onnxruntime of the user's own with CUDA. `cpu` if not given. */
  readonly device?: Device;
  /** Threads wait in a loop between operations: faster on an idle machine, slower on a busy one. Off if not given. */
  readonly spinning?: boolean;
  /** A file name's beginning: onnxruntime writes the time of each node there when a program is released. */
  readonly profile?: string;
}

/** More would take the machine's own limit of threads rather than any use of them. */
const mostThreads = 1024;

/**
 * An executor on onnxruntime. Programs of equal graphs share one session. A run blocks the event loop until it is done:
 * whoever answers requests meanwhile runs it in a worker. Throws an error of name InputError if onnxruntime-node is
 * not installed, RangeError if the device is not in it.
 */
export async function onnxruntimeExecutor(options: OnnxruntimeOptions = {}): Promise<Executor> {
  const { threads = 1, device = "cpu" } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads) {
    throw new RangeError(`threads is ${threads}: must be an integer from 1 to ${mostThreads}`);
  }
  const onnxruntime = await loadOnnxruntime("running graphs in float32");
  const offered = onnxruntime.listSupportedBackends().map((backend) => backend.name);
  if (!offered.includes(device)) {
    throw new RangeError(`device is ${device}: this onnxruntime offers ${offered.join(", ")}`);
  }
  if (device !== "cpu") await requireDevice(onnxruntime, options);
  const sessions = new Map<string, SharedSession>();
  const compile = async (graph: Graph): Promise<Program> => {
    const model = onnxModel(graph, device);
    const key = createHash("sha256").update(model).digest("hex");
    let shared = sessions.get(key);
    if (shared === undefined) {
      shared = { session: openSession(onnxruntime, model, options), programs: 0 };
      sessions.set(key, shared);
    }
    shared.programs++;
    try {
      return programOf(onnxruntime, graph, await shared.session, () => leave(sessions, key));
    } catch (error) {
      sessions.delete(key);
      throw error;
    }
  };
  return {
    name: `onnxruntime ${onnxruntime.env.versions.node} ${device}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    allocate: (shape, type = "float") => allocate(shape, type === "int"),
    compile,
    async release() {
      for (const { session } of sessions.values()) await (await session).release();
      sessions.clear();
    },
  };
}

/** An onnxruntime may offer a device that this machine lacks: it says so at the first session. */
async function requireDevice(onnxruntime: Onnxruntime, options: OnnxruntimeOptions): Promise<void> {
  const { device = "cpu" } = options;
  const graph = new Graph();
  graph.output("next", graph.add(graph.input("value", [1]), 1));
  try {
    const session = await openSession(onnxruntime, onnxModel(graph, device), options);
    await session.release();
  } catch (error) {
    const message = ((error as Error).cause as Error).message.split("\n")[0]!;
    const reason = message.split(/(?<=\.) /).at(-1);
    throw new RangeError(`device is ${device}: onnxruntime finds none that it can use here (${reason})`, {
      cause: error,
    });
  }
}

interface SharedSession {
  readonly session: Promise<InferenceSession>;
  programs: number;
}

const allocate = (shape: Shape, integers: boolean): TensorValue => ({
  shape,
  data: integers ? new Int32Array(shapeSize(shape)) : new Float32Array(shapeSize(shape)),
});

async function leave(sessions: Map<string, SharedSession>, key: string): Promise<void> {
  const shared = sessions.get(key);
  if (shared === undefined || --shared.programs > 0) return;
  sessions.delete(key);
  await (await shared.session).release();
}

async function openSession(
  onnxruntime: Onnxruntime,
  model: Uint8Array,
  options: OnnxruntimeOptions,
): Promise<InferenceSession> {
  const { threads = 1, device = "cpu", spinning = false, profile } = options;
  try {
    return await onnxruntime.InferenceSession.create(model, {
      executionProviders: [device],
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Errors are thrown, with the node's name; they need not be logged too.
      logSeverityLevel: 4,
      // A planned block for all intermediates would lie beside those of the unplanned first run: a third more memory.
      enableMemPattern: false,
      extra: {
        // The first's kernel takes several times as long as what it replaces; the second would put factors where
        // products of a single row lose their fast kernel.
        optimization: { disable_specified_optimizers: "SkipLayerNormFusion;MatMulScaleFusion" },
        session: { set_denormal_as_zero: "1", intra_op: { allow_spinning: spinning ? "1" : "0" } },
      },
      ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
    });
  } catch (error) {
    throw new Error(`onnxruntime on ${device} refuses the graph: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function programOf(
  onnxruntime: Onnxruntime,
  graph: Graph,
  session: InferenceSession,
  release: () => Promise<void>,
): Program {
  const outputs = [...graph.outputs].map(([name, { shape, type }]) => ({
    name,
    fetched: onnxOutputName(graph, name),
    shape,
    type,
  }));
  const wrap = (shape: Shape, data: Values): OrtTensor =>
    data instanceof Int32Array
      ? new onnxruntime.Tensor("int32", data, shape)
      : new onnxruntime.Tensor(
          "float32",
          data instanceof Float32Array ? data : Float32Array.from(data),
          shape,
        );
  let released = false;

  const run = async (given: NamedValues, written: NamedValues = {}): Promise<NamedValues> => {
    if (released) throw new Error("this program was released");
    const feeds: Record<string, OrtTensor> = {};
    for (const [{ name, shape }, data] of inputsOf(graph, given)) feeds[name] = wrap(shape, data);
    const targets = outputsOf(graph, written);
    const results: Record<string, TensorValue> = {};
    const fetches: Record<string, OrtTensor> = {};
    for (const { name, fetched, shape, type } of outputs) {
      const value = targets.get(name) ?? allocate(shape, type === "int");
      results[name] = value;
      fetches[fetched] = wrap(shape, value.data);
    }
    await session.run(feeds, fetches);
    for (const { name, fetched } of outputs) {
      const { data } = results[name]!;
      if (data instanceof Float64Array) data.set(fetches[fetched]!.data as Float32Array);
    }
    return results;
  };
  return {
    run,
    async release() {
      if (released) return;
      released = true;
      await release();
    },
  };
}
