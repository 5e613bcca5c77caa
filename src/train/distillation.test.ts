import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  linearBatch,
  linearClass,
  linearProbabilities,
  linearSequences,
  linearSizes,
  linearTokenGradient,
} from "../../test/linear-class.ts";
import { type Arrays, largestDifference, trajectory } from "../../test/trajectory.ts";
import {
  type Executor,
  float64Executor,
  Graph,
  type NamedValues,
  onnxruntimeExecutor,
} from "../tensor/index.ts";
import { batchOf } from "./batch.ts";
import {
  stepDivergence,
  stepDivergenceLowerBound,
  type TeacherForm,
  teacherInput,
  truncatedLoss,
  truncationWeights,
} from "./distillation.ts";
import { modelTeacher, savedTeacher } from "./distillation-teacher.ts";
import { ruleByName } from "./rules/index.ts";

async function weightsOf(executor: Executor, rows: readonly (readonly number[])[], limit: number) {
  const shape = [rows.length, rows[0]!.length];
  const graph = new Graph();
  graph.output("alpha", truncationWeights(graph, graph.input("a", shape), limit));
  const program = await executor.compile(graph);
  const { alpha } = await program.run({ a: { shape, data: Float64Array.from(rows.flat()) } });
  await program.release();
  return rows.map((row, index) => [...alpha!.data.slice(index * row.length, (index + 1) * row.length)]);
}

/** The rule as the paper words it. */
function literalWeights(a: readonly number[], limit: number): number[] {
  let before = 0;
  return a.map((divergence) => {
    const after = before + divergence;
    const weight = after <= limit ? 1 : before > limit ? 0 : (limit - before) / divergence;
    before = after;
    return weight;
  });
}

let onnxruntime: Executor;
beforeAll(async () => {
  onnxruntime = await onnxruntimeExecutor();
});
afterAll(() => onnxruntime.release());

