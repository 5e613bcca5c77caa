/** A training step of one transformer block with an update like Adam's: most operations of a real one, tiny. */
import { Graph, type NamedValues, type Tensor } from "../../src/tensor/index.ts";
import { normal } from "./operation-cases.ts";

const [batch, length, width, vocabulary] = [2, 6, 8, 11] as const;

const shapes: Readonly<Record<string, readonly number[]>> = {
  embedding: [vocabulary, width],
  position: [length, width],
  gain: [width],
  bias: [width],
  attention: [width, 3 * width],
  attentionBias: [3 * width],
  wide: [width, 4 * width],
  wideBias: [4 * width],
  narrow: [4 * width, width],
  narrowBias: [width],
};

export function smallStep(): { graph: Graph; values: NamedValues } {
  const graph = new Graph();
  const tokens = graph.input("tokens", [batch, length], "int");
  const targets = graph.input("targets", [batch, length], "int");
  const rate = graph.input("rate", []);
  const given = Object.entries(shapes).map(([name, shape]) => [name, graph.input(name, shape)] as const);
  const parameters: Readonly<Record<string, Tensor>> = Object.fromEntries(given);
  const parameter = (name: string) => parameters[name]!;

  let x = graph.add(graph.gather(parameter("embedding"), tokens), parameter("position"));
  const normalised = graph.layerNorm(x, { gain: parameter("gain"), bias: parameter("bias") });
  const joint = graph.linear(normalised, parameter("attention"), parameter("attentionBias"));
  const [query, key, value] = graph.split(joint, [width, width, width], -1) as [Tensor, Tensor, Tensor];
  const later = Array.from({ length: length ** 2 }, (_, i) =>
    i % length > Math.floor(i / length) ? Number.NEGATIVE_INFINITY : 0,
  );
  const mask = graph.constant(later, [length, length]);
  x = graph.add(x, graph.attention({ query, key, value, mask }));
  const hidden = graph.gelu(graph.linear(x, parameter("wide"), parameter("wideBias")));
  x = graph.add(x, graph.linear(hidden, parameter("narrow"), parameter("narrowBias")));
  const logits = graph.matmul(x, parameter("embedding"), { transposeB: true });
  const loss = graph.negate(graph.mean(graph.pick(graph.logSoftmax(logits), targets)));

  graph.output("loss", loss);
  const values: Record<string, NamedValues[string]> = {
    tokens: integers((i) => (i * 7) % vocabulary),
    targets: integers((i) => (i * 5 + 1) % vocabulary),
    rate: { shape: [], data: Float32Array.of(0.01) },
  };
  for (const [name, gradient] of Object.entries(graph.gradients(loss, parameters))) {
    const momentum = graph.input(`momentum ${name}`, shapes[name]!);
    const next = graph.add(graph.multiply(momentum, 0.9), graph.multiply(gradient, 0.1));
    // The keys' biases have the derivative 0 but for rounding, which a smaller constant would blow up.
    const scale = graph.add(graph.sqrt(graph.square(gradient)), 1);
    graph.output(`momentum ${name}`, next);
    graph.output(name, graph.subtract(parameter(name), graph.multiply(graph.divide(next, scale), rate)));
    graph.output(`gradient ${name}`, gradient);
    values[name] = float32(`small step ${name}`, shapes[name]!);
    values[`momentum ${name}`] = float32(`small step momentum ${name}`, shapes[name]!);
  }
  return { graph, values };
}

function integers(entry: (index: number) => number) {
  return {
    shape: [batch, length],
    data: Int32Array.from({ length: batch * length }, (_, i) => entry(i)),
  };
}

function float32(name: string, shape: readonly number[]) {
  return { shape, data: Float32Array.from(normal(name, shape).data) };
}
