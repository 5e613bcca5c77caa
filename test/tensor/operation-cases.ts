/** One or more uses of every operation, with seeded inputs at which it is smooth. */
import { randomGenerator } from "../../src/numeric/index.ts";
import type { Graph, NamedValues, Shape, Tensor, TensorValue } from "../../src/tensor/index.ts";
import { shapeSize } from "../../src/tensor/index.ts";

export interface OperationCase {
  readonly title: string;
  /** Method of Graph. */
  readonly method: string;
  /** Float inputs by name; the derivative is taken by each. */
  readonly floats: Readonly<Record<string, TensorValue>>;
  readonly integers: Readonly<Record<string, TensorValue>>;
  readonly build: (graph: Graph, inputs: Readonly<Record<string, Tensor>>) => Tensor | readonly Tensor[];
}

type Values = Readonly<Record<string, TensorValue>>;

/** Standard normal entries, moved away from 0 by `gap` so that kinks lie elsewhere. */
export function normal(name: string, shape: Shape, gap = 0): TensorValue {
  const random = randomGenerator(`operation case ${name} ${shape}`);
  const entry = (): number => {
    const value = random.normal();
    return value + Math.sign(value) * gap;
  };
  return { shape, data: Float64Array.from({ length: shapeSize(shape) }, entry) };
}

const positive = (name: string, shape: Shape): TensorValue => ({
  shape,
  data: Float64Array.from(normal(name, shape).data, (value) => 0.3 + Math.abs(value)),
});

const integers = (shape: Shape, values: readonly number[]): TensorValue => ({
  shape,
  data: Int32Array.from(values),
});

export const operationCases: OperationCase[] = [];

function declare(
  method: string,
  floats: Values,
  build: OperationCase["build"],
  options: { readonly of?: string; readonly integers?: Values } = {},
): void {
  const shapes = Object.values(floats).map(({ shape }) => `[${shape.join(", ")}]`);
  operationCases.push({
    title: `${method} of ${options.of ?? shapes.join(" and ")}`,
    method,
    floats,
    integers: options.integers ?? {},
    build,
  });
}

for (const method of ["add", "subtract", "multiply", "divide", "maximum", "minimum"] as const) {
  for (const [left, right] of [
    [
      [2, 3],
      [2, 3],
    ],
    [[2, 3], []],
    [[], [2, 3]],
    [
      [4, 1, 3],
      [2, 1],
    ],
    [[3], [2, 3]],
    [[1, 1], [5]],
  ] as [Shape, Shape][]) {
    const floats = { a: normal("left", left), b: normal("right", right, 0.5) };
    declare(method, floats, (graph, { a, b }) => graph[method](a!, b!));
  }
  declare(method, { a: normal("left", [4], 0.5) }, (graph, { a }) => graph[method](2.5, a!), {
    of: "a number and [4]",
  });
}

for (const method of ["greater", "less", "equal"] as const) {
  const floats = { a: normal("compared", [3, 4], 0.1), b: normal("scaled", [3, 4]) };
  declare(method, floats, (graph, { a, b }) => graph.multiply(graph[method](a!, 0), b!));
}
declare(
  "where",
  { a: normal("where a", [2, 1]), b: normal("where b", [3]), c: normal("condition", [2, 3], 0.1) },
  (graph, { a, b, c }) => graph.where(graph.greater(c!, 0), a!, b!),
);
declare("where", { a: normal("where a", [4]) }, (graph, { a, chosen }) => graph.where(chosen!, a!, 3), {
  of: "an int condition",
  integers: { chosen: integers([4], [1, 0, 7, 0]) },
});
declare(
  "where",
  { x: positive("log or not", [4]) },
  (graph, { x }) => {
    const beyond = graph.subtract(x!, 10);
    return graph.where(graph.greater(beyond, 0), graph.log(beyond), x!);
  },
  { of: "a branch that is NaN" },
);

for (const method of ["negate", "exp", "tanh", "sigmoid", "softplus", "square", "gelu"] as const) {
  declare(method, { x: normal(method, [3, 5]) }, (graph, { x }) => graph[method](x!));
}
declare(
  "gelu",
  { x: { shape: [9], data: Float64Array.of(0, 1e-9, -1e-4, 12, -12, 5, -5, 90, -90) } },
  (graph, { x }) => graph.gelu(x!),
  {
    of: "small and large entries",
  },
);
for (const method of ["log", "sqrt"] as const) {
  declare(method, { x: positive(method, [3, 5]) }, (graph, { x }) => graph[method](x!));
}
for (const method of ["abs", "sign"] as const) {
  const floats = { x: normal(method, [7], 0.1) };
  declare(method, floats, (graph, { x }) => graph.multiply(graph[method](x!), x!));
}