describe("the weights of truncation", () => {
  test("Σ α_h a_h = min(limit, Σ a_h), and every weight is the paper's", async () => {
    const divergence = fc.oneof(
      fc.constant(0),
      fc.double({ min: 1e-12, max: 1e-3, noNaN: true }),
      fc.double({ min: 0, max: 4, noNaN: true }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(divergence, { minLength: 1, maxLength: 30 }),
        fc.double({ min: 0.01, max: 10, noNaN: true }),
        async (a, limit) => {
          const [alpha] = await weightsOf(float64Executor(), [a], limit);
          const total = a.reduce((sum, value) => sum + value, 0);
          const reached = a.reduce((sum, value, h) => sum + value * alpha![h]!, 0);
          const expected = Math.min(limit, total);
          expect(Math.abs(reached - expected)).toBeLessThanOrEqual(
            1e-14 * a.length * Math.max(expected, limit),
          );
          literalWeights(a, limit).forEach((weight, h) => {
            // At the limit itself, rounding decides between neighbours that weigh the same divergence.
            expect(Math.abs(alpha![h]! - weight) * a[h]!).toBeLessThan(1e-13 * Math.max(1, limit));
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  const corners: readonly [string, readonly number[], number, readonly number[]][] = [
    ["never reached: all count", [0.5, 0.25, 0.125], 2, [1, 1, 1]],
    ["the limit inside the first step", [4, 1, 1], 1, [0.25, 0, 0]],
    ["steps without divergence before the limit count", [0, 0.5, 0, 0.5], 2, [1, 1, 1, 1]],
    ["steps without divergence after it do not", [1, 2, 0, 1], 2, [1, 0.5, 0, 0]],
    ["reached exactly at the end of a step", [1, 1, 0, 1], 2, [1, 1, 1, 0]],
    ["identical models: all count", [0, 0, 0], 1, [1, 1, 1]],
  ];
  // After [1, 2] the sum is 3 > 2, so the third weight is 0.
  test.each(corners)("%s", async (_, a, limit, expected) => {
    for (const executor of [float64Executor(), onnxruntime]) {
      expect(await weightsOf(executor, [a], limit)).toEqual([expected]);
    }
    expect(literalWeights(a, limit)).toEqual(expected);
  });

  test("rows are on their own", async () => {
    const rows = corners.slice(0, 2).map(([, a]) => a);
    expect(await weightsOf(float64Executor(), rows, 2)).toEqual(rows.map((a) => literalWeights(a, 2)));
  });

  test("divergences that rounding made negative count as none", async () => {
    expect(await weightsOf(float64Executor(), [[-1e-17, 1, 3]], 2)).toEqual([[1, 1, 1 / 3]]);
  });
});

describe("divergences of steps", () => {
  const distribution = (size: number) =>
    fc
      .array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: size, maxLength: size })
      .map((values) => {
        const total = values.reduce((sum, value) => sum + value, 0);
        return values.map((value) => value / total);
      });

  const run = async (
    executor: Executor,
    build: (graph: Graph) => ReturnType<Graph["exp"]>,
    values: NamedValues,
  ) => {
    const graph = new Graph();
    graph.output("a", build(graph));
    const program = await executor.compile(graph);
    const { a } = await program.run(values);
    await program.release();
    return a!.data[0]!;
  };

  const bound = (executor: Executor, teacher: readonly number[], student: readonly number[], top: number) => {
    const order = teacher.map((_, id) => id).sort((left, right) => teacher[right]! - teacher[left]!);
    const ids = order.slice(0, top);
    const others = order.slice(top).reduce((sum, id) => sum + teacher[id]!, 0);
    return run(
      executor,
      (graph) =>
        stepDivergenceLowerBound(graph, {
          ids: graph.input("ids", [1, 1, top], "int"),
          probabilities: graph.input("p", [1, 1, top]),
          remainder: graph.input("r", [1, 1]),
          student: graph.input("q", [1, 1, student.length]),
        }),
      {
        ids: { shape: [1, 1, top], data: Int32Array.from(ids) },
        p: { shape: [1, 1, top], data: Float64Array.from(ids, (id) => teacher[id]!) },
        r: { shape: [1, 1], data: Float64Array.of(others) },
        q: { shape: [1, 1, student.length], data: Float64Array.from(student, Math.log) },
      },
    );
  };
  const literal = (p: readonly number[], q: readonly number[]) =>
    p.reduce((sum, value, i) => sum + (value === 0 ? 0 : value * Math.log(value / q[i]!)), 0);

  test("are KL(teacher ‖ student), with tokens that the teacher never says", async () => {
    const teacher = [0.5, 0, 0.3, 0.2];
    const student = [0.1, 0.2, 0.3, 0.4];
    const shape = [1, 1, 4];
    const values = {
      p: { shape, data: Float64Array.from(teacher, Math.log) },
      q: { shape, data: Float64Array.from(student, Math.log) },
    };
    for (const executor of [float64Executor(), onnxruntime]) {
      const value = await run(
        executor,
        (graph) =>
          stepDivergence(graph, { teacher: graph.input("p", shape), student: graph.input("q", shape) }),
        values,
      );
      expect(value).toBeCloseTo(literal(teacher, student), executor === onnxruntime ? 6 : 14);
    }
  });

  test("from likely tokens and a remainder are at most the KL, and grow with the list up to it", async () => {
    await fc.assert(
      fc.asyncProperty(distribution(6), distribution(6), async (teacher, student) => {
        const full = literal(teacher, student);
        let before = 0;
        for (let top = 1; top <= 6; top++) {
          const value = await bound(float64Executor(), teacher, student, top);
          expect(value).toBeGreaterThanOrEqual(before - 1e-13);
          expect(value).toBeLessThanOrEqual(full + 1e-13);
          before = value;
        }
        expect(before).toBeCloseTo(full, 12);
      }),
      { numRuns: 40 },
    );
  });

  test("from likely tokens agree on onnxruntime", async () => {
    const teacher = [0.05, 0.6, 0.2, 0.1, 0.05];
    const student = [0.2, 0.2, 0.2, 0.2, 0.2];
    for (let top = 1; top <= 5; top++) {
      const exact = await bound(float64Executor(), teacher, student, top);
      expect(await bound(onnxruntime, teacher, student, top)).toBeCloseTo(exact, 6);
    }
  });
});

describe("truncated distillation on the linear class", () => {
  const batchSize = 4;
  const N = 3;
  const teacherTheta = [0.5, -0.3, 0.4, 0.2, -0.6];
  const start = [-0.2, 0.1, -0.4, 0.3, 0.2];
  const rate = 0.1;
  const radius = 1;
  const batchAt = (step: number) => linearSequences(`distillation ${step}`, batchSize);

  /** (24)–(26) word for word. */
  const expected = (limit: number): Arrays[] => {
    let theta = [...start];
    return Array.from({ length: 60 }, (_, index) => {
      const mean = theta.map(() => 0);
      for (const sequence of batchAt(index + 1)) {
        const divergences = sequence.phi.map((phi) => {
          const p = linearProbabilities(teacherTheta, phi);
          const q = linearProbabilities(theta, phi);
          return p.reduce((sum, value, token) => sum + value * Math.log(value / q[token]!), 0);
        });
        literalWeights(divergences, limit).forEach((weight, h) => {
          linearTokenGradient(theta, sequence, h).forEach((value, i) => {
            mean[i]! += (weight * value) / batchSize;
          });
        });
      }
      theta = theta.map((value, i) => value + rate * mean[i]!);
      const norm = Math.hypot(...theta);
      if (norm > radius) theta = theta.map((value) => (value * radius) / norm);
      return { theta: Float64Array.from(theta) };
    });
  };

  const problem = (teacher: TeacherForm, feeds: (step: number) => NamedValues, coverageN = N) => ({
    start: { theta: { shape: [5, 1], data: Float64Array.from(start) } },
    loss(graph: Graph, parameters: Parameters<typeof linearClass.forward>[1]) {
      const shape = { batch: batchSize, length: linearSizes.length };
      const { logits } = linearClass.forward(graph, parameters, linearClass.inputs(graph, shape));
      const targets = graph.input("targets", [shape.batch, shape.length], "int");
      const weights = graph.input("weights", [shape.batch, shape.length]);
      const logProbabilities = graph.pick(graph.logSoftmax(logits), targets);
      return truncatedLoss({ N: coverageN, teacher })(graph, { logProbabilities, logits, weights });
    },
    feeds,
  });

  const teacherRows = (step: number): number[] =>
    batchAt(step).flatMap((sequence) =>
      Array.from({ length: linearSizes.length }, (_, h) => {
        const phi = sequence.phi[h];
        return phi === undefined ? [0.25, 0.25, 0.25, 0.25] : linearProbabilities(teacherTheta, phi);
      }).flat(),
    );
  const shape = [batchSize, linearSizes.length, linearSizes.vocabulary];
  const full = (step: number): NamedValues => ({
    ...linearBatch(batchAt(step)),
    [teacherInput.logProbabilities]: { shape, data: Float64Array.from(teacherRows(step), Math.log) },
  });
  const listed = (step: number): NamedValues => ({
    ...linearBatch(batchAt(step)),
    [teacherInput.ids]: { shape, data: Int32Array.from(teacherRows(step), (_, i) => i % 4) },
    [teacherInput.probabilities]: { shape, data: Float64Array.from(teacherRows(step)) },
    [teacherInput.remainder]: {
      shape: shape.slice(0, 2),
      data: new Float64Array(batchSize * linearSizes.length),
    },
  });
  const rule = ruleByName("truncated-distillation", { learningRate: rate, radius, N, teacher: "folder" });

  test.each([
    ["full distributions", problem("full", full)],
    ["complete lists of tokens", problem({ top: 4 }, listed)],
  ])("60 steps with %s are the formula's", async (_, given) => {
    const run = (executor: Executor) =>
      trajectory(executor, { rule: rule.update, problem: given, steps: 60, learningRate: rate });
    expect(largestDifference(await run(float64Executor()), expected(Math.log(N)))).toBeLessThan(1e-12);
    expect(largestDifference(await run(onnxruntime), expected(Math.log(N)))).toBeLessThan(1e-5);
  });

  test("with a limit that is never reached it is SGD at sequence level, and N = 3 is not", () => {
    const never = expected(1e9);
    expect(largestDifference(expected(Math.log(N)), never)).toBeGreaterThan(0.01);
  });

  test("a teacher that is a model feeds its own log-probabilities", async () => {
    const teacher = modelTeacher({
      model: {
        ...linearClass,
        // Stands for a transformer, whose only input is tokens: features by token id, one-hot.
        inputs: (graph, size) => ({ tokens: graph.input("tokens", [size.batch, size.length], "int") }),
        forward(graph, { theta }, { tokens }) {
          const logits = graph.multiply(graph.oneHot(tokens!, 5), graph.reshape(theta!, [5]));
          return { logits, hidden: logits };
        },
      },
      parameters: { theta: { shape: [5, 1], data: Float64Array.from(teacherTheta) } },
      executor: float64Executor(),
    });
    const tokens = { shape: [1, 2], data: Int32Array.of(0, 3) };
    const none = { shape: [1, 2], data: new Float64Array(2) };
    const fed = await teacher.inputs(
      { length: 2, from: 0, tokens, targets: tokens, weights: none, responseTokens: 0 },
      [],
    );
    const row = (id: number) => {
      const powers = [0, 1, 2, 3, 4].map((token) => Math.exp(token === id ? teacherTheta[id]! : 0));
      const total = powers.reduce((sum, value) => sum + value, 0);
      return powers.map((value) => Math.log(value / total));
    };
    const values = [...fed[teacherInput.logProbabilities]!.data];
    [...row(0), ...row(3)].forEach((value, index) => {
      expect(values[index]).toBeCloseTo(value, 14);
    });
    const { data } = (
      await teacher.inputs(
        {
          length: 2,
          from: 1,
          tokens,
          targets: { shape: [1, 1], data: Int32Array.of(0) },
          weights: { shape: [1, 1], data: new Float64Array(1) },
          responseTokens: 0,
        },
        [],
      )
    )[teacherInput.logProbabilities]!;
    expect([...data]).toEqual(values.slice(5));
    await teacher.release();
  });
});

describe("saved distributions of a teacher", () => {
  const example = { tokens: Int32Array.of(7, 8, 1, 2), promptLength: 2 };
  const allocate = (size: number) => new Float64Array(size);
  const batch = batchOf([example], { length: 4, allocate });
  const teacher = (ids: number[], probabilities: number[], top = 2) =>
    savedTeacher({
      top: 3,
      vocabularySize: 9,
      executor: float64Executor(),
      tokensOf: () => ({ top, ids, probabilities }),
    });

  test("stand at the positions that predict response tokens, with what they lack as remainder", async () => {
    const fed = await teacher([1, 4, 2, 3], [0.5, 0.25, 0.75, 0.25]).inputs(batch, [example]);
    expect([...fed[teacherInput.ids]!.data]).toEqual([0, 0, 0, 1, 4, 0, 2, 3, 0, 0, 0, 0]);
    expect([...fed[teacherInput.probabilities]!.data]).toEqual([
      0, 0, 0, 0.5, 0.25, 0, 0.75, 0.25, 0, 0, 0, 0,
    ]);
    expect([...fed[teacherInput.remainder]!.data]).toEqual([0, 0.25, 0, 0]);
    const later = batchOf([example], { length: 4, from: 1, allocate });
    const less = await teacher([1, 4, 2, 3], [0.5, 0.25, 0.75, 0.25]).inputs(later, [example]);
    for (const [name, { shape, data }] of Object.entries(less)) {
      const whole = fed[name]!;
      expect([name, ...shape]).toEqual([name, 1, 3, ...whole.shape.slice(2)]);
      expect([...data]).toEqual([...whole.data].slice(whole.data.length / 4));
    }
  });

  test.each([
    ["another number of steps", [1, 4], [0.5, 0.25], "hold 1 steps, the response has 2 tokens"],
    [
      "a token outside the vocabulary",
      [1, 9, 2, 3],
      [0.5, 0.2, 0.5, 0.2],
      "name token 9, the vocabulary has 9",
    ],
    ["a token twice", [1, 1, 2, 3], [0.5, 0.2, 0.5, 0.2], "name token 1 twice"],
    ["no probability", [1, 4, 2, 3], [0.5, Number.NaN, 0.5, 0.2], "hold a probability of NaN"],
    ["too much", [1, 4, 2, 3], [0.5, 0.9, 0.5, 0.2], "add up to 1.4 at step 1"],
  ])("with %s are refused", async (_, ids, probabilities, message) => {
    await expect(teacher(ids, probabilities).inputs(batch, [example])).rejects.toMatchObject({
      name: "InputError",
      message: expect.stringContaining(message),
    });
  });
});
