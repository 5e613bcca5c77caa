/** An ONNX model that others made, as onnxruntime runs it: inputs by name, float outputs by name. */
import { loadOnnxruntime } from "./onnxruntime-package.ts";
import { shapeSize } from "./tensor.ts";

/** An input as the file declares it; a dimension that is free has a name instead of a number. */
export interface OnnxFileInput {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** A value for one input of an ONNX model, row-major. */
export interface OnnxInputValue {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** An open ONNX model, made by `onnxFile`. */
export interface OnnxFile {
  readonly software: string;
  readonly inputs: readonly OnnxFileInput[];
  readonly outputs: readonly string[];
  /** Runs the model for these outputs. Throws Error in onnxruntime's words where it cannot. */
  run(
    inputs: Readonly<Record<string, OnnxInputValue>>,
    outputs: readonly string[],
  ): Promise<Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>>;
  close(): Promise<void>;
}

/**
 * Opens the file on the CPU. Throws an error of name InputError if onnxruntime-node is not installed, RangeError if the
 * file is no model that it reads.
 */
export async function onnxFile(path: string, options: { readonly threads?: number } = {}): Promise<OnnxFile> {
  const onnxruntime = await loadOnnxruntime("running an ONNX model in this process");
  const session = await onnxruntime.InferenceSession.create(path, {
    executionProviders: ["cpu"],
    intraOpNumThreads: options.threads ?? 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  }).catch((error: unknown) => {
    throw new RangeError(`${path} is no model for onnxruntime: ${String(error).slice(0, 300)}`);
  });
  const inputs = session.inputMetadata.map((input): OnnxFileInput => {
    if (!input.isTensor) return { name: input.name, type: "other", shape: [] };
    return { name: input.name, type: input.type, shape: input.shape };
  });
  return {
    software: `onnxruntime ${onnxruntime.env.versions.node}`,
    inputs,
    outputs: session.outputNames,
    async run(given, outputs) {
      const feeds = Object.fromEntries(
        Object.entries(given).map(([name, { shape, values }]) => {
          const declared = inputs.find((input) => input.name === name);
          if (declared === undefined) throw new RangeError(`input is ${name}: the model has no such input`);
          const size = shapeSize(shape);
          if (values.length !== size) {
            throw new RangeError(`number of values of ${name} is ${values.length}: must be ${size}`);
          }
          const [type, data] = typedValues(declared, values);
          return [name, new onnxruntime.Tensor(type as "int64", data as BigInt64Array, [...shape])];
        }),
      );
      const results = await session.run(feeds, [...outputs]);
      return Object.fromEntries(
        outputs.map((name) => {
          const result = results[name];
          if (result === undefined || !(result.data instanceof Float32Array)) {
            throw new RangeError(`type of output ${name} is ${result?.type}: must be float32`);
          }
          return [name, { shape: result.dims, data: result.data }];
        }),
      );
    },
    close: () => session.release(),
  };
}

type Typed =
  | ["int64", BigInt64Array]
  | ["int32", Int32Array]
  | ["float32", Float32Array]
  | ["float16", Uint16Array]
  | ["bool", Uint8Array];

function typedValues(input: OnnxFileInput, values: readonly number[]): Typed {
  if (input.type === "int64") return ["int64", BigInt64Array.from(values, BigInt)];
  if (input.type === "int32") return ["int32", Int32Array.from(values)];
  if (input.type === "float32") return ["float32", Float32Array.from(values)];
  if (input.type === "bool") return ["bool", Uint8Array.from(values)];
  if (input.type === "float16" && values.length === 0) return ["float16", new Uint16Array(0)];
  throw new RangeError(`type of input ${input.name} is ${input.type}: cannot be fed`);
}
