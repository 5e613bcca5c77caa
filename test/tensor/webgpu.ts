/** Run in a process of its own, as the Vulkan driver is chosen by environment variables when a process starts. */
import { float64Executor, onnxruntimeExecutor } from "../../src/tensor/index.ts";
import { caseGraph, relativeError } from "./case-graph.ts";
import { operationCases, valuesOf } from "./operation-cases.ts";
import { smallStep } from "./small-step.ts";

const graphs =
  process.argv[2] === "all"
    ? operationCases.map((given) => ({
        title: given.title,
        graph: caseGraph(given),
        values: valuesOf(given),
      }))
    : [{ title: "training step", ...smallStep() }];
const executor = await onnxruntimeExecutor({ device: "webgpu" });
const errors: Record<string, number> = {};
for (const { title, graph, values } of graphs) {
  const expected = await (await float64Executor().compile(graph)).run(values);
  const program = await executor.compile(graph);
  const actual = await program.run(values);
  await program.release();
  const worst = Object.entries(actual).map(([name, { data }]) => relativeError(data, expected[name]!.data));
  errors[title] = worst.some(Number.isNaN) ? Number.NaN : Math.max(...worst);
}
process.stdout.write(JSON.stringify({ name: executor.name, errors }), () => process.exit(0));
