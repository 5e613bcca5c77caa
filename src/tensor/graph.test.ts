/** Graphs say what does not fit, share what is equal and leave out what nobody needs. */
import { expect, test } from "vitest";
import { normal } from "../../test/tensor/operation-cases.ts";
import { liveNodes } from "./builder.ts";
import { float64Executor, Graph } from "./index.ts";
import { onnxModel } from "./lowering.ts";

function withInputs() {
  const graph = new Graph();
  const tokens = graph.input("tokens", [2, 3], "int");
  const x = graph.input("x", [2, 3]);
  const w = graph.input("w", [4, 5]);
  return { graph, tokens, x, w };
}
type Given = ReturnType<typeof withInputs>;

test.each<[string, (given: Given) => unknown, RegExp]>([
  [
    "shapes that do not broadcast",
    ({ graph, x, w }) => graph.add(x, w),
    /^add\(x \[2, 3\], w \[4, 5\]\) is impossible: the shapes do not broadcast$/,
  ],
  [
    "an int beside a float",
    ({ graph, x, tokens }) => graph.multiply(x, tokens),
    /multiply\(x \[2, 3\], tokens int \[2, 3\]\) is impossible: .* one type/,
  ],
  [
    "the exponential of an int",
    ({ graph, tokens }) => graph.exp(tokens),
    /exp\(tokens int \[2, 3\]\) is impossible: .*float/,
  ],
  ["branches of two types", ({ graph, x, tokens }) => graph.where(x, x, tokens), /where\(.*one type/],
  [
    "columns that meet other rows",
    ({ graph, x, w }) => graph.matmul(x, w),
    /matmul\(x \[2, 3\], w \[4, 5\]\) is impossible: 3 columns meet 4 rows/,
  ],
  [
    "a product with a vector",
    ({ graph, x }) => graph.matmul(x, graph.input("v", [3])),
    /matmul\(x \[2, 3\], v \[3\]\).*two axes/,
  ],
  [
    "batches that do not broadcast",
    ({ graph }) => graph.matmul(graph.input("a", [2, 1, 1]), graph.input("b", [3, 1, 1])),
    /leading axes/,
  ],
  [
    "a bias of another width",
    ({ graph, w }) => graph.linear(graph.input("h", [7, 4]), w, graph.input("b", [4])),
    /linear\(.*h.* \[7, 4\], w \[4, 5\], b \[4\]\) is impossible/,
  ],
  [
    "a reshape to another size",
    ({ graph, x }) => graph.reshape(x, [4, -1]),
    /reshape\(x \[2, 3\]\) is impossible: 6 entries do not fill \[4, -1\]/,
  ],
  [
    "an order that is none",
    ({ graph, x }) => graph.transpose(x, [0, 0]),
    /transpose\(x \[2, 3\]\).*\[0, 0\]/,
  ],
  [
    "the transpose of a vector",
    ({ graph }) => graph.transpose(graph.input("v", [3])),
    /transpose\(v \[3\]\)/,
  ],
  [
    "an expansion that does not broadcast",
    ({ graph, x }) => graph.expand(x, [2, 6]),
    /expand\(x \[2, 3\]\).*\[2, 6\]/,
  ],
  [
    "an axis that is not there",
    ({ graph, x }) => graph.sum(x, { axes: [2] }),
    /sum\(x \[2, 3\]\) is impossible: axis is 2, must be an integer in -2 … 1/,
  ],
  ["an axis named twice", ({ graph, x }) => graph.mean(x, { axes: [1, -1] }), /mean\(x \[2, 3\]\).*twice/],
  [
    "sizes that do not fill the axis",
    ({ graph, x }) => graph.split(x, [1, 1], 1),
    /split\(x \[2, 3\]\).*\[1, 1\]/,
  ],
  [
    "parts that differ",
    ({ graph, x, w }) => graph.concat([x, w], 0),
    /concat\(x \[2, 3\], w \[4, 5\]\).*axis 0/,
  ],
  ["no parts", ({ graph }) => graph.concat([], 0), /parts is \[\]/],
  [
    "a range beyond the axis",
    ({ graph, x }) => graph.slice(x, { axis: 1, start: 1, end: 4 }),
    /slice\(x \[2, 3\]\).*1 … 4/,
  ],
  [
    "negative padding",
    ({ graph, x }) => graph.pad(x, { axis: 1, before: -1, after: 0 }),
    /pad\(x \[2, 3\]\).*-1/,
  ],
  ["float indices", ({ graph, x, w }) => graph.gather(w, x), /gather\(w \[4, 5\], x \[2, 3\]\).*int/],
  [
    "rows of no matrix",
    ({ graph, tokens }) => graph.gather(graph.input("v", [3]), tokens),
    /gather\(v \[3\], .*matrix/,
  ],
  [
    "an index for another row",
    ({ graph, tokens, w }) => graph.pick(w, tokens),
    /pick\(w \[4, 5\], tokens int \[2, 3\]\).*each row/,
  ],
  ["no depth", ({ graph, tokens }) => graph.oneHot(tokens, 0), /oneHot\(tokens int \[2, 3\]\).*depth is 0/],
  [
    "updates without an index each",
    ({ graph, x, tokens }) => graph.scatterAdd(x, tokens, 4),
    /scatterAdd\(x \[2, 3\], tokens/,
  ],
  [
    "softmax of a scalar",
    ({ graph }) => graph.softmax(graph.constant(1)),
    /softmax\(constant_0 \[\]\).*last axis/,
  ],
  [
    "a gain of another width",
    ({ graph, x }) => graph.layerNorm(x, { gain: graph.input("g", [2]), bias: graph.input("b", [3]) }),
    /layerNorm\(x \[2, 3\], g \[2\], b \[3\]\) is impossible: .*\[3\]/,
  ],
  ["values that do not fill a constant", ({ graph }) => graph.constant([1, 2], [3]), /is 2: must be 3/],
  ["a dimension of 0", ({ graph }) => graph.input("empty", [0]), /shape of empty is \[0\]: /],
  ["a name taken", ({ graph }) => graph.input("x", [1]), /name is x: /],
  [
    "an output taken",
    ({ graph, x }) => {
      graph.output("y", x);
      graph.output("y", x);
    },
    /name is "y": /,
  ],
  [
    "a tensor of another graph",
    ({ graph }) => graph.negate(withInputs().x),
    /negate is x \[2, 3\]: it belongs to another graph/,
  ],
  ["a loss that is no scalar", ({ graph, x }) => graph.gradients(x, { x }), /loss is x \[2, 3\]: /],
  [
    "a derivative by an int",
    ({ graph, x, tokens }) => graph.gradients(graph.sum(x), { tokens }),
    /parameter tokens is tokens int \[2, 3\]: /,
  ],
])("%s: refused with names and shapes", (_, build, message) => {
  expect(() => build(withInputs())).toThrow(RangeError);
  expect(() => build(withInputs())).toThrow(message);
});

test("equal nodes and equal constants are made once", () => {
  const { graph, x } = withInputs();
  expect(graph.exp(x)).toBe(graph.exp(x));
  expect(graph.sum(x, { axes: [-1] })).toBe(graph.sum(x, { axes: [1] }));
  expect(graph.sum(x, { axes: [1] })).not.toBe(graph.sum(x, { axes: [0] }));
  expect(graph.add(x, 0.5)).toBe(graph.add(x, 0.5));
  expect(graph.constant(new Float32Array(40), [40])).toBe(graph.constant(new Float64Array(40), [40]));
  expect(graph.constant(0)).not.toBe(graph.constant(-0));
  expect(graph.constant(1)).not.toBe(graph.constant(1, [], "int"));
});

test("nodes that no output needs are left out, and equal graphs encode to equal bytes", () => {
  const build = (extra: boolean): Graph => {
    const { graph, x } = withInputs();
    graph.output("y", graph.exp(x));
    if (extra) graph.gradients(graph.sum(graph.tanh(x)), { x });
    return graph;
  };
  expect(liveNodes(build(true)).map((node) => node.operation.name)).toEqual(["exp"]);
  expect(Buffer.from(onnxModel(build(true))).equals(onnxModel(build(false)))).toBe(true);
});

test("a parameter on which the loss does not depend has the derivative 0", async () => {
  const { graph, x, w } = withInputs();
  graph.output("gradient", graph.gradients(graph.sum(x), { w }).w);
  const executor = float64Executor();
  const program = await executor.compile(graph);
  const tokens = executor.allocate([2, 3], "int");
  const { gradient } = await program.run({
    x: executor.allocate([2, 3]),
    w: executor.allocate([4, 5]),
    tokens,
  });
  expect([...gradient!.data]).toEqual(new Array(20).fill(0));
});

test("a branch that is not taken has the derivative 0 even if it is infinite", async () => {
  const graph = new Graph();
  const x = graph.input("x", [2]);
  const safe = graph.where(graph.greater(x, 0), graph.log(x), 0);
  graph.output("gradient", graph.gradients(graph.sum(safe), { x }).x);
  const program = await float64Executor().compile(graph);
  const { gradient } = await program.run({ x: { shape: [2], data: Float64Array.of(4, -1) } });
  expect([...gradient!.data].map(Math.abs)).toEqual([0.25, 0]);
});

test("the log-softmax of an impossible entry is −∞, and the derivatives of the others are finite", async () => {
  const graph = new Graph();
  const x = graph.input("x", [3]);
  const y = graph.logSoftmax(graph.add(x, graph.constant([0, Number.NEGATIVE_INFINITY, 0], [3])));
  graph.output("y", y);
  graph.output(
    "gradient",
    graph.gradients(graph.sum(graph.slice(y, { axis: 0, start: 0, end: 1 })), { x }).x,
  );
  const program = await float64Executor().compile(graph);
  const { y: values, gradient } = await program.run({ x: { shape: [3], data: Float64Array.of(0, 5, 0) } });
  expect([...values!.data]).toEqual([-Math.log(2), Number.NEGATIVE_INFINITY, -Math.log(2)]);
  expect([...gradient!.data]).toEqual([0.5, 0, -0.5]);
});

test("causal attention in blocks and its derivatives equal attention under the whole mask", async () => {
  for (const length of [1, 50, 97, 200]) {
    const graph = new Graph();
    const inputs = {
      query: graph.input("query", [length, 2]),
      key: graph.input("key", [length, 2]),
      value: graph.input("value", [length, 3]),
    };
    const later = Array.from({ length: length ** 2 }, (_, i) =>
      i % length > Math.floor(i / length) ? Number.NEGATIVE_INFINITY : 0,
    );
    const results = [
      graph.causalAttention(inputs),
      graph.attention({ ...inputs, mask: graph.constant(later, [length, length]) }),
    ].map((result) => {
      const gradients = graph.gradients(graph.sum(graph.square(result)), inputs);
      return [result, ...Object.values(gradients)];
    });
    results[0]!.forEach((tensor, i) => {
      const difference = graph.subtract(tensor, results[1]![i]!);
      graph.output(`difference ${i}`, graph.max(graph.abs(difference)));
    });
    const values = Object.fromEntries(
      [...graph.inputs].map(([name, { shape }]) => [name, normal(name, shape)]),
    );
    const differences = await (await float64Executor().compile(graph)).run(values);
    for (const { data } of Object.values(differences)) expect(data[0]).toBeLessThan(1e-13);
  }
});