for (const transposeA of [false, true]) {
  for (const transposeB of [false, true]) {
    const turned = (shape: readonly number[], turn: boolean): Shape =>
      turn ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;
    for (const [left, right] of [
      [
        [2, 3],
        [3, 4],
      ],
      [
        [5, 2, 3],
        [5, 3, 4],
      ],
      [
        [5, 2, 3],
        [3, 4],
      ],
      [
        [2, 3],
        [5, 3, 4],
      ],
      [
        [2, 1, 2, 3],
        [4, 3, 2],
      ],
    ] as [Shape, Shape][]) {
      const floats = {
        a: normal("matmul a", turned(left, transposeA)),
        b: normal("matmul b", turned(right, transposeB)),
      };
      declare("matmul", floats, (graph, { a, b }) =>
        graph.matmul(a!, b!, { transposeA, transposeB, scale: 0.7 }),
      );
    }
  }
}
declare("matmul", { a: normal("plain a", [3, 2]), b: normal("plain b", [2, 3]) }, (graph, { a, b }) =>
  graph.matmul(a!, b!),
);
for (const rows of [[4], [2, 3], []] as Shape[]) {
  declare(
    "linear",
    { x: normal("linear x", [...rows, 3]), w: normal("linear w", [3, 2]), b: normal("linear b", [2]) },
    (graph, { x, w, b }) => graph.linear(x!, w!, b!),
  );
}

for (const masked of [false, true]) {
  declare(
    "attention",
    {
      query: normal("query", [2, 3, 4]),
      key: normal("key", [2, 5, 4]),
      value: normal("value", [2, 5, 2]),
      ...(masked ? { mask: normal("mask", [3, 5]) } : {}),
    },
    (graph, { query, key, value, mask }) =>
      graph.attention({
        query: query!,
        key: key!,
        value: value!,
        ...(mask === undefined ? { scale: 0.7 } : { mask }),
      }),
  );
}
declare(
  "attention",
  { x: normal("causal", [2, 2, 3, 4]) },
  (graph, { x }) => {
    const none = Number.NEGATIVE_INFINITY;
    const mask = graph.constant([0, none, none, 0, 0, none, 0, 0, 0], [3, 3]);
    return graph.attention({ query: x!, key: x!, value: x!, mask });
  },
  { of: "a causal mask" },
);

for (const length of [3, 97]) {
  declare(
    "causalAttention",
    {
      query: normal("query", [length, 2]),
      key: normal("key", [length, 2]),
      value: normal("value", [length, 1]),
    },
    (graph, { query, key, value }) => graph.causalAttention({ query: query!, key: key!, value: value! }),
  );
}

declare("reshape", { x: normal("reshape", [2, 6]) }, (graph, { x }) => graph.reshape(x!, [3, -1]));
declare("transpose", { x: normal("transpose", [2, 3, 4]) }, (graph, { x }) => graph.transpose(x!, [2, 0, 1]));
declare("transpose", { x: normal("transpose", [2, 3, 4]) }, (graph, { x }) => graph.transpose(x!), {
  of: "the last two axes",
});
declare("expand", { x: normal("expand", [3, 1]) }, (graph, { x }) => graph.expand(x!, [2, 3, 4]));
declare("expand", { x: normal("expand", []) }, (graph, { x }) => graph.expand(x!, [2, 3]));
declare("split", { x: normal("split", [2, 6]) }, (graph, { x }) => graph.split(x!, [1, 3, 2], 1));
declare("split", { x: normal("split", [5, 2]) }, (graph, { x }) => graph.split(x!, [2, 3], 0)[1]!, {
  of: "[5, 2], of which one part is used",
});
declare("concat", { a: normal("concat a", [2, 3]), b: normal("concat b", [2, 1]) }, (graph, { a, b }) =>
  graph.concat([a!, b!, a!], -1),
);
declare("slice", { x: normal("slice", [3, 5]) }, (graph, { x }) =>
  graph.slice(x!, { axis: 1, start: 1, end: 4 }),
);
declare("pad", { x: normal("pad", [2, 3, 2]) }, (graph, { x }) =>
  graph.pad(x!, { axis: 1, before: 1, after: 2 }),
);

