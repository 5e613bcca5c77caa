/** The two ways to run a graph have one face: onnxruntime for speed, a float64 interpreter as the oracle. */
import type { Graph } from "./graph.ts";
import type { ElementType, NamedValues, Shape, TensorValue } from "./tensor.ts";

/** Compiles and runs graphs: onnxruntime, or the float64 interpreter. */
export interface Executor {
  /** Such as `onnxruntime 1.30.0 cpu, 2 threads` or `float64 interpreter`; goes into a run's record. */
  readonly name: string;
  /** Zeros of the type in which this executor computes. */
  allocate(shape: Shape, type?: ElementType): TensorValue;
  /** Programs of equal graphs are shared; throws Error naming the node that the backend refuses. */
  compile(graph: Graph): Promise<Program>;
  release(): Promise<void>;
}

/** A graph ready to run, as often as wanted. */
export interface Program {
  /**
   * Runs the graph. `outputs` are written in place where given (state that ping-pongs between two buffers);
   * they share no memory with an input, or with one that the graph reads only in the addition that makes the output.
   * Throws Error naming an input that is missing or of another shape.
   */
  run(inputs: NamedValues, outputs?: NamedValues): Promise<NamedValues>;
  release(): Promise<void>;
}