for (const method of ["sum", "mean", "max", "logSumExp"] as const) {
  for (const options of [{}, { axes: [1] }, { axes: [0, -1], keep: true }, { axes: [1, 2] }]) {
    declare(method, { x: normal(method, [2, 3, 4]) }, (graph, { x }) => graph[method](x!, options), {
      of: `[2, 3, 4] by ${JSON.stringify(options)}`,
    });
  }
}
for (const exclusive of [false, true]) {
  for (const reverse of [false, true]) {
    const options = { axis: 1, exclusive, reverse };
    declare(
      "cumulativeSum",
      { x: normal("cumulative", [2, 4, 3]) },
      (graph, { x }) => graph.cumulativeSum(x!, options),
      { of: `[2, 4, 3] by ${JSON.stringify(options)}` },
    );
  }
}

for (const method of ["softmax", "logSoftmax"] as const) {
  declare(method, { x: normal(method, [2, 3, 5]) }, (graph, { x }) => graph[method](x!));
  const mask = [
    0,
    Number.NEGATIVE_INFINITY,
    0,
    0,
    0,
    0,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
  ];
  declare(
    method,
    { x: normal(method, [2, 3, 3]) },
    (graph, { x }) => {
      const masked = graph.add(x!, graph.constant(mask, [3, 3]));
      const open = graph.equal(graph.constant(mask, [3, 3]), 0);
      return graph.where(open, graph[method](masked), 0);
    },
    { of: "a row with entries −∞" },
  );
  declare(method, { x: normal(method, [2, 4]) }, (graph, { x }) => graph[method](graph.multiply(x!, 300)), {
    of: "large entries",
  });
}
declare(
  "layerNorm",
  { x: normal("layerNorm", [2, 3, 8]), gain: normal("gain", [8]), bias: normal("bias", [8]) },
  (graph, { x, gain, bias }) => graph.layerNorm(x!, { gain: gain!, bias: bias! }),
);
declare(
  "layerNorm",
  { x: normal("layerNorm", [4, 5]), gain: normal("gain", [5]), bias: normal("bias", [5]) },
  (graph, { x, gain, bias }) => graph.layerNorm(x!, { gain: gain!, bias: bias!, epsilon: 0.1 }),
  { of: "[4, 5] with epsilon 0.1" },
);
declare("standardise", { x: normal("standardise", [2, 3, 8]) }, (graph, { x }) => graph.standardise(x!));
declare("standardise", { x: normal("standardise", [4, 5]) }, (graph, { x }) => graph.standardise(x!, 0.1), {
  of: "[4, 5] with epsilon 0.1",
});

declare("gather", { x: normal("gather", [4, 3]) }, (graph, { x, indices }) => graph.gather(x!, indices!), {
  integers: { indices: integers([2, 3], [1, 0, 3, 1, 1, 3]) },
});
declare("gather", { x: normal("gather", [1500, 2]) }, (graph, { x, indices }) => graph.gather(x!, indices!), {
  of: "a row of a large vocabulary",
  integers: { indices: integers([3], [1499, 7, 1499]) },
});
declare(
  "scatterAdd",
  { x: normal("scatterAdd", [4, 2]) },
  (graph, { x, indices }) => graph.scatterAdd(x!, indices!, 3),
  { integers: { indices: integers([4], [2, 0, 2, 2]) } },
);
declare(
  "oneHot",
  { x: normal("oneHot", [3, 4]) },
  (graph, { x, indices }) => graph.multiply(x!, graph.oneHot(indices!, 4)),
  { integers: { indices: integers([3], [3, 0, -1]) } },
);
declare("pick", { x: normal("pick", [2, 3, 4]) }, (graph, { x, indices }) => graph.pick(x!, indices!), {
  integers: { indices: integers([2, 3], [3, 0, 1, 2, 2, 0]) },
});
declare("cast", { x: normal("cast", [5]) }, (graph, { x }) =>
  graph.multiply(x!, graph.cast(graph.cast(graph.multiply(x!, 3), "int"), "float")),
);
declare("stopGradient", { x: normal("stopGradient", [5]) }, (graph, { x }) => graph.stopGradient(x!));

export function valuesOf(given: OperationCase): NamedValues {
  return { ...given.floats, ...given.integers };
}
